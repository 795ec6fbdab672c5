// One WebSocket that is opened again whenever it closes.

const FIRST_DELAY = 1; // seconds
const LONGEST_DELAY = 10;
const STEADY = 5; // a connection that lasted this many seconds was a good one

/**
 * Seconds to wait before the next try: twice as long after every failure, and partly random, so
 * that a server which comes back is not called by every browser at the same instant
 * (RFC 6455, section 7.2.3).
 */
export function delayAfter(failures, random = Math.random()) {
  const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return longest * (0.5 + 0.5 * random);
}

/**
 * Events, with what their `detail` holds:
 *   connecting
 *   opened
 *   sent        {data}
 *   received    {data}: a string, or a Blob for a binary frame
 *   closed      {code, reason, wasOpen, seconds, retryIn}
 */
export class ReconnectingSocket extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.failures = 0;
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Try now, even if a later try is planned. Does nothing while there is a connection or a try. */
  connect() {
    if (this.socket && this.socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(this.url));
    let since = performance.now();
    let wasOpen = false;
    this.tell("connecting");

    socket.addEventListener("open", () => {
      wasOpen = true;
      since = performance.now();
      this.tell("opened");
    });
    socket.addEventListener("message", ({ data }) => this.tell("received", { data }));
    socket.addEventListener("close", ({ code, reason }) => {
      const seconds = (performance.now() - since) / 1000;
      // A connection that opens and closes at once must not be tried again at full speed.
      if (wasOpen && seconds >= STEADY) this.failures = 0;
      const retryIn = delayAfter(this.failures++);
      this.timer = setTimeout(() => this.connect(), retryIn * 1000);
      this.tell("closed", { code, reason, wasOpen, seconds, retryIn });
    });
  }

  send(data) {
    this.socket.send(data);
    this.tell("sent", { data });
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
