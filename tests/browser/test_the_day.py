"""A rehearsal: the whole day as one deck, in the presentation and from the speaker's window."""

import re

import pytest
from bs4 import BeautifulSoup

from workshop.building import deck, slides, typed
from workshop.manifest import steps

from ..decks import built
from .browsing import expect
from .slideshow import Slideshow, ready

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:  # then playwright is missing too, and the tests are skipped
    Axe = None

MINUTE = 60_000  # ms
CORE = [slide for one in deck.decks("core") for slide in one.slides]


@pytest.fixture
def address():
    return next(file for file in built() if file.stem == slides.DAY).as_uri()


@pytest.fixture
def day(slideshow, address):
    return slideshow.show(address)


def place(kind) -> int:
    """The number of the first slide of this kind: an attribute of building/deck.py's Slide."""
    return next(number for number, slide in enumerate(CORE) if getattr(slide, kind))


def go(page, slide: int) -> None:
    page.evaluate("(slide) => Reveal.slide(slide)", slide)


def at(page) -> int:
    return page.evaluate("Reveal.getState().indexh")


def is_at(page, slide: int) -> None:
    page.wait_for_function("(slide) => Reveal.getState().indexh === slide", arg=slide)


def desk(window):
    """The line below the current slide in the speaker's window."""
    return window.frame_locator("#current-slide iframe").locator(".desk")


def countdown(page):
    return page.locator("section.present .countdown")


def seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    total = 0
    for part in text.strip("-").split(":"):
        total = 60 * total + int(part)
    return sign * total


def test_the_day_has_all_slides_of_the_core_in_order_each_with_its_part(day):
    titles = day.evaluate(
        "Reveal.getSlides().map((slide) => slide.querySelector('h1, h2').textContent)"
    )
    assert [title.replace("`", "") for title in titles] == [
        BeautifulSoup(plain(slide.title), "html.parser").get_text() for slide in CORE
    ]
    parts = day.evaluate(
        "Reveal.getSlides().map((slide) => slide.querySelector('.section').textContent)"
    )
    assert parts == [one.title for one in deck.decks("core") for _ in one.slides]


def plain(title: str) -> str:
    """Without what Markdown has around code and emphasis."""
    return re.sub(r"[`*]", "", title)


def test_the_speakers_window_shows_the_pacing_of_every_slide(day, slideshow):
    window = slideshow.speakers_window(day)
    pacing = window.locator(".pacing")
    expect(pacing).to_be_visible()
    allowed = 0
    for number, slide in enumerate(CORE):
        allowed += slide.minutes * 60
        go(day, number)
        at_hand = slide.notes[0].replace("*", "").partition("`")[0].strip()
        notes = window.locator(".speaker-controls-notes .value")
        expect(notes).to_contain_text(at_hand, use_inner_text=False)
        # What is left of all slides so far, at the very moment: the clock runs while we look.
        window.wait_for_function(
            """(allowed) => {
                const read = (element) => [...element.querySelectorAll("span")]
                    .map((part) => part.textContent).join("");
                const seconds = (text) => text.replace("-", "").split(":")
                    .reduce((total, part) => 60 * total + Number(part), 0);
                const shown = read(document.querySelector(".pacing"));
                const left = seconds(shown) * (shown.startsWith("-") ? -1 : 1);
                const gone = seconds(read(document.querySelector(".timer")));
                return Math.abs(left + gone - allowed) <= 1;
            }""",
            arg=allowed,
        )
        is_at(window.frames[1], number)


