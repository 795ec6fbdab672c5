// The messages, drawn from nothing but what the server sends.

import { clock, element, textOf } from "./dom.js";
import { BoundedLog } from "./log.js";

const KEPT = 500;
const LONGEST_TEXT = 20000; // characters shown of one message

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * What a frame says: {message, labels} for an object with "message", where every other key is a
 * label; {notice} for one that has a "notice" instead, which is what the server itself says;
 * {error} for one that has an "error", which is what the server does not take;
 * {raw, note} for everything else. null for an answer to this tab alone, which has the client_id of
 * what it said, and for a list of people: they are on the wire, and no messages.
 */
export function read(data) {
  if (typeof data !== "string") {
    return { raw: `${data.size} bytes`, note: "not a JSON object: a binary frame" };
  }
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    return { raw: data, note: "not a JSON object" };
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return { raw: data, note: "not a JSON object" };
  }
  if (!Object.hasOwn(value, "message")) {
    if (Object.hasOwn(value, "client_id")) return null;
    if (Array.isArray(value.people)) return null;
    if (Object.hasOwn(value, "error")) return { error: asText(value.error) };
    if (Object.hasOwn(value, "notice")) return { notice: asText(value.notice) };
    return { raw: data, note: "no “message” in it" };
  }
  const { message, ...labels } = value;
  // When it was said is not a label: it is the time that is shown.
  const saidAt = new Date(typeof labels.created === "string" ? labels.created : Number.NaN);
  if (!Number.isNaN(saidAt.valueOf())) delete labels.created;
  return { message: asText(message), labels, saidAt };
}

function item({ message, labels, saidAt, notice, error, raw, note }, at) {
  const isKnown = saidAt && !Number.isNaN(saidAt.valueOf());
  const time = element("time", "", clock(isKnown ? saidAt : at));
  if (notice !== undefined) {
    const text = element("span", "", ...textOf(notice, LONGEST_TEXT));
    text.dir = "auto";
    return element("li", "notice", time, text);
  }
  if (error !== undefined) {
    const text = element("span", "", ...textOf(error, LONGEST_TEXT));
    text.dir = "auto";
    return element("li", "refused", time, text, element("span", "note", "an error"));
  }
  if (note) {
    const code = element("code", "", ...textOf(raw, LONGEST_TEXT));
    return element("li", "odd", time, code, element("span", "note", note));
  }
  const text = element(
    "p",
    message === "" ? "text nothing" : "text",
    ...textOf(message, LONGEST_TEXT),
  );
  text.dir = "auto";
  const made = element("li", "message", time, text);
  const entries = Object.entries(labels);
  if (entries.length) {
    made.append(
      element(
        "dl",
        "labels",
        ...entries.map(([key, value]) =>
          element(
            "div",
            "",
            element("dt", "", key),
            element("dd", "", ...textOf(asText(value), 200)),
          ),
        ),
      ),
    );
  }
  return made;
}

/** Shows the messages in `section`. */
export class Messages {
  constructor(section) {
    const droppedNote = section.querySelector(".dropped");
    this.log = new BoundedLog(section.querySelector(".scroller"), KEPT, ({ shown, dropped }) => {
      section.classList.toggle("begun", shown > 0);
      droppedNote.hidden = !dropped;
      const older = dropped.toLocaleString("en");
      droppedNote.textContent = `The newest ${shown} messages; ${older} older ones were dropped.`;
    });
  }

  /** A frame from the server. Returns whether there is something to show. */
  show(data) {
    const at = new Date();
    const content = read(data);
    if (content) this.log.add(() => item(content, at));
    return content !== null;
  }

  /** A word of the page itself between the messages; `kind` is "opened" or "closed". */
  remark(text, kind) {
    const at = new Date();
    this.log.add(() =>
      element("li", `remark ${kind}`, element("time", "", clock(at)), element("span", "", text)),
    );
  }
}
