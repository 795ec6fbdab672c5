// What this tab has said and the server has not acknowledged yet. It is kept, and sent again after
// every reconnect, under the same client_id: so the server can tell it from something new.

const KEY = "outbox";

/** The frames to send, oldest first, kept until the tab is closed: a reload loses none. */
export class Outbox {
  constructor(roomName) {
    this.key = `${KEY} ${roomName}`;
    this.waiting = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
  }

  /** Keeps a message, and returns its frame: {message, author, client_id}. */
  add(message, author) {
    // Not crypto.randomUUID(): it is missing on pages that came over plain HTTP from another host.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const client_id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const frame = { message, author, client_id };
    this.keep([...this.waiting, frame]);
    return frame;
  }

  /** The server has it. */
  acknowledge(client_id) {
    this.keep(this.waiting.filter((frame) => frame.client_id !== client_id));
  }

  keep(waiting) {
    this.waiting = waiting;
    sessionStorage.setItem(this.key, JSON.stringify(waiting));
  }
}
