// For a server that keeps what was said: where this tab goes on after a reconnect, and what is still
// to be acknowledged.

import { Outbox } from "./outbox.js";

const AGAIN = 2000; // milliseconds after an error

const object = (data) => {
  try {
    const value = JSON.parse(data);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
};

/**
 * Sends through `socket`, a ReconnectingSocket, and keeps what is not acknowledged. `onChange` is
 * given the number of messages that wait, and the error that came last.
 */
export class History {
  constructor(socket, roomName, onChange) {
    this.socket = socket;
    this.outbox = new Outbox(roomName);
    this.onChange = onChange;
    this.lastId = 0;
    const url = socket.url;
    socket.addEventListener("opened", () => this.sendAll());
    socket.addEventListener("received", ({ detail }) => this.hear(object(detail.data)));
    // A reconnect says what this tab has: only the first connection asks for the latest.
    socket.addEventListener("closed", () => {
      clearTimeout(this.timer);
      if (this.lastId) socket.url = `${url}?after=${this.lastId}`;
    });
  }

  say(message, author) {
    const frame = this.outbox.add(message, author);
    if (this.socket.isOpen) this.socket.send(JSON.stringify(frame));
    this.onChange(this.outbox.waiting.length);
  }

  sendAll() {
    for (const frame of this.outbox.waiting) this.socket.send(JSON.stringify(frame));
    this.onChange(this.outbox.waiting.length);
  }

  hear({ id, client_id, message, error }) {
    if (Number.isInteger(id) && message !== undefined) this.lastId = Math.max(this.lastId, id);
    if (client_id === undefined) return;
    if (error === undefined) {
      this.outbox.acknowledge(client_id);
    } else {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.socket.isOpen && this.sendAll(), AGAIN);
    }
    this.onChange(this.outbox.waiting.length, error);
  }
}