def test_keys_in_either_window_act_on_both(day, slideshow):
    exercise = place("step")
    go(day, exercise)
    window = slideshow.speakers_window(day)
    both = [day, window.frame_locator("#current-slide iframe")]
    length = f"{CORE[exercise].step.minutes}:00"
    longer = re.compile(rf"{CORE[exercise].step.minutes + 4}:\d\d")
    for source in (window, day):
        expect(countdown(day)).to_have_text(length)
        source.keyboard.press("t")
        for each in both:
            expect(countdown(each)).to_have_class(re.compile("running"))
        source.keyboard.press("5")
        for each in both:
            expect(countdown(each)).to_have_text(longer)
        source.keyboard.press("d")
        for each in both:
            expect(each.locator(".reveal-viewport")).to_have_class(re.compile("dark"))
        source.keyboard.press("m")
        expect(desk(window)).to_contain_text("sound on")
        for key in "tdm":
            source.keyboard.press(key)
        for each in both:
            expect(countdown(each)).not_to_have_class(re.compile("running"))
            expect(each.locator(".reveal-viewport")).not_to_have_class(re.compile("dark"))
        expect(desk(window)).to_contain_text("sound off")
        day.evaluate("day.countdowns = {}; for (const b of document.querySelectorAll('.countdown'))"
                     " b.textContent = b.dataset.minutes + ':00'")  # fmt: skip


def test_a_reload_keeps_the_countdown_the_dark_and_the_speakers_window(day, slideshow):
    exercise = place("step")
    go(day, exercise)
    window = slideshow.speakers_window(day)
    for key in "t5dm":
        window.keyboard.press(key)
    expect(desk(window)).to_contain_text("sound on")
    day.reload()
    ready(day)
    assert at(day) == exercise
    expect(day.locator(".reveal-viewport")).to_have_class(re.compile("dark"))
    expect(countdown(day)).to_have_class(re.compile("running"))
    assert seconds(countdown(day).text_content()) > CORE[exercise].step.minutes * 60
    window.keyboard.press("t")
    expect(countdown(day)).not_to_have_class(re.compile("running"))
    window.keyboard.press("ArrowRight")
    is_at(day, exercise + 1)
    shown = window.locator(".pacing").text_content()
    expect(window.locator(".pacing")).not_to_have_text(shown)  # it goes on


def test_the_end_of_a_countdown_is_seen_and_heard_if_wished(day):
    exercise = place("step")
    minutes = CORE[exercise].step.minutes
    day.evaluate("window.rings = 0; const of = ring; ring = () => { rings += 1; of(); }; null")
    day.clock.install()
    go(day, exercise)
    slide = day.locator("section.present > .slide")
    day.keyboard.press("t")
    day.clock.run_for(minutes * MINUTE + 1000)
    expect(countdown(day)).to_have_text("0:00")
    expect(slide).to_have_class(re.compile(r"\bover\b"))
    assert day.evaluate("rings") == 0
    day.keyboard.press("5")
    day.clock.run_for(1000)
    expect(slide).not_to_have_class(re.compile(r"\bover\b"))
    expect(countdown(day)).to_have_text(re.compile("4:5[89]"))
    day.keyboard.press("m")
    assert day.evaluate("rings") == 1  # so it sounds
    day.clock.run_for(5 * MINUTE)
    expect(slide).to_have_class(re.compile(r"\bover\b"))
    assert day.evaluate("rings") == 2


def test_the_speaker_sees_how_late_it_is_from_the_first_slide_s_end_on(day, slideshow):
    window = slideshow.speakers_window(day)
    expect(desk(window)).to_contain_text("when you leave the first slide")
    assert day.locator(".desk").count() == 0  # not on the projector
    window.keyboard.press("ArrowRight")
    is_at(day, 1)
    expect(desk(window)).to_contain_text("On time")
    day.evaluate(f"day.start -= {11 * MINUTE} + {CORE[1].minutes} * {MINUTE} + 1000")
    expect(desk(window)).to_contain_text("Late by 11 min")
    go(day, place("step"))
    expect(desk(window)).to_contain_text(re.compile(r"Early by \d+ min"))
    go(day, 0)
    go(day, 1)  # the day begins again
    expect(desk(window)).to_contain_text("On time")


