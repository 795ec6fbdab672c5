"""A real Chromium, and what it is watched for.

Chromium is the one that the machine has; nothing is downloaded. playwright drives it. Where either
is missing, `missing` says how to get it, and the browser tests are skipped.
"""

import os
import re
import shutil
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

from .room import Tab, expect

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (  # no calls home, no sandbox within the containers that tests often run in
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
)
WINDOW = {"width": 1280, "height": 720}  # pixels: a projector's
PATIENCE = 20_000  # milliseconds; only a test that fails waits for them

HERE = ("127.0.0.1", "localhost")
WITHOUT_NETWORK = ("file", "data", "blob", "about")
# What Chromium itself says about a server that went away: the page tells it to its reader.
ABOUT_THE_SERVER = r"WebSocket connection to |.*net::ERR_(?:CONNECTION_|SOCKET_|EMPTY_RESPONSE)"


def executable() -> str | None:
    """Chromium's path: the variable WORKSHOP_CHROMIUM, else the first one on the PATH."""
    return os.environ.get("WORKSHOP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str | None:
    """What is missing for a real browser, and how to get it; None if nothing is."""
    if sync_playwright is None:
        return f"playwright is missing: {sys.executable} -m pip install -r requirements-dev.txt"
    if not executable():
        return "Chromium is missing: apt install chromium, or give its path in WORKSHOP_CHROMIUM"
    return None


@contextmanager
def chromium():
    """A running Chromium, as playwright's Browser."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


class Visits:
    """Opens pages, watches them and closes them.

    visit(server, "/chat/") opens a server's path, visit("file:///…") an address, each in a browser
    of its own; visit(…, beside=page) in another tab of the same browser. Further arguments are
    playwright's for a new browser context: viewport, color_scheme ….
    """

    def __init__(self, browser):
        self.watch = Watch()
        self._browser = browser
        self._contexts = []

    def __call__(self, where, path: str = "", beside=None, **options):
        if beside:
            context = beside.context
        else:
            context = self._browser.new_context(**{"viewport": WINDOW, **options})
            context.set_default_timeout(PATIENCE)
            self.watch.over(context)
            self._contexts.append(context)
        page = context.new_page()
        page.goto((where if isinstance(where, str) else f"http://{where.address}") + path)
        return page

    def enter(self, server, room: str = "lobby", beside: Tab | None = None, **options) -> Tab:
        """A tab in a room of the chat, once its connection is open."""
        page = self(server, f"/chat/{room}/", beside=beside and beside.page, **options)
        return Tab(page).is_open()

    def end(self) -> None:
        """Close all pages. Fails if one of them did what pages must not do."""
        for context in self._contexts:
            context.close()
        assert self.watch.complaints == []


class Watch:
    """Everything that pages must not do: raise, complain, open a dialog, ask another host."""

    def __init__(self):
        self.requests: list[str] = []  # addresses, those of WebSockets too
        self.complaints: list[str] = []

    def over(self, context) -> None:
        """Watch every page of a browser context, from now on."""
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", lambda page: page.on("websocket", lambda ws: self._asked(ws.url)))
        context.on("weberror", lambda error: self.complaints.append(f"raised: {error.error}"))
        context.on("dialog", self._dialog)
        context.on("console", self._console)

    def _asked(self, address: str) -> None:
        self.requests.append(address)
        parts = urlsplit(address)
        if parts.scheme not in WITHOUT_NETWORK and parts.hostname not in HERE:
            self.complaints.append(f"asked another host: {address}")

    def _dialog(self, dialog) -> None:
        self.complaints.append(f"opened a dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message) -> None:
        expected = re.match(ABOUT_THE_SERVER, message.text)
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")
