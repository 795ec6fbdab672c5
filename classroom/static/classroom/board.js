// The instructor's board.

import { element } from "../page/dom.js";
import { byId, connect, drawPoll, serverNow, setClock, whenChanged } from "./connection.js";

const SILENT = 5 * 60; // seconds
const seats = new Map(); // id: as the newest state that had it
const drawn = new Map(); // id: { seat, row }, as it is shown

const nameOf = (seat) => (seat.name ? `${seat.name}, ${seat.label}` : seat.label);
const minutesSince = (moment) => Math.max(0, Math.floor((serverNow() - moment) / 60));

function button(text, act) {
  const made = element("button", "ghost", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function dot(hue) {
  const made = element("span", "dot");
  made.style.setProperty("--hue", hue);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** How far a seat is in a step: a mark for each check, and in words for screen readers. */
function cell(standing, step) {
  if (!standing) return element("td", "nothing", element("span", "unseen", "not begun"));
  const passed = standing.passed.filter(Boolean).length;
  const words = standing.done ? "done" : `${passed} of ${standing.passed.length}`;
  const marks = element("span", "marks", standing.passed.map((one) => (one || standing.done ? "●" : "○")).join(""));
  marks.setAttribute("aria-hidden", "true");
  marks.title = step.checks.map((title, at) => `${standing.passed[at] ? "✓" : "·"} ${title}`).join("\n");
  const made = element("td", standing.done ? "done" : "", marks, element("span", "words", ` ${words}`));
  if (standing.diagnosis) made.append(element("code", "", standing.diagnosis));
  return made;
}

function rowOf(seat, begun) {
  const head = element("th", "", dot(seat.hue), ` ${nameOf(seat)}`);
  head.scope = "row";
  const standings = new Map(seat.standings.map((one) => [one.step, one]));
  const silent = element("td", "silence");
  silent.dataset.active = seat.active;
  return element("tr", "", head, ...begun.map((step) => cell(standings.get(step.step), step)), silent);
}

/** With other columns, every row is another one. */
const forgetRows = whenChanged(() => {
  byId("seats").replaceChildren();
  drawn.clear();
});

const showHeads = whenChanged((begun) => {
  byId("steps").replaceChildren(
    element("th", "", "Seat"),
    ...begun.map(({ step, done }) => element("th", "", `${step} · ${done} done`)),
    element("th", "", "Silent"),
  );
  for (const head of byId("steps").children) head.scope = "col";
});

function showSeats(begun) {
  showHeads(begun.map(({ step, done }) => ({ step, done })));
  forgetRows(begun.map(({ step }) => step));
  byId("seats-title").textContent = seats.size === 1 ? "1 seat" : `${seats.size} seats`;
  for (const [id, { row }] of drawn) {
    if (seats.has(id)) continue;
    row.remove();
    drawn.delete(id);
  }
  for (const seat of seats.values()) {
    const before = drawn.get(seat.id);
    if (before?.seat === seat) continue; // it has not changed
    const row = rowOf(seat, begun);
    if (before) before.row.replaceWith(row);
    else byId("seats").append(row);
    drawn.set(seat.id, { seat, row });
  }
}

const showHands = whenChanged((hands) => {
  const stuck = hands.filter((hand) => hand.kind === "stuck");
  const done = hands.length - stuck.length;
  const words = { 0: "Nobody has said “I’m done”.", 1: "One has said “I’m done”." };
  byId("nobody").textContent = `${stuck.length ? "" : "Nobody is stuck. "}${words[done] ?? `${done} have said “I’m done”.`}`;
  byId("hands").replaceChildren(
    ...stuck.map(({ seat, ...hand }) => {
      const since = element("span", "since quiet");
      since.dataset.since = hand.since;
      return element("li", "", dot(seat.hue), ` ${nameOf(seat)} `, since,
        button("Helped", () => socket.ask({ type: "lower", seat: seat.id })));
    }),
  );
});

const showShared = whenChanged(({ shared, shown }) => {
  byId("none").hidden = shared.length > 0;
  byId("shared").replaceChildren(
    ...shared.map((one) => {
      const isShown = one.id === shown;
      const item = element("li", "",
        element("p", "", element("strong", "", `${one.seats}: `), one.sentence),
        element("p", "quiet", element("code", "", one.id), ` · ${one.step}`));
      if (one.slide) item.append(element("p", "quiet", `Slide: ${one.slide}`));
      item.append(button(isShown ? "Remove from the screen" : "Put it on the screen", () =>
        socket.ask({ type: "show", diagnosis: isShown ? null : one.id })));
      return item;
    }),
  );
});

const showPoll = whenChanged((poll) => {
  drawPoll({ poll });
  byId("close-poll").hidden = !poll?.open;
  byId("ask").hidden = Boolean(poll);
});

const socket = connect("/ws/board/", {
  board_state(state) {
    state.seats.forEach((seat) => seats.set(seat.id, seat));
    state.left.forEach((id) => seats.delete(id));
    setClock(state);
    byId("exercise").textContent = state.step ? `Exercise: ${state.step}` : "No exercise";
    showSeats(state.steps.filter((step) => step.begun || step.step === state.step));
    showHands(state.hands.filter((hand) => seats.has(hand.seat)).map((hand) => {
      const { id, hue, name, label } = seats.get(hand.seat);
      return { ...hand, seat: { id, hue, name, label } };
    }));
    showShared({ shared: state.shared, shown: state.shown });
    showPoll(state.poll);
    showTimes();
  },
});

socket.addEventListener("opened", () => seats.clear()); // a new connection is told of all

/** What changes by itself, as time goes on. */
function showTimes() {
  for (const part of document.querySelectorAll("[data-since]")) {
    part.textContent = `for ${minutesSince(part.dataset.since)} min `;
  }
  for (const part of document.querySelectorAll("[data-active]")) {
    const isSilent = serverNow() - part.dataset.active >= SILENT;
    part.textContent = isSilent ? `${minutesSince(part.dataset.active)} min` : "";
  }
}
setInterval(showTimes, 5000);

byId("close-poll").addEventListener("click", () => socket.ask({ type: "close_poll" }));
byId("put-away").addEventListener("click", () => socket.ask({ type: "put_away_poll" }));

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const choices = byId("choices").value.split("\n").map((line) => line.trim()).filter(Boolean);
  socket.ask({ type: "open_poll", question: byId("question").value.trim(), choices });
});

byId("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.ask({ type: "exercise", step: byId("step").value, minutes: Number(byId("minutes").value) });
});
const setMinutes = () => (byId("minutes").value = byId("step").selectedOptions[0].dataset.minutes);
byId("step").addEventListener("change", setMinutes);
setMinutes();
