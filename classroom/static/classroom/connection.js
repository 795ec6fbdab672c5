// What all pages of the classroom share: one socket, the schema of its messages, and the parts that
// show the same state everywhere.

import { element } from "../page/dom.js";
import { ReconnectingSocket } from "../page/socket.js";

export const byId = (id) => document.getElementById(id);

/** {"say": ["text", "client_id"], …}: what classroom/messages.py has, for this page. */
const FIELDS = JSON.parse(byId("fields").textContent);
const RELOADS = [4403, 4410]; // not let in, or left: the server has another page to show now

/** Throws for a message that the schema doesn't have: a mistake of ours, that a test should find. */
function checked(message) {
  const { type, ...fields } = message;
  const known = FIELDS[type];
  const wrong = known ? Object.keys(fields).filter((name) => !known.includes(name)) : [type];
  if (wrong.length) throw new TypeError(`not in the schema: ${wrong.join(", ")}`);
  return message;
}

// A form that leads to another page, such as the one to leave, is not to be overtaken by a reload.
let leaving = false;
document.addEventListener("submit", (event) => (leaving ||= !event.defaultPrevented));

/** The socket at `path`; `hear` has a function for each type of message. */
export function connect(path, hear) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new ReconnectingSocket(`${scheme}//${location.host}${path}`);
  const words = byId("connection");
  socket.addEventListener("opened", () => (words.textContent = "Connected"));
  socket.addEventListener("closed", ({ detail }) => {
    words.textContent = "Connection lost. It comes back by itself.";
    if (RELOADS.includes(detail.code) && !leaving) location.reload();
  });
  socket.addEventListener("received", ({ detail }) => {
    const message = checked(JSON.parse(detail.data));
    if (message.type === "refused") byId("refused").textContent = message.why;
    hear[message.type]?.(message);
  });
  socket.ask = (message) => {
    if (byId("refused")) byId("refused").textContent = "";
    if (socket.isOpen) socket.send(JSON.stringify(checked(message)));
    else if (byId("refused")) byId("refused").textContent = "Not sent: the connection is lost.";
  };
  socket.connect();
  return socket;
}

/** Calls `draw` with a value only when it is another one: what a reader has focused stays there. */
export function whenChanged(draw) {
  let before;
  return (value) => {
    const now = JSON.stringify(value);
    if (now !== before) draw(value);
    before = now;
  };
}

let ahead = 0; // of the server's clock, in seconds, to ours
let ends = null;

/** What a state says of the time. */
export function setClock(state) {
  ahead = state.now - Date.now() / 1000;
  ends = state.ends;
  tick();
}

export const serverNow = () => Date.now() / 1000 + ahead;

function tick() {
  const left = ends === null ? null : Math.ceil(ends - serverNow());
  const minutes = Math.floor(Math.max(0, left) / 60);
  const seconds = String(Math.max(0, left) % 60).padStart(2, "0");
  const words = left === null ? "" : left > 0 ? `${minutes}:${seconds}` : "Time is up";
  const shown = byId("countdown"); // a deck has its own
  if (shown && shown.textContent !== words) shown.textContent = words;
}
setInterval(tick, 250);

/**
 * Shows a poll in the section "poll". With `choose`, each choice of an open one is a button, and
 * `answer` is the one that is pressed.
 */
export function drawPoll({ poll, answer = null }, choose) {
  byId("poll").hidden = !poll;
  if (!poll) return;
  byId("poll-question").textContent = poll.question;
  const most = Math.max(1, ...(poll.counts ?? []));
  byId("poll-choices").replaceChildren(
    ...poll.choices.map((text, number) => {
      if (poll.open && choose) {
        const button = element("button", "", text);
        button.type = "button";
        button.setAttribute("aria-pressed", String(number === answer));
        button.addEventListener("click", () => choose(number));
        return element("li", "", button);
      }
      const item = element("li", number === answer ? "own" : "", element("span", "text", text));
      if (poll.counts) {
        const bar = element("span", "bar");
        bar.style.width = `${(100 * poll.counts[number]) / most}%`;
        item.append(element("span", "count", String(poll.counts[number])), bar);
      }
      return item;
    }),
  );
  const people = poll.answers === 1 ? "1 answer" : `${poll.answers} answers`;
  byId("poll-note").textContent = poll.open ? `${people} so far` : `Closed, with ${people}`;
}
