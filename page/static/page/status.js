// The connection's state, in words and color.

import { explain, explainWaiting } from "./close-codes.js";

const PATIENCE = 2000; // milliseconds: a handshake is usually answered sooner

/**
 * What answers HTTP where this page came from: the server's name, null if none does; and whether it
 * sends this page's reader elsewhere, which is to the login page.
 */
async function askOverHTTP() {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(location.pathname, { method: "HEAD", cache: "no-store", signal });
    return { server: response.headers.get("Server") ?? "", mustLogIn: response.redirected };
  } catch {
    return { server: null, mustLogIn: false };
  }
}

/** Shows the state of `socket` in `strip`, and tells `remark` when an open connection was lost. */
export function showStatus(strip, socket, remark) {
  const [state, meaning, retry, countdown, tryNow] = [
    "#state",
    "#meaning",
    "#retry",
    "#countdown",
    "#try-now",
  ].map((selector) => strip.querySelector(selector));
  let ticking; // the timer of the countdown
  let patience; // the timer of a handshake
  let changes = 0;
  let lost = false;

  /** Shows a state, and returns its number: what is found out later may come too late for it. */
  function show(name, words) {
    clearInterval(ticking);
    clearTimeout(patience);
    strip.dataset.state = name;
    state.textContent = words;
    return (changes += 1);
  }

  function countDown(seconds) {
    const end = performance.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, end - performance.now()) / 1000;
      countdown.textContent = `Trying again in ${left.toFixed(1)} s`;
    };
    tick();
    ticking = setInterval(tick, 100);
    retry.hidden = false;
  }

  // What the last try told stays in sight during the next one, so that it can be read.
  meaning.textContent = "";

  socket.addEventListener("connecting", () => {
    const change = show("connecting", "Connecting");
    countdown.textContent = "Trying now";
    patience = setTimeout(async () => {
      const explanation = explainWaiting((await askOverHTTP()).server);
      if (change === changes) meaning.textContent = explanation;
    }, PATIENCE);
  });

  socket.addEventListener("opened", () => {
    show("open", "Open");
    meaning.textContent = "";
    retry.hidden = true;
    if (lost) remark("Open again.", "opened");
    lost = false;
  });

  socket.addEventListener("closed", async ({ detail }) => {
    const { code, reason, wasOpen, retryIn } = detail;
    const change = show("closed", `Closed ${code}`);
    countDown(retryIn);
    lost ||= wasOpen;
    const answer = code === 1006 ? await askOverHTTP() : { server: "" };
    const said = reason ? `“${reason}” ` : "";
    const explanation = said + explain({ ...detail, ...answer });
    if (change === changes) meaning.textContent = explanation;
    if (wasOpen) remark(`Closed ${code}. ${explanation}`, "closed");
  });

  tryNow.addEventListener("click", () => socket.connect());
}
