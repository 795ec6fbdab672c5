"""A deck as its presenter has it: the presentation, and the speaker's window beside it."""

import re

from .browsing import PATIENCE, expect

CALM = {"width": 1280, "height": 720}


class Slideshow:
    """Decks in a browser without a network. At the end they must have asked for nothing but
    themselves, and complained of nothing."""

    def __init__(self, chromium, **options):
        self.context = chromium.new_context(viewport=CALM, offline=True, **options)
        self.context.set_default_timeout(PATIENCE)
        self._asked, self._complaints, self._own = set(), [], set()
        self.context.on("request", lambda request: self._asked.add(without_query(request.url)))
        self.context.on("weberror", lambda error: self._complaints.append(str(error.error)))
        self.context.on("console", self._console)

    def _console(self, message) -> None:
        self._complaints.append(f"{message.type}: {message.text}")

    def show(self, address: str, query: str = ""):
        self._own.add(address)
        page = self.context.new_page()
        page.goto(address + query)
        ready(page)
        return page

    def speakers_window(self, page):
        """Opened with the key S, once both of its slides are there."""
        with self.context.expect_page() as opening:
            page.keyboard.press("s")
        window = opening.value
        for frame in ("#current-slide", "#upcoming-slide"):
            window.frame_locator(f"{frame} iframe").locator("section.present").wait_for()
        expect(window.locator("#connection-status")).to_be_hidden()
        return window

    def end(self) -> None:
        self.context.close()
        assert {name for name in self._asked if not name.startswith("data:")} == self._own
        assert self._complaints == []


def ready(page) -> None:
    page.wait_for_function("window.Reveal?.isReady()")


def without_query(address: str) -> str:
    return re.split(r"[?#]", address)[0]
