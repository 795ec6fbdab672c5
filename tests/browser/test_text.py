"""Text is shown as it was typed, whatever it looks like, and nothing in it is executed."""

import pytest

from .browsing import expect

HOSTILE = [
    "<img src=/never onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<svg onload=alert(1)></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<style>body { display: none }</style><link rel=stylesheet href=/never>",
    "<b>&lt;&amp;&#x41;</b> \"double\" 'single' `back` ${1 + 1} {{ 1 + 1 }} {% now 'Y' %}",
    "javascript:alert(1)",
    "__proto__",
    "null",
]
SCRIPTS = {
    "hello": "ltr",
    "مرحبا بالعالم": "rtl",
    "שלום עולם": "rtl",
    "🙂 👩‍👩‍👧‍👦 🏴‍☠️": "ltr",
    "日本語": "ltr",
}


def elements(tab):
    """How many elements of each kind there are that text could have smuggled in."""
    return tab.page.evaluate(
        """() => Object.fromEntries(
            ["img", "script", "svg", "iframe", "style", "link", "b"].map(
                name => [name, document.querySelectorAll(name).length]))"""
    )


def executed_nothing(tab, before, watch):
    assert elements(tab) == before
    assert not [address for address in watch.requests if "never" in address]
    assert tab.page.evaluate("({}).polluted") is None


@pytest.mark.parametrize("step", ["step2", "finished"])
def test_hostile_messages_are_shown_as_typed(enter, visit, step, request):
    tab = enter(request.getfixturevalue(step), "hostile")
    before = elements(tab)
    for text in HOSTILE:
        tab.say(text)
    tab.hears(*HOSTILE)
    assert tab.messages.evaluate_all("found => found.map(one => one.textContent)") == HOSTILE
    executed_nothing(tab, before, visit.watch)


def test_hostile_frames_are_shown_as_sent(enter, visit, unruly):
    """Hostile keys and values, and frames that are not messages."""
    tab = enter(unruly)
    before = elements(tab)
    frames = [
        '{"message": "labeled", "<img src=/never>": "<script>alert(1)</script>"}',
        '{"message": {"__proto__": {"polluted": 1}}}',
        '{"__proto__": {"polluted": 1}, "message": "<b>"}',
        '{"notice": "<img src=/never onerror=alert(1)>"}',
        '{"html": "<img src=/never onerror=alert(1)>"}',
        "<img src=/never onerror=alert(1)>",
    ]
    for frame in frames:
        tab.say(f"text {frame}")
    expect(tab.page.locator("#frames li.in .raw")).to_have_text(frames)
    expect(tab.page.locator("#messages li.odd code")).to_have_text(frames[4:])
    expect(tab.page.locator("#messages li.notice span")).to_have_text(
        "<img src=/never onerror=alert(1)>"
    )
    expect(tab.page.locator("#messages dt").first).to_have_text("<img src=/never>")
    expect(tab.page.locator("#messages dd").first).to_have_text("<script>alert(1)</script>")
    executed_nothing(tab, before, visit.watch)


ROOM = "<img src=x onerror=alert(1)>&lt;"
ITS_PAGE = "/chat/%3Cimg%20src=x%20onerror=alert(1)%3E&lt;/"


def test_a_hostile_name_of_a_room_is_refused_and_stays_text(visit, step2):
    page = visit(step2, ITS_PAGE)
    expect(page.get_by_role("textbox", name="Room name")).to_have_value(ROOM)
    expect(page.get_by_role("alert")).to_contain_text("this has “<”")
    visit.watch.excuse("status of 404")  # the page's own
    assert page.locator("img[src=x]").count() == 0


def test_hostile_names_of_rooms_and_tabs_stay_text(visit, unruly):
    page = visit(unruly, ITS_PAGE)
    expect(page.locator(".room-name")).to_have_text(ROOM)
    expect(page.locator("#url")).to_contain_text("/ws/chat/%3Cimg%20src%3Dx%20onerror")
    expect(page.locator("#state")).to_contain_text("Closed 1006")  # no room of the route's
    page.get_by_role("button", name="Rename").click()
    page.locator("#new-name").fill("<b onclick=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.locator("#tab-name")).to_have_text("<b onclick=alert(1)>")
    assert page.title() == f"<b onclick=alert(1)> · {ROOM}"
    assert page.locator("img, b").count() == 0


@pytest.mark.slow
def test_every_script_is_shown_in_its_direction(enter, finished, finished_too):
    ana, ben = enter(finished, "scripts"), enter(finished_too, "scripts", of="Ben")
    for text in SCRIPTS:
        ana.say(text)
    for tab in (ana, ben):
        tab.hears(*SCRIPTS)
        directions = tab.messages.evaluate_all("all => all.map(e => getComputedStyle(e).direction)")
        assert directions == list(SCRIPTS.values())
    ana.input.fill("مرحبا")
    assert ana.input.evaluate("field => getComputedStyle(field).direction") == "rtl"
