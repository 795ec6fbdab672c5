// Three buttons, one heart. Each button lets eight browsers ask one view.

import { askEight } from "./ask.js";
import { Chart } from "./chart.js";
import { Heart } from "./heart.js";

const seconds = Number(document.body.dataset.seconds);
const heart = new Heart(document.querySelector("#trace"), document.querySelector("#state"));
const buttons = document.querySelectorAll("article button");

for (const article of document.querySelectorAll("article")) {
  const chart = new Chart(article.querySelector("ol"), 8 * seconds + 1);
  const result = article.querySelector(".result");
  expect(result);
  article.querySelector("button").addEventListener("click", async (event) => {
    for (const button of buttons) button.disabled = true;
    expect(result);
    const start = performance.now();
    heart.mark(article.dataset.view, start);
    chart.begin(start);
    const answers = await askEight(article.dataset.view, (answer) => chart.answered(answer));
    chart.end();
    await heart.beat(1000); // only the next beat tells how long the pause was
    result.classList.remove("expected");
    result.replaceChildren(...figures(answers, heart.longestPause(start)));
    for (const button of buttons) button.disabled = false;
    // Back to the button, but the page stays where its reader has scrolled to.
    event.target.closest("button").focus({ preventScroll: true });
  });
}

/** The result, as one line for each figure. */
function figures(answers, pause) {
  const failed = answers.filter((answer) => answer.error);
  if (failed.length) return [line(`${failed.length} of 8`, `without an answer: ${failed[0].error}`)];
  const last = Math.max(...answers.map((answer) => answer.seconds));
  const together = Math.max(...answers.map((answer) => answer.waiting_together));
  return lines(last.toFixed(1), together, pause.toFixed(1));
}

/** Takes the room that the figures will need. */
function expect(result) {
  result.classList.add("expected");
  result.replaceChildren(...lines("–", "–", "–"));
  result.style.minHeight = "";
  result.style.minHeight = `${result.offsetHeight}px`; // also for an error, which is shorter
}

function lines(last, together, pause) {
  return [
    line(`${last} s`, "until all eight were answered"),
    line(`${together} of 8`, "waited at the same moment"),
    line(`${pause} s`, "longest pause of the heartbeat"),
  ];
}

function line(figure, words) {
  const paragraph = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = figure;
  paragraph.append(strong, ` ${words}`);
  return paragraph;
}
