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

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    expect = sync_playwright = None

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (  # no calls home, no sandbox within the containers that tests often run in
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
)
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
