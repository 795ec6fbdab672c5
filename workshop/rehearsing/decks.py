"""The timetable, and a walk through every slide of the day."""

from importlib.util import find_spec
from pathlib import Path

from .. import manifest
from ..building import slides, timetable
from ..building.deck import decks
from ..doctor import Finding
from .chromium import executable

SIZE = {"width": 1280, "height": 720}  # of a slide, in pixels
# What of the present slide is outside its frame
OUTSIDE = """() => {
  const section = document.querySelector("section.present");
  const frame = document.querySelector(".slides").getBoundingClientRect();
  const outside = [...section.querySelectorAll(":not(svg *)")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > frame.right + 2 || box.bottom > frame.bottom + 2);
  });
  return outside.map((one) => one.textContent.trim().slice(0, 40));
}"""


def plan() -> list[Finding]:
    core, event = manifest.track("core"), manifest.event()
    spare = core.minutes - timetable.total(decks("core"))
    seen = f"{core.minutes} minutes, of which {spare:g} are a buffer"
    short = f"{core.buffer} are to be a buffer. Give slides fewer minutes, or cut one."
    found = [Finding(seen, short if spare < core.buffer else "")]
    for key, why in [("address", "where the workshop is"), ("start", "how late you are")]:
        if not event[key]:
            seen = f'[event] in workshop.toml has no "{key}": the slides cannot tell {why}'
            found.append(Finding(seen, "", True))
    return found


def walk() -> list[Finding]:
    page = manifest.ROOT / "build" / "slides" / f"{slides.DAY}.html"
    try:
        if not slides.is_current(page):
            slides.build(manifest.ROOT / "build")
    except slides.BadDeck as error:
        return [Finding("the slides could not be built", str(error))]
    number = sum(len(deck.slides) for deck in decks("core"))
    chromium = executable()
    if not chromium or find_spec("playwright") is None:
        needs = "to see that each fits, install requirements-dev.txt and Chromium"
        return [Finding(f"{number} slides are built; {needs}", "", True)]
    wrong = _seen_in(chromium, page, number)
    return [Finding(f"{number} slides, each of which fits its frame", "\n    ".join(wrong))]


def _seen_in(chromium: str, page: Path, number: int) -> list[str]:
    """What was wrong on the way through the slides."""
    from playwright.sync_api import sync_playwright

    wrong: list[str] = []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        day = browser.new_context(viewport=SIZE, offline=True).new_page()
        day.on("pageerror", lambda error: wrong.append(str(error)))
        day.goto(page.as_uri())
        day.locator("section.present").wait_for()
        total = day.evaluate("Reveal.getTotalSlides()")
        if total != number:
            wrong.append(f"{total} slides are shown, not {number}")
        for slide in range(total):
            day.evaluate("slide => Reveal.slide(slide)", slide)
            wrong += (f"slide {slide + 1} overflows: {text}" for text in day.evaluate(OUTSIDE))
        browser.close()
    return wrong
