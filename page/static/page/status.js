// The connection's state, in words and colour.

import { explain } from "./close-codes.js";

const PATIENCE = 2000; // milliseconds in which a handshake is usually answered

/** Whether anything answers HTTP where this page came from. */
async function serverAnswers() {
  try {
    await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    return true;
  } catch {
    return false;
  }
}

/** Shows the state of `socket` in `strip`, and tells `remark` what ended an open connection. */
export function showStatus(strip, socket, remark) {
  const part = (id) => strip.querySelector(`#${id}`);
  let ticking;
  let slow;
  let turn = 0; // counts the changes of state: an answer that comes late is about an older one

  function show(state, word, meaning = "") {
    turn += 1;
    clearInterval(ticking);
    clearTimeout(slow);
    strip.dataset.state = state;
    part("state").textContent = word;
    part("meaning").textContent = meaning;
    part("retry").hidden = state !== "closed";
  }

  function countDown(seconds) {
    const end = performance.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, end - performance.now()) / 1000;
      part("countdown").textContent = `Trying again in ${left.toFixed(1)} s`;
    };
    tick();
    ticking = setInterval(tick, 100);
  }

  let lost = false;
  socket.addEventListener("connecting", () => {
    show("connecting", "Connecting");
    slow = setTimeout(() => {
      part("meaning").textContent =
        "The handshake is not answered yet. Does connect() in the consumer call self.accept()?";
    }, PATIENCE);
  });
  socket.addEventListener("opened", () => {
    show("open", "Open");
    if (lost) remark("Open again.");
    lost = false;
  });
  socket.addEventListener("closed", async ({ detail }) => {
    show("closed", `Closed ${detail.code}`);
    countDown(detail.retryIn);
    const now = turn;
    const answers = detail.code === 1006 && (await serverAnswers());
    let meaning = explain({ ...detail, serverAnswers: answers });
    if (detail.reason) meaning = `“${detail.reason}” ${meaning}`;
    if (now === turn) part("meaning").textContent = meaning;
    if (detail.wasOpen) {
      remark(`Closed ${detail.code}. ${meaning}`);
      lost = true;
    }
  });
  part("try-now").addEventListener("click", () => socket.connect());
}
