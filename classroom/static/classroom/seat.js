// The page of a seat.

import { Messages } from "../page/messages.js";
import { Outbox } from "../page/outbox.js";
import { byId, connect, drawPoll, setClock, whenChanged } from "./connection.js";

const PATH = "/ws/seat/";
const messages = new Messages(document.querySelector(".messages"));
const outbox = new Outbox("classroom");
let lastId = 0;
let raised = null;

const showPoll = whenChanged((state) => drawPoll(state, (choice) =>
  socket.ask({ type: "answer", poll: state.poll.id, choice })));

const socket = connect(PATH, {
  seat_state(state) {
    document.documentElement.style.setProperty("--hue", state.hue);
    byId("who").textContent = state.name ? `${state.name}, ${state.label}` : state.label;
    document.title = `${state.label} · classroom`;
    raised = state.raised;
    for (const kind of ["stuck", "done"]) {
      byId(kind).setAttribute("aria-pressed", String(kind === raised));
    }
    byId("exercise").hidden = !state.step;
    byId("exercise-title").textContent = `Exercise: ${state.step}`;
    setClock(state);
    showPoll({ poll: state.poll, answer: state.answer });
  },
  said({ lines }) {
    for (const { id, message, author, created } of lines) {
      if (id <= lastId) continue;
      lastId = id;
      messages.show(JSON.stringify({ message, author, created }));
    }
    socket.url = socket.url.replace(/(\?.*)?$/, `?after=${lastId}`); // where a reconnect goes on
  },
  stored({ client_id }) {
    outbox.acknowledge(client_id);
    showWaiting();
  },
});

function showWaiting() {
  const waiting = outbox.waiting.length;
  byId("waiting").textContent = waiting ? `${waiting} not sent yet` : "";
}

function send({ message, client_id }) {
  if (socket.isOpen) socket.ask({ type: "say", text: message, client_id });
}

// What was said during an outage is sent again, under the same client_id, and stored once.
socket.addEventListener("opened", () => outbox.waiting.forEach(send));

byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("text").value.trim();
  if (!text) return;
  send(outbox.add(text, ""));
  byId("text").value = "";
  showWaiting();
});

for (const kind of ["stuck", "done"]) {
  byId(kind).addEventListener("click", () =>
    socket.ask(raised === kind ? { type: "lower" } : { type: "raise", kind }));
}

byId("rename").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.ask({ type: "rename", name: byId("name").value.trim() });
});
