// The chat room: the parts of the page, tied together.

import { History } from "./history.js";
import { Messages } from "./messages.js";
import { TabName, hueOf } from "./name.js";
import { showPeople } from "./people.js";
import { ReconnectingSocket } from "./socket.js";
import { showStatus } from "./status.js";
import { showWire } from "./wire.js";

const byId = (id) => document.getElementById(id);

const roomName = JSON.parse(byId("room-name").textContent);
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const url = `${scheme}//${location.host}/ws/chat/${encodeURIComponent(roomName)}/`;
byId("url").textContent = url;

const socket = new ReconnectingSocket(url);
const messages = new Messages(document.querySelector(".messages"));

// Who this tab is: the heading, the color and the title. Whoever is logged in has a name already.
let unread = 0;
const { user } = document.body.dataset;
const tab = user === undefined ? new TabName(showName) : { value: user };
if (user !== undefined) showName(user);

function showName(name) {
  byId("tab-name").textContent = name;
  document.documentElement.style.setProperty("--hue", hueOf(name));
  showTitle();
}

function showTitle() {
  const count = unread ? `(${unread}) ` : "";
  document.title = `${count}${byId("tab-name").textContent} · ${roomName}`;
}

document.addEventListener("visibilitychange", () => {
  unread = 0;
  showTitle();
});

function rename(editing) {
  byId("rename-form").hidden = !editing;
  for (const part of [byId("rename"), byId("tab-name").parentElement]) part.hidden = editing;
}

if (user === undefined) {
  byId("rename").addEventListener("click", () => {
    byId("new-name").value = tab.value;
    rename(true);
    byId("new-name").select();
  });
  byId("rename-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = byId("new-name").value.trim();
    if (name) tab.set(name);
    rename(false);
    byId("text").focus();
  });
  byId("rename-form").addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    rename(false);
    byId("rename").focus();
  });
}

// A server that keeps what was said acknowledges each message; what it has not, is kept here.
const history =
  document.body.dataset.history !== undefined
    ? new History(socket, roomName, (waiting, error) => {
        byId("waiting").textContent = waiting
          ? `${waiting} not acknowledged yet. ${error ?? ""}`
          : "";
      })
    : null;

// What the server sends is shown. What the reader writes is sent, and not shown: if it appears
// among the messages, then because the server sent it back.
socket.addEventListener("received", ({ detail }) => {
  if (messages.show(detail.data) && document.hidden) {
    unread += 1;
    showTitle();
  }
});

byId("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("text");
  input.focus();
  byId("compose-problem").textContent = "";
  if (input.value === "") {
    byId("compose-problem").textContent = "Nothing to send yet: write a message first.";
  } else if (history) {
    history.say(input.value, tab.value);
    input.value = "";
  } else if (!socket.isOpen) {
    byId("compose-problem").textContent =
      "Not sent: the connection is not open. Your text stays here.";
  } else {
    socket.send(JSON.stringify({ message: input.value }));
    input.value = "";
  }
});
byId("text").addEventListener("input", () => {
  byId("compose-problem").textContent = "";
});

socket.addEventListener("opened", () => {
  byId("compose-problem").textContent = "";
  // The button to try now is about to go: whoever used it goes on at the input.
  if (document.activeElement === byId("try-now")) byId("text").focus();
});

if (user !== undefined) showPeople(byId("people"), socket, user);
showWire(byId("wire"), socket);
showStatus(byId("status"), socket, (text, kind) => messages.remark(text, kind));
socket.connect();
