// Connects a deck to the room. slides/theme/deck.js, which runs before it, has the presentation, the
// speaker's two frames, and the keys that do the same in all of them: day, KEYS, act, sections,
// countdownOf, leftOf, keep and isSpeakers are its own.
//
//     a slide with a question   opens its poll on every phone when it is shown for the first time
//     C                         closes the poll and shows how many chose what; again: asks once more
//     leaving that slide        puts the poll away
//     an exercise's slide       is the room's exercise, and its countdown that of every page
//
// Only the presentation tells the room anything. All windows show what the room says.

import { connect } from "./connection.js";

const MINUTE = 60_000; // ms
let room = null; // the newest state of the screen

/** The question of a slide, as a poll, or null. */
function questionOf(section) {
  const slide = section.querySelector(".slide.question");
  if (!slide) return null;
  const choices = [...slide.querySelectorAll("ol > li")].map((one) => one.textContent.trim());
  return { question: slide.querySelector("h2, h1").textContent.trim(), choices };
}

const questions = sections.map(questionOf);
const exercises = sections.map((section) => section.querySelector(".task[data-step]")?.dataset.step);
const isOf = (poll, question) => Boolean(poll && question) && poll.question === question.question;

// What is shown, in every window

function note(section) {
  const slide = section.querySelector(".slide");
  let found = slide.querySelector(".room");
  if (!found) {
    found = document.createElement("p");
    found.className = "room";
    found.setAttribute("role", "status");
    slide.append(found);
  }
  return found;
}

const people = (count, one, more) => (count === 1 ? `1 ${one}` : `${count} ${more}`);

function showQuestion(section, question) {
  const poll = isOf(room.poll, question) ? room.poll : null;
  const most = Math.max(1, ...(poll?.counts ?? []));
  for (const [number, item] of section.querySelectorAll(".slide.question ol > li").entries()) {
    if (poll?.counts) {
      item.dataset.count = poll.counts[number];
      item.style.setProperty("--share", poll.counts[number] / most);
    } else delete item.dataset.count;
  }
  const words = poll && people(poll.answers, "answer", "answers");
  note(section).textContent = !poll ? "" : poll.open ? `${words} so far` : `Closed, with ${words}`;
}

function show() {
  if (!room) return;
  for (const [number, section] of sections.entries()) {
    if (questions[number]) showQuestion(section, questions[number]);
    if (exercises[number]) {
      const isNow = room.step === exercises[number];
      note(section).textContent = isNow ? `${room.done} of ${room.seats} have passed` : "";
    }
  }
}

// What the presentation tells the room

const board = isSpeakers ? null : connect("/ws/board/", { board_state() {} });

function ask(question) {
  if (!board.isOpen) return;
  day.asked = { ...day.asked, [question.question]: true };
  keep();
  board.ask({ type: "open_poll", ...question });
}

KEYS.C = (slide) => {
  const question = questions[slide];
  if (!question) return;
  if (isOf(room?.poll, question) && room.poll.open) board.ask({ type: "close_poll" });
  else ask(question);
};
Reveal.addKeyBinding(
  { keyCode: 67, key: "C", description: "Close the room's poll and show its result" },
  () => act("C", Reveal.getState().indexh),
);

let told = null; // of the exercise

/** The room's exercise is that of the slide, and its countdown too. */
function tellExercise(slide) {
  const step = exercises[slide];
  const countdown = step && countdownOf(slide);
  const now = step && JSON.stringify([step, countdown.end]);
  if (!step || countdown.over || now === told || !board.isOpen) return;
  const minutes = countdown.end === null ? 0 : leftOf(countdown) / MINUTE;
  board.ask({ type: "exercise", step, minutes });
  told = now;
}

function turned(slide, previous) {
  const isOurs = !room?.poll || isOf(room.poll, questions[previous]);
  if (questions[previous] && isOurs) board.ask({ type: "put_away_poll" });
  const question = questions[slide];
  if (question && !day.asked?.[question.question]) ask(question);
}

connect("/ws/screen/", {
  screen_state(newest) {
    room = newest;
    show();
  },
});

if (board) {
  board.addEventListener("opened", () => turned(Reveal.getState().indexh, -1));
  Reveal.on("slidechanged", ({ currentSlide, previousSlide }) =>
    turned(sections.indexOf(currentSlide), sections.indexOf(previousSlide)));
  setInterval(() => tellExercise(Reveal.getState().indexh), 250);
}
