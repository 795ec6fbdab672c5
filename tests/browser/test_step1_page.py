"""Step 1's page: the server's heart stops while a view blocks the event loop, and keeps beating
while a view awaits."""

import re

import pytest

from workshop.manifest import find

from .browsing import expect

THINKING = float(find("step1").environment["THINKING_SECONDS"])
FIGURES = r"([\d.]+) s until all .* (\d) of 8 waited .* ([\d.]+) s longest pause of the heartbeat"
NOTE_STATES = """state => {
    window.states = [];
    new MutationObserver(() => states.push(state.textContent)).observe(state, { childList: true });
}"""


@pytest.fixture
def page(visit, step1):
    page = visit(step1, "/")
    expect(page.locator("#state")).to_have_text("beating")
    return page


def ask(page, view):
    """Press the view's button. Seconds until the last answer, how many waited together, the
    longest pause of the heartbeat in seconds, and whether the page said that it stopped."""
    page.locator("#state").evaluate(NOTE_STATES)
    article = page.locator(f"article[data-view={view}]")
    article.get_by_role("button").click()
    result = article.locator(".result:not(.expected)")
    expect(result).to_be_visible()
    figures = re.fullmatch(FIGURES, " ".join(result.locator("p").all_inner_texts()))
    last, together, pause = figures.groups()
    stopped = any(state.startswith("stopped for") for state in page.evaluate("states"))
    return float(last), int(together), float(pause), stopped


def test_the_heart_stops_with_the_blocking_view(page):
    last, together, pause, stopped = ask(page, "blocking")
    assert last >= 8 * THINKING and together == 1
    assert stopped and pause >= THINKING
    expect(page.locator("#state")).to_have_text("beating")


@pytest.mark.parametrize("view", ["awaiting", "threaded"])
def test_the_heart_goes_on_with_the_views_that_let_others_be_served(page, view):
    # A busy machine may stop for half a second on its own, but hardly three times in a row.
    for _ in range(3):
        last, together, _, stopped = ask(page, view)
        if not stopped:
            break
    assert not stopped
    assert together > 1 and last < 8 * THINKING


def test_all_eight_requests_are_drawn(page):
    ask(page, "awaiting")
    expect(page.locator("article[data-view=awaiting] li.answered")).to_have_count(8)


NOTE_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver(list => {
        for (const { sources } of list.getEntries())
            for (const { node, previousRect, currentRect } of sources)
                shifts.push(`${node?.nodeName} from ${previousRect.y} to ${currentRect.y}`);
    }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.parametrize("width", [390, 800, 1024, 1280, 1920])
def test_nothing_jumps_when_results_come(visit, step1, width):
    page = visit(step1, "/", viewport={"width": width, "height": 720})
    page.evaluate(NOTE_SHIFTS)
    expect(page.locator("#state")).to_have_text("beating")
    below = page.locator("article[data-view=threaded], footer")
    places = [box.bounding_box() for box in below.all()]
    article = page.locator("article[data-view=awaiting]")
    page.evaluate("scrollTo(0, 10_000)")
    scrolled = page.evaluate("scrollY")
    article.get_by_role("button").evaluate("button => button.click()")  # which does not scroll
    expect(article.get_by_role("button")).to_be_focused()
    assert page.evaluate("scrollY") == scrolled
    page.evaluate("scrollTo(0, 0)")
    assert [box.bounding_box() for box in below.all()] == places
    # Nor does the heart, while its words change from "listening" to "beating".
    assert [shift for shift in page.evaluate("shifts") if "CANVAS" in shift] == []


def test_a_button_keeps_its_place_when_its_view_fails(visit, step1):
    page = visit(step1, "/")
    page.route(re.compile("/awaiting/"), lambda route: route.fulfill(status=504))
    article = page.locator("article[data-view=awaiting]")
    place = article.get_by_role("button").bounding_box()
    article.get_by_role("button").click()
    expect(article.locator(".result")).to_contain_text("8 of 8 without an answer")
    assert article.get_by_role("button").bounding_box() == place
    visit.watch.complaints.clear()  # Chromium's, about the 504


def test_a_projector_shows_all_of_the_page(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
