"""Two thousand messages at once: the page stays quick, keeps the newest, and follows the reader."""

import pytest

from .browsing import expect

MANY = 2000
KEPT = 500

COUNT_FRAMES = """() => {
    window.drawn = 0;
    const tick = () => { drawn += 1; requestAnimationFrame(tick); };
    tick();
}"""
UP_BY = """() => {
    const { scrollTop, scrollHeight, clientHeight } = document.getElementById("messages");
    return scrollHeight - clientHeight - scrollTop;
}"""


class Work:
    """Processor time of the page's main thread, which a busy machine doesn't change."""

    def __init__(self, page):
        self._session = page.context.new_cdp_session(page)
        # https://chromedevtools.github.io/devtools-protocol/tot/Performance/
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before = self._now()

    def _now(self):
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def seconds(self):
        return self._now() - self._before


@pytest.fixture
def tab(enter, unruly):
    return enter(unruly, "flood")


def test_the_page_stays_quick(tab):
    """It took 0.8 s of work here, and 45 s when each message was drawn by itself and none
    dropped."""
    tab.page.evaluate(COUNT_FRAMES)
    work = Work(tab.page)
    tab.say(f"many {MANY}")
    tab.page.keyboard.type("typed meanwhile")
    expect(tab.messages.last).to_have_text(f"number {MANY}")
    assert work.seconds() < 15
    assert tab.page.evaluate("drawn") > 3
    expect(tab.input).to_have_value("typed meanwhile")
    expect(tab.input).to_be_focused()

    # The newest are kept, and the rest is counted.
    texts = tab.messages.all_inner_texts()
    assert texts == [f"number {n}" for n in range(MANY - KEPT + 1, MANY + 1)]
    expect(tab.page.locator("#messages-dropped")).to_contain_text("1,500 older ones")
    # One frame out, and two events, connecting and open, are in the panel too.
    expect(tab.page.locator("#frames li")).to_have_count(KEPT)
    expect(tab.page.locator("#wire-count")).to_have_text("newest 500, 1,503 older ones dropped")


def test_the_end_is_followed_only_while_the_reader_is_there(tab):
    tab.say(f"many {KEPT}")
    expect(tab.messages.last).to_have_text(f"number {KEPT}")
    expect(tab.messages.last).to_be_in_viewport(ratio=1)

    tab.messages.last.hover()
    tab.page.mouse.wheel(0, -400)
    tab.page.wait_for_function(f"({UP_BY})() > 200")
    tab.say("many 1")
    expect(tab.messages.last).to_have_text("number 1")
    expect(tab.messages.last).not_to_be_in_viewport()

    tab.page.locator("#messages").focus()
    tab.page.keyboard.press("End")
    expect(tab.messages.last).to_be_in_viewport(ratio=1)
    tab.say("many 2")
    expect(tab.messages.last).to_have_text("number 2")
    expect(tab.messages.last).to_be_in_viewport(ratio=1)
