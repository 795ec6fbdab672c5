// The wire panel: every frame as it travels, in both directions.

import { element, preciseClock, textOf } from "./dom.js";
import { BoundedLog } from "./log.js";

const KEPT = 500;
const LONGEST_TEXT = 2000; // characters shown of one frame

const encoder = new TextEncoder();

const KINDS = {
  out: { sign: "▲", word: "sent" },
  in: { sign: "▼", word: "received" },
  connecting: { sign: "○", word: "event" },
  opened: { sign: "●", word: "event" },
  closed: { sign: "■", word: "event" },
};

/** Bytes of a frame's payload: text travels as UTF-8. The frame's own header is not counted. */
export function sizeOf(data) {
  return typeof data === "string" ? encoder.encode(data).length : data.size;
}

function row(kind, data, at) {
  const { sign, word } = KINDS[kind];
  const arrow = element("span", "arrow", sign);
  arrow.setAttribute("aria-hidden", "true");
  const item = element(
    "li",
    kind,
    arrow,
    element("span", "unseen", word),
    element("time", "", preciseClock(at)),
  );
  if (word === "event") {
    item.append(element("span", "event", ...textOf(data, LONGEST_TEXT)));
  } else {
    item.append(element("span", "size", `${sizeOf(data).toLocaleString("en")} B`));
    item.append(
      typeof data === "string"
        ? element("code", "raw", ...textOf(data, LONGEST_TEXT))
        : element("span", "raw muted", "a binary frame"),
    );
  }
  return item;
}

/** Shows in `panel` what passes through `socket`. */
export function showWire(panel, socket) {
  const count = panel.querySelector(".count");
  const log = new BoundedLog(panel.querySelector(".scroller"), KEPT, ({ shown, dropped }) => {
    count.textContent = dropped
      ? `newest ${shown}, ${dropped.toLocaleString("en")} older ones dropped`
      : "";
  });
  const add = (kind, data) => {
    const at = new Date();
    log.add(() => row(kind, data, at));
  };

  socket.addEventListener("sent", ({ detail }) => add("out", detail.data));
  socket.addEventListener("received", ({ detail }) => add("in", detail.data));
  socket.addEventListener("connecting", () => add("connecting", "connecting"));
  socket.addEventListener("opened", () => add("opened", "open"));
  socket.addEventListener("closed", ({ detail: { code, reason } }) =>
    add("closed", reason ? `closed ${code} “${reason}”` : `closed ${code}`),
  );

  const toggle = panel.querySelector("[aria-expanded]");
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") === "false";
    toggle.setAttribute("aria-expanded", open);
    toggle.textContent = open ? "Hide" : "Show";
    panel.classList.toggle("folded", !open);
  });
}
