"""A real Chromium, and what it is watched for.

It is the machine's own Chromium; nothing is downloaded. playwright drives it. Where either is
missing, `missing` says how to get it, and the browser tests are skipped.
"""

import re
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

from workshop.rehearsing.chromium import executable

from .room import Tab, expect

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

QUIET = (  # no calls home, no sandbox within the containers that tests often run in
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
)
WINDOW = {"width": 1280, "height": 720}  # pixels: a projector's
PATIENCE = 60_000  # milliseconds; only a test that fails waits for them

HERE = ("127.0.0.1", "localhost")
WITHOUT_NETWORK = ("file", "data", "blob", "about")
# What Chromium itself says about a server that went away: the page tells its reader about that.
ABOUT_THE_SERVER = r"WebSocket connection to |.*net::ERR_(?:CONNECTION_|SOCKET_|EMPTY_RESPONSE)"


@cache
def missing() -> str | None:
    """What is missing for a real browser, and how to get it; None if nothing is."""
    if sync_playwright is None:
        return f"playwright is missing: uv pip install -p {sys.executable} -r requirements-dev.txt"
    path = executable()
    if not path:
        return "Chromium is missing: apt install chromium, or give its path in WORKSHOP_CHROMIUM."
    try:  # a snap's launcher may be there without its snap
        subprocess.run([path, "--version"], capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return f"Chromium cannot be run: {path} --version fails. Is it the right path?"
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


class Profiles(dict):
    """Browsers of several people, by name: each has a cache, storage and channels of its own.

    They are kept for all tests: a page that finds its scripts in the cache takes a third of the
    time.
    """

    def __init__(self, browser):
        self._browser = browser

    def __missing__(self, name: str):
        self[name] = self.new()
        return self[name]

    def new(self, **options):
        """A browser of somebody new; the options are those of playwright's new_context."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context


class Visits:
    """Opens pages in tabs, watches them and closes them.

    visit(server, "/chat/") opens a server's path, visit("file:///…") an address, in a new tab of
    Ana's browser, or of somebody else's: visit(…, of="Ben"). Options of playwright's new_context,
    such as offline=True, give the page a browser of its own.
    """

    def __init__(self, profiles: Profiles):
        self.watch = Watch()
        self._profiles = profiles
        self._to_close = []

    def __call__(
        self,
        where,
        path: str = "",
        of: str = "Ana",
        viewport=WINDOW,
        color_scheme: str | None = None,  # "light" or "dark"
        reduced_motion: str | None = None,  # "reduce"
        **options,
    ):
        context = self._profiles.new(**options) if options else self._profiles[of]
        page = context.new_page()
        self._to_close.append(context if options else page)
        self.watch.over(page)
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.goto((where if isinstance(where, str) else f"http://{where.address}") + path)
        return page

    def enter(self, server, room: str = "lobby", **options) -> Tab:
        """A tab in a room of the chat, once its connection is open."""
        return Tab(self(server, f"/chat/{room}/", **options)).is_open()

    def end(self) -> None:
        """Close all pages. Fails if one of them did something that pages must not do."""
        for opened in self._to_close:
            opened.close()
        assert self.watch.complaints == []


class Watch:
    """Everything that pages must not do: raise, complain, open a dialog, ask another host."""

    def __init__(self):
        self.requests: list[str] = []  # addresses, those of WebSockets too
        self.complaints: list[str] = []

    def over(self, page) -> None:
        """Watch a page, and the windows that it opens, from now on."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda websocket: self._asked(websocket.url))
        page.on("pageerror", lambda error: self.complaints.append(f"raised: {error}"))
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("popup", self.over)

    def excuse(self, words: str) -> None:
        """Drop the complaints with these words: what they are about is meant to be."""
        self.complaints[:] = [line for line in self.complaints if words not in line]

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