def test_a_start_by_the_clock_needs_no_first_slide(slideshow, address, tmp_path):
    page = tmp_path / "day.html"
    source = next(file for file in built() if file.stem == slides.DAY)
    page.write_text(source.read_text("utf-8"), encoding="utf-8")
    event = {"address": "", "start": "9:00", "logistics": [], "conduct": "", "survey": "",
             "contact": ""}  # fmt: skip
    slides.tell(page, event)
    day = slideshow.show(page.as_uri(), f"#/{place('is_break')}")
    window = slideshow.speakers_window(day)
    begins = sum(slide.minutes for slide in CORE[: place("is_break")])
    frame = window.frames[1]
    for shift, says in ((begins + 1, "On time"), (begins - 9.5, "Early by 9 min")):
        frame.evaluate(
            """(minutes) => {
                const shown = new Date().setHours(9, 0, 0, 0) + minutes * 60000;
                Date.now = () => shown;
            }""",
            shift,
        )
        expect(desk(window)).to_contain_text(says)


@pytest.mark.parametrize("step", steps("core"), ids=lambda step: step.name)
def test_an_exercise_shows_every_command_of_its_readme_in_both_forms(day, step):
    go(day, next(number for number, slide in enumerate(CORE) if slide.step == step))
    shown = day.locator("section.present").inner_text()
    shown = " ".join(shown.split())
    readme = (step.starter / "README.md").read_text(encoding="utf-8")
    ours = r"^    ((?:python3 -m workshop|checks/step|\.venv/bin/python) ?[^\s(].*?)(?:\s{3,}.*)?$"
    asked = re.findall(ours, readme, re.MULTILINE)
    assert asked, "a task without a command?"
    for command in (*asked, *step.commands):
        assert command in shown, command
        assert typed.on_windows(command) in shown, command
    assert f"checks/{step.short} --hint" in shown


# Words on the slide that stand out less than 3 to 1 from their ground, as WCAG 2.2 (1.4.3) reckons
# it for letters of 24 px. axe cannot tell within the layers that reveal.js lays over each other.
FAINT = """() => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const light = (color) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const [red, green, blue, opacity] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return opacity < 1 ? null : 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = (element) =>
        light(getComputedStyle(element).backgroundColor) ?? ground(element.parentElement);
    const section = Reveal.getCurrentSlide();
    const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
    const faint = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest("aside, svg, style")) continue;
        const [one, other] = [light(getComputedStyle(element).color), ground(element)];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 3) faint.push(contrast.toFixed(1) + ": " + walker.currentNode.data.trim());
    }
    return faint;
}"""


def test_what_is_faint_is_found(day):
    go(day, 1)
    assert day.evaluate(FAINT) == []
    day.evaluate("document.querySelector('section.present h2').style.color = '#ddd'")
    (found,) = day.evaluate(FAINT)
    assert CORE[1].title in found


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_words_stand_out_on_every_slide(day, ground):
    if ground == "dark":
        day.keyboard.press("d")
    found = {}
    for number in range(len(CORE)):
        go(day, number)
        found[number + 1] = day.evaluate(FAINT)
    assert {number: faint for number, faint in found.items() if faint} == {}


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_axe_finds_no_barrier_on_any_slide(chromium, ground):
    """In every deck, with reduced motion: what moves has no color to measure."""
    slideshow = Slideshow(chromium, reduced_motion="reduce")
    found = {}
    for file in built():
        if file.stem == slides.DAY and deck.names() == deck.names("core"):
            continue  # its slides are those of the others
        page = slideshow.show(file.as_uri())
        if ground == "dark":
            page.keyboard.press("d")
        for number in range(page.evaluate("Reveal.getTotalSlides()")):
            go(page, number)
            part = "section.present" if number else None  # the page as a whole only once
            for one in Axe().run(page, context=part).response["violations"]:
                nodes = [node["html"][:120] for node in one["nodes"]]
                found[f"{file.stem} {number + 1}: {one['id']}"] = nodes
        page.close()
    slideshow.end()
    assert found == {}
