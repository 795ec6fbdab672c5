// Starts reveal.js, and what a day in a room needs besides. There may be three windows onto one
// deck: the presentation, and in the speaker's view the current slide and the next one. The
// presentation knows everything (`day` below): which slides count down, whether it is dark. The
// speaker's two ask it every second and show what it says. A key does the same in all of them:
//
//     T  starts and stops the countdown        5  gives it five minutes more
//     D  dark or light slides                  M  a sound at the countdown's end, on or off

const SECOND = 1000; // ms
const MINUTE = 60 * SECOND;

const sections = [...document.querySelectorAll(".slides > section")];
const seconds = sections.map((section) => Number(section.dataset.timing));
const planned = (slides) => slides.reduce((sum, one) => sum + one, 0) * SECOND;
const isSpeakers = /[?&]receiver/.test(location.search); // reveal.js's word for its two frames
const isDesk = isSpeakers && /postMessageEvents/.test(location.search); // the current slide's

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
  defaultTiming: 60, // with it the speaker's view shows the pacing; each slide has its own
  totalTime: planned(seconds) / SECOND,
  plugins: [RevealNotes],
});

// What the presentation knows. It is kept for as long as its tab is open, reloads included.

const KEPT = `day ${location.pathname}`;

const day = {
  dark: false,
  sound: false,
  start: null, // the moment in ms, where the timetable has none
  countdowns: {}, // by the slide's number: {left: ms, end: moment, while it runs, over: true}
  ...kept(),
};

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null; // a browser may forbid it
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(day));
  } catch {
    // then a reload begins anew
  }
}

function countdownOf(slide) {
  const button = sections[slide].querySelector(".countdown");
  if (!button) return null;
  return (day.countdowns[slide] ??= { left: Number(button.dataset.minutes) * MINUTE, end: null });
}

const leftOf = ({ left, end }) => (end === null ? left : Math.max(0, end - Date.now()));

const KEYS = {
  T: (slide) => {
    const countdown = countdownOf(slide);
    if (!countdown || countdown.over) return;
    const left = leftOf(countdown);
    Object.assign(countdown, { left, end: countdown.end === null ? Date.now() + left : null });
  },
  5: (slide) => {
    const countdown = countdownOf(slide);
    if (!countdown) return;
    const left = leftOf(countdown) + 5 * MINUTE;
    const runs = countdown.end !== null || countdown.over; // one that is over runs again
    Object.assign(countdown, { left, end: runs ? Date.now() + left : null, over: false });
  },
  D: () => {
    day.dark = !day.dark;
  },
  M: () => {
    day.sound = !day.sound;
    if (day.sound) ring();
  },
};

function press(key, slide) {
  KEYS[key](slide);
  changed();
}

function changed() {
  keep();
  show(day);
}

function endCountdowns() {
  const ended = Object.values(day.countdowns).filter(
    (countdown) => countdown.end !== null && countdown.end <= Date.now(),
  );
  for (const countdown of ended) Object.assign(countdown, { left: 0, end: null, over: true });
  if (!ended.length) return;
  if (day.sound) ring();
  changed();
}

/** Three tones. A browser plays nothing in a page that nobody has clicked or typed in. */
let audio;
function ring() {
  audio ??= new AudioContext();
  audio.resume();
  for (const [number, pitch] of [660, 660, 880].entries()) {
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0.2 });
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + number * 0.4);
    tone.stop(audio.currentTime + number * 0.4 + 0.25);
  }
}

// What each window shows

function show(known) {
  Reveal.getViewportElement().classList.toggle("dark", known.dark);
  for (const [slide, countdown] of Object.entries(known.countdowns)) {
    const button = sections[slide]?.querySelector(".countdown");
    if (!button) continue; // the deck has been built anew, with other slides
    const left = Math.ceil(leftOf(countdown) / SECOND);
    button.textContent = minutes(left);
    button.classList.toggle("running", countdown.end !== null);
    button.classList.toggle("soon", left <= 5 * 60);
    sections[slide].firstElementChild.classList.toggle("over", Boolean(countdown.over));
  }
  if (isDesk) desk.textContent = [pace(known), sound(known)].join(" · ");
}

