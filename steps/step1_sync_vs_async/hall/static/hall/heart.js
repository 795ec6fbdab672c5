// Draws the server's heartbeat as it arrives, the last 15 seconds of it.

const WINDOW = 15; // seconds on the canvas
const PAUSE = 0.5; // seconds without a beat that count as a stop: five beats missed

export class Heart {
  constructor(canvas, state) {
    this.canvas = canvas;
    this.state = state;
    this.beats = [];
    this.marks = [];
    this.waiting = [];
    this.listen();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm) setInterval(() => this.draw(), 500);
    else this.animate();
  }

  listen() {
    this.source = new EventSource("/heartbeat/");
    this.source.onmessage = () => this.onBeat(performance.now());
    this.source.onerror = () => {
      // The browser tries again when nobody answered, but not when an error page was the answer.
      if (this.source.readyState === EventSource.CLOSED) setTimeout(() => this.listen(), 2000);
    };
  }

  animate() {
    this.draw();
    requestAnimationFrame(() => this.animate());
  }

  onBeat(now) {
    this.beats.push(now);
    this.beats = this.beats.filter((beat) => now - beat < 120_000);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** The next beat, or `limit` milliseconds if none comes. */
  beat(limit) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      setTimeout(resolve, limit);
    });
  }

  mark(text, at) {
    this.marks.push({ text, at });
  }

  /** The longest time between two beats since `start`, in seconds. */
  longestPause(start) {
    const times = [...this.beats, performance.now()];
    let longest = 0;
    for (let i = 1; i < times.length; i += 1) {
      if (times[i] > start) longest = Math.max(longest, times[i] - times[i - 1]);
    }
    return longest / 1000;
  }

  say(now) {
    const last = this.beats.at(-1);
    const pause = last === undefined ? 0 : (now - last) / 1000;
    let words = "beating";
    if (last === undefined && this.source.readyState === EventSource.CONNECTING) words = "listening …";
    else if (this.source.readyState !== EventSource.OPEN) words = "no connection to the server";
    else if (pause > PAUSE) words = `stopped for ${pause.toFixed(1)} s`;
    this.state.classList.toggle("stopped", !["beating", "listening …"].includes(words));
    if (this.state.textContent !== words) this.state.textContent = words;
  }

  draw() {
    const now = performance.now();
    this.say(now);
    const { canvas } = this;
    const scale = devicePixelRatio;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const color = (name) => style.getPropertyValue(name).trim();
    const x = (time) => width - ((now - time) / 1000 / WINDOW) * width;
    const base = height * 0.85;
    pen.font = `650 17px ${style.fontFamily}`;
    pen.lineJoin = "round";
    pen.lineWidth = 2;

    for (const { text, at } of this.marks) {
      pen.fillStyle = color("--quiet");
      pen.fillRect(x(at), 0, 1.5, height);
      pen.fillText(text, x(at) + 8, 18);
    }

    // The line with a peak for each beat …
    pen.strokeStyle = color("--alive");
    pen.beginPath();
    const shown = this.beats.filter((beat) => x(beat) > -width);
    if (shown.length) pen.moveTo(x(shown[0]), base);
    for (const beat of shown) {
      const at = x(beat);
      pen.lineTo(at - 2, base);
      pen.lineTo(at, height * 0.3);
      pen.lineTo(at + 2, base);
    }
    pen.stroke();

    // … and over it every pause, flat.
    pen.strokeStyle = pen.fillStyle = color("--stopped");
    pen.lineWidth = 5;
    const ends = [...shown.slice(1), now];
    shown.forEach((from, i) => {
      const seconds = (ends[i] - from) / 1000;
      if (seconds < PAUSE) return;
      pen.beginPath();
      pen.moveTo(x(from) + 2, base);
      pen.lineTo(x(ends[i]) - 2, base);
      pen.stroke();
      const label = `${seconds.toFixed(1)} s`;
      const left = Math.max(x(from), 0);
      pen.fillText(label, (left + x(ends[i]) - pen.measureText(label).width) / 2, base - 12);
    });
  }
}
