"""The slides, each one inspected in a real browser without a network."""

import re

import pytest

from workshop.building import deck
from workshop.manifest import ROOT

from ..decks import built
from .browsing import expect

SMALLEST = 24  # pixels of a letter's size, on a slide of 1280 by 720
DECKS = deck.names()
OF_THE_CLASSROOM = ROOT / "classroom" / "static" / "classroom" / "deck.css"

# Everything on the slide that runs out of it, or is too small to read, or lies on other words.
FAULTS = """([slide, smallest]) => {
    Reveal.slide(slide, 0, 99);
    const section = Reveal.getCurrentSlide();
    const frame = section.getBoundingClientRect();
    const name = (element) => element.tagName + ": " + element.textContent.trim().slice(0, 40);
    const faults = [];
    const within = (inner, outer, slack = 1) =>
        inner.left >= outer.left - slack && inner.right <= outer.right + slack &&
        inner.top >= outer.top - slack && inner.bottom <= outer.bottom + slack;
    const texts = [];
    const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest("aside")) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const place = range.getBoundingClientRect();
        if (!within(place, frame, 0)) faults.push("runs out of the slide: " + name(element));
        const scale = element.getScreenCTM ? element.getScreenCTM().a : 1;
        const size = parseFloat(getComputedStyle(element).fontSize) * scale;
        if (size < smallest - 0.01) faults.push(`${size.toFixed(1)} px: ` + name(element));
        if (element.getScreenCTM) texts.push([element.closest("text"), place]);
    }
    for (const element of section.querySelectorAll(":not(aside, aside *)")) {
        if (!within(element.getBoundingClientRect(), frame)) faults.push("out: " + name(element));
        const hidden = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
        if (hidden && element.matches("pre, table, figure, .slide")) {
            faults.push("wider than its place: " + name(element));
        }
    }
    const part = section.querySelector(".section").getBoundingClientRect();
    for (const element of section.querySelectorAll(".slide > :not(.section), .cell > *")) {
        if (element.matches("aside, .cell") || !part.height) continue;
        const { bottom } = element.getBoundingClientRect();
        if (bottom > part.top + 1) faults.push("lies on the part of the day: " + name(element));
    }
    for (const [one, here] of texts) {
        for (const [other, there] of texts) {
            const apart = here.right <= there.left + 1 || there.right <= here.left + 1 ||
                here.bottom <= there.top + 8 || there.bottom <= here.top + 8;
            if (one !== other && !apart) faults.push(`${name(one)} lies on ${name(other)}`);
        }
    }
    return faults;
}"""

# On each slide on which the classroom says something, the most that it says: [slide, what it lies
# on]. They are those that classroom/static/classroom/deck.js finds: questions, and exercises.
SAID_BY_THE_CLASSROOM = """() => sections.flatMap((section, number) => {
    const slide = section.querySelector(".slide");
    if (!slide.matches(".question") && !section.querySelector(".task[data-step]")) return [];
    Reveal.slide(number);
    const note = document.createElement("p");
    note.className = "room";
    note.textContent = "Closed, with 500 answers";
    slide.append(note);
    const here = note.getBoundingClientRect();
    const others = [...slide.querySelectorAll("*"), document.querySelector(".slide-number")];
    const under = others.filter((one) => {
        const there = one.getBoundingClientRect();
        return one !== note && there.width && here.left < there.right && there.left < here.right
            && here.top + 1 < there.bottom && there.top < here.bottom;
    });
    return [[number + 1, under.map((one) => one.className || one.tagName)]];
})"""


@pytest.fixture
def address(request):
    """The address of a built deck."""
    return next(file for file in built() if file.stem == request.param).as_uri()


every_deck = pytest.mark.parametrize("address", DECKS, indirect=True)
one_deck = pytest.mark.parametrize("address", DECKS[2:3], indirect=True)


@pytest.fixture
def show(slideshow):
    """Opens a deck: show(address, "?print-pdf")."""
    return slideshow.show


@every_deck
def test_every_slide_fits_its_frame_and_can_be_read(show, address):
    page = show(address)
    slides = page.evaluate("Reveal.getTotalSlides()")
    assert slides == page.locator(".slides > section").count()
    faults = {slide + 1: page.evaluate(FAULTS, [slide, SMALLEST]) for slide in range(slides)}
    assert {slide: found for slide, found in faults.items() if found} == {}


# Only the core's last deck asks nothing.
@pytest.mark.parametrize("address", sorted({*DECKS} - {"where_next"}), indirect=True)
def test_what_the_classroom_says_on_a_slide_lies_on_nothing(show, address):
    page = show(address)
    page.evaluate("Promise.all([...document.fonts].map((font) => font.load()))")
    page.add_style_tag(content=OF_THE_CLASSROOM.read_text(encoding="utf-8"))
    found = page.evaluate(SAID_BY_THE_CLASSROOM)
    assert found and [one for one in found if one[1]] == []


@pytest.mark.slow
@every_deck
def test_the_fonts_are_in_the_page(show, address):
    page = show(address)
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate(
        "Promise.all([...document.fonts].map((font) => font.load())).then((all) => all.map((font) "
        "=> font.status))"
    )
    assert loaded == ["loaded"] * 5


@pytest.mark.slow
@every_deck
def test_the_pdf_has_a_page_for_each_slide(show, address, request):
    slides = len(deck.read(deck.FOLDER / f"{request.node.callspec.params['address']}.md").slides)
    page = show(address, "?print-pdf")
    expect(page.locator(".pdf-page")).to_have_count(slides)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == slides
    for slide in page.locator(".pdf-page .slide").all():  # as large as on the screen, and padded
        box = slide.bounding_box()
        assert (box["width"], box["height"]) == (1280, 720)


@one_deck
def test_the_countdown_runs_and_pauses(show, address):
    page = show(address)
    page.clock.install()
    page.reload()
    page.wait_for_function("window.Reveal?.isReady()")
    slide = page.evaluate(
        "Reveal.getSlides().findIndex((slide) => slide.querySelector('.exercise'))"
    )
    page.evaluate("(slide) => Reveal.slide(slide)", slide)
    countdown = page.locator("section.present .countdown")
    minutes = int(countdown.get_attribute("data-minutes"))
    expect(countdown).to_have_text(f"{minutes}:00")
    page.keyboard.press("t")
    page.clock.fast_forward(61_000)
    expect(countdown).to_have_text(f"{minutes - 2}:59")
    countdown.click()
    page.clock.fast_forward(60_000)
    expect(countdown).to_have_text(f"{minutes - 2}:59")
    countdown.click()
    page.clock.fast_forward(minutes * 60_000)
    expect(countdown).to_have_text("0:00")
    page.keyboard.press("Space")  # it turns the page, and does not press the button
    assert page.evaluate("Reveal.getState().indexh") == slide + 1


@one_deck
def test_d_makes_the_slides_dark_and_light_again(show, address):
    page = show(address)
    page.evaluate("""Reveal.slide(
        Reveal.getSlides().findIndex((slide) => !slide.querySelector(".title, .break")))""")
    ground = "getComputedStyle(document.querySelector('.present > .slide')).backgroundColor"
    light = page.evaluate(ground)
    page.keyboard.press("d")
    assert page.evaluate(ground) != light
    page.keyboard.press("d")
    assert page.evaluate(ground) == light