function minutes(whole) {
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How late it is, by the timetable: the speaker sees it, the room does not. */
function pace(known) {
  const start = timetabled() ?? known.start;
  if (start === null) return "The timetable begins when you leave the first slide";
  const slide = Reveal.getState().indexh;
  const begins = start + Number(document.body.dataset.begins) * SECOND;
  const from = begins + planned(seconds.slice(0, slide));
  const to = from + seconds[slide] * SECOND;
  const late = Math.floor((Date.now() - to) / MINUTE);
  const early = Math.floor((from - Date.now()) / MINUTE);
  if (late > 0) return `Late by ${late} min`;
  return early > 0 ? `Early by ${early} min` : "On time";
}

/** The moment for which `slides --start` or workshop.toml has set the beginning of the day. */
function timetabled() {
  const clock = document.querySelector("meta[name=start]").content;
  return clock ? new Date().setHours(...clock.split(":").map(Number), 0, 0) : null;
}

function sound(known) {
  if (!known.sound) return "sound off (M)";
  return known.hushed ? "sound on, click once into the slides" : "sound on (M)";
}

const desk = document.createElement("p");
desk.className = "desk";
if (isDesk) document.body.append(desk);

// The windows talk to each other by messages, as reveal.js's own do: pages of the file system may
// not share anything else.

const OURS = "workshop";

const hushed = () => Boolean(audio) && audio.state !== "running";

function answer({ data, source }) {
  if (data?.namespace !== OURS) return;
  if (data.key in KEYS) press(data.key, data.slide);
  source.postMessage({ namespace: OURS, day: { ...day, hushed: hushed() } }, "*");
}

/** After a reload, the speaker's view is a stranger to a page of the file system, and reveal.js
 * answers no stranger: the pacing would stop. What it asks for is no secret, and is answered here. */
function answerSpeakers({ data, source }) {
  if (typeof data !== "string" || !data.includes('"reveal-notes"')) return;
  const { type, methodName, arguments: given, callId } = JSON.parse(data);
  if (type !== "call" || !ASKED.includes(methodName)) return;
  try {
    if (source.location.origin === location.origin) return; // reveal.js answers
  } catch {
    // a stranger
  }
  const result = Reveal[methodName](...given);
  source.postMessage(
    JSON.stringify({ namespace: "reveal-notes", type: "return", result, callId }),
    "*",
  );
}

const ASKED = ["getSlidesAttributes", "getConfig", "getSlidePastCount"];

function ask(key, slide) {
  parent.opener?.postMessage({ namespace: OURS, key, slide }, "*");
}

if (isSpeakers) {
  addEventListener("message", ({ data }) => data?.namespace === OURS && show(data.day));
  Reveal.on("ready", () => ask());
  setInterval(ask, SECOND);
} else {
  addEventListener("message", answer);
  addEventListener("message", answerSpeakers);
  Reveal.on("ready", () => show(day));
  setInterval(() => show(day), SECOND / 4);
  setInterval(endCountdowns, SECOND / 4);
  Reveal.on("slidechanged", ({ previousSlide }) => {
    if (previousSlide !== sections[0]) return; // only the first slide's end begins the day
    const before = Number(document.body.dataset.begins) + seconds[0];
    day.start = Date.now() - before * SECOND;
    changed();
  });
}

const act = isSpeakers ? ask : press;
const KEY_CODES = { T: 84, 5: 53, D: 68, M: 77 };
const SAYS = {
  T: "Start or stop the countdown",
  5: "Five minutes more",
  D: "Dark or light slides",
  M: "A sound at the countdown's end, on or off",
};
for (const [key, keyCode] of Object.entries(KEY_CODES)) {
  Reveal.addKeyBinding({ keyCode, key, description: SAYS[key] }, () =>
    act(key, Reveal.getState().indexh),
  );
}

for (const [slide, section] of sections.entries()) {
  section.querySelector(".countdown")?.addEventListener("click", ({ currentTarget }) => {
    currentTarget.blur(); // or else the space bar would both press it and turn to the next slide
    act("T", slide);
  });
}
