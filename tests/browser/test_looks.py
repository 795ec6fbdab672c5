"""For everyone: no barriers that axe-core can find, in light and dark, on narrow screens too."""

import json

import pytest

from .browsing import WINDOW, Visits, expect

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:  # then playwright is missing too, and the tests are skipped
    Axe = None

THEMES = ("light", "dark")
PHONE = {"width": 360, "height": 740}  # pixels
WIDTHS = (360, 660, 1280)
PAGES = ("step 1", "lobby", "room", "closed room")
UNBROKEN = "wide" * 200

# Of the page's ground: 0 is black, 1 is white.
BRIGHTNESS = """() => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = getComputedStyle(document.body).backgroundColor;
    pen.fillRect(0, 0, 1, 1);
    return Math.max(...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)) / 255;
}"""

# Whatever extends over the right edge, except inside something that scrolls or clips.
OUTSIDE = """() => {
    const cut = element =>
        element !== document.body &&
        (getComputedStyle(element).overflowX !== "visible" || cut(element.parentElement));
    return [...document.body.querySelectorAll("*")]
        .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
        .filter(element => !cut(element.parentElement))
        .map(element => element.outerHTML.slice(0, 80));
}"""


def open_page(name, visit, server):
    """One of PAGES, with something in it."""
    calm = {"color_scheme": "light", "reduced_motion": "reduce"}
    if name == "step 1":
        page = visit(server("step1"), "/", **calm)
        expect(page.locator("#state")).to_have_text("beating")
    elif name == "lobby":
        page = visit(server("step2"), "/chat/", **calm)
        page.get_by_role("button").click()  # without a name: the page says so
        expect(page.get_by_role("alert")).not_to_be_empty()
    elif name == "room":
        tab = visit.enter(server("unruly"), "looks", **calm)
        labeled = {"message": "hello", "from": "Ana", "number": 7}
        for frame in (labeled, {"message": ""}, {"number": 7}, {"notice": "Hi"}):
            tab.say(f"text {json.dumps(frame)}")
        tab.say("text no JSON")
        tab.say("binary 00")
        tab.hears("hello", "")
        expect(tab.page.locator("#messages .odd")).to_have_count(3)
        tab.input.press("Enter")  # nothing to send: the page says so
        page = tab.page
    else:
        page = visit(server("step2_begun"), f"/chat/{'r' * 50}/", **calm)
        expect(page.locator("#meaning")).not_to_be_empty()
    return page


@pytest.fixture(scope="module", params=PAGES)
def page(request, profiles):
    visits = Visits(profiles)
    yield open_page(request.param, visits, request.getfixturevalue)
    visits.end()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_barriers(page, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size(WINDOW)
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


def test_light_is_light_and_dark_is_dark(page):
    brightness = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        brightness[theme] = page.evaluate(BRIGHTNESS)
    assert brightness["light"] > 0.9 and brightness["dark"] < 0.2


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_over_the_edge(page, width):
    page.set_viewport_size({**PHONE, "width": width})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []


def test_long_text_does_not_make_the_page_scroll_sideways(enter, unruly):
    tab = enter(unruly, room="w" * 50)
    labels = {"message": UNBROKEN, UNBROKEN[:50]: UNBROKEN, "list": [UNBROKEN]}
    tab.say(f"text {json.dumps(labels)}")
    tab.say(f"text {UNBROKEN}")
    tab.hears(UNBROKEN)
    expect(tab.page.locator("#messages .odd")).to_have_count(1)
    tab.rename("W" * 24)
    for width in WIDTHS:
        test_nothing_reaches_over_the_edge(tab.page, width)


def test_a_phone_has_room_for_the_conversation(enter, unruly):
    """The message field, its button and the newest message are within the screen."""
    tab = enter(unruly, viewport=PHONE)
    tab.say("many 30")
    expect(tab.messages).to_have_count(30)
    for part in (tab.input, tab.page.get_by_role("button", name="Send"), tab.messages.last):
        expect(part).to_be_in_viewport(ratio=1)
