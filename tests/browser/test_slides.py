"""The slides, each one inspected in a real browser without a network."""

import re

import pytest

from workshop.building import deck

from ..decks import built
from .browsing import expect

SMALLEST = 24  # pixels of a letter's size, on a slide of 1280 by 720
DECKS = deck.names()

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
