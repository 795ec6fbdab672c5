#!/usr/bin/env python3
"""Makes docs/room.png, the picture of the chat room in the README.

    .venv/bin/python docs/screenshot.py

Two browsers, Ana's and Ben's, talk in one room of the finished chat. The server and its Redis are
started on free ports, and stopped. It takes about 10 s, and needs what tests/browser needs:
requirements-dev.txt and Chromium.
"""

import asyncio
import base64
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.browsing import Profiles, Visits, chromium, missing  # noqa: E402
from workshop import ports, redis_server  # noqa: E402
from workshop.checking.processes.server import Server  # noqa: E402
from workshop.manifest import finished_chat  # noqa: E402

PICTURE = ROOT / "docs" / "room.png"
WINDOW = {"width": 660, "height": 860}  # pixels of one browser window
SHARPNESS = 1.25  # pixels of the picture for one of the window
LARGEST = 300_000  # bytes

TALK = [
    ("Ana", "Hello, is anybody in this room?"),
    ("Ben", "Yes, I am! Your words came over Redis."),
    ("Ana", "So <b>nothing</b> was shown before the server sent it? ☺"),
    ("Ben", "Nothing. The wire panel has it all, byte by byte."),
]

# The two windows, side by side, as on a projector.
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


def take(visit: Visits, server: Server, picture: Path) -> None:
    """Let Ana and Ben talk, and save what their two windows show."""
    look = {"color_scheme": "light", "reduced_motion": "reduce", "device_scale_factor": SHARPNESS}
    tabs = {
        name: visit.enter(server, "lobby", viewport=WINDOW, **look).rename(name)
        for name in ("Ana", "Ben")
    }
    said = []
    for name, text in TALK:
        tabs[name].say(text)
        said.append(text)
        for tab in tabs.values():
            tab.hears(*said)
    figures = []
    for tab in tabs.values():
        data = base64.b64encode(tab.page.screenshot()).decode()
        figures.append(FIGURE.format(title=tab.page.title(), data=data))
    album = visit("about:blank", viewport={"width": 1404, "height": 1000}, **look)
    album.set_content(FRAME.format(figures="".join(figures), width=WINDOW["width"]))
    album.locator("body").screenshot(path=picture)


def main() -> None:
    if reason := missing():
        sys.exit(reason)
    with redis_server.private() as redis:
        os.environ["REDIS_URL"] = redis.url
        server = Server(finished_chat().solution, ports.next_free(8000))
        try:
            asyncio.run(server.starts())
            with chromium() as browser:
                visits = Visits(Profiles(browser))
                take(visits, server, PICTURE)
                visits.end()
        finally:
            server.stop()
    size = PICTURE.stat().st_size
    if size > LARGEST:
        sys.exit(f"{PICTURE} has {size} bytes; for the README it should have {LARGEST} at most.")
    print(f"{PICTURE}: {size // 1000} kB")


if __name__ == "__main__":
    main()
