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
  article.querySelector("button").addEventListener("click", async (event) => {
    for (const button of buttons) button.disabled = true;
    result.textContent = "";
    const start = performance.now();
    heart.mark(article.dataset.view, start);
    chart.begin(start);
    const answers = await askEight(article.dataset.view, (answer) => chart.answered(answer));
    chart.end();
    await heart.beat(1000); // only the next beat tells how long the pause was
    result.textContent = summary(answers, heart.longestPause(start));
    for (const button of buttons) button.disabled = false;
    event.target.closest("button").focus();
  });
}

function summary(answers, pause) {
  const failed = answers.filter((answer) => answer.error);
  if (failed.length) return `${failed.length} of 8 got no answer: ${failed[0].error}`;
  const last = Math.max(...answers.map((answer) => answer.seconds));
  const together = Math.max(...answers.map((answer) => answer.waiting_together));
  return `All answered after ${last.toFixed(1)} s. ${together} waited together. `
    + `Longest pause of the heartbeat: ${pause.toFixed(1)} s.`;
}
