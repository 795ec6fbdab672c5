// Starts reveal.js, with two keys of our own: T for the countdown, D for a dark room.

const MINUTE = 60; // seconds

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  minScale: 0.1,
  maxScale: 4,
  center: false,
  controls: false,
  progress: true,
  slideNumber: "c",
  showSlideNumber: "all",
  hash: true,
  transition: "none",
  backgroundTransition: "none",
  pdfSeparateFragments: false,
  pdfMaxPagesPerSlide: 1,
  plugins: [RevealNotes],
});

/** A button that counts down the minutes it carries; pressed again, it pauses and goes on. */
class Countdown {
  constructor(button) {
    this.button = button;
    this.left = Number(button.dataset.minutes) * MINUTE;
    button.addEventListener("click", () => {
      button.blur(); // or else the space bar would both press it and turn to the next slide
      if (this.timer) this.pause();
      else this.start();
    });
  }

  start() {
    this.end = performance.now() / 1000 + this.left;
    this.timer = setInterval(() => this.tick(), 250); // ms
    this.button.classList.add("running");
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.button.classList.remove("running");
  }

  tick() {
    this.left = Math.max(0, this.end - performance.now() / 1000);
    this.show();
    if (this.left === 0) this.pause();
  }

  show() {
    const seconds = Math.ceil(this.left);
    const rest = String(seconds % MINUTE).padStart(2, "0");
    this.button.textContent = `${Math.floor(seconds / MINUTE)}:${rest}`;
    this.button.classList.toggle("soon", seconds <= 5 * MINUTE);
  }
}

for (const button of document.querySelectorAll(".countdown")) new Countdown(button);

Reveal.addKeyBinding({ keyCode: 84, key: "T", description: "Start or stop the countdown" }, () =>
  Reveal.getCurrentSlide().querySelector(".countdown")?.click(),
);
Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light slides" }, () =>
  Reveal.getViewportElement().classList.toggle("dark"),
);
