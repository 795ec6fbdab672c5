"""The decks of the day, for the instructor's browser: with a script that connects them to the room.

A deck in build/slides/ is left as it is. What is added here finds the slides with questions and
exercises, and speaks over the sockets of the board and the screen: static/classroom/deck.js.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string

from workshop import manifest

from . import messages

DAY = "00_the_day"  # all decks of the core in one page
BUILT = manifest.ROOT / "build" / "slides"
# A deck is one file, with its styles and scripts in it. The speaker's window shows it in frames.
POLICY = (
    "default-src 'self' 'unsafe-inline'; connect-src 'self' {sockets}; "
    "img-src 'self' data:; font-src data:; frame-ancestors 'self'; base-uri 'none'"
)

_building: asyncio.Task | None = None


def names() -> list[str]:
    return [DAY, *(name for track in manifest.tracks() for name in track.decks)]


def are_built() -> str | None:
    """Builds the decks where they are missing or older than their texts, once for this process.
    None while it does; then what the program said if it failed, otherwise nothing."""
    global _building
    if _building is None:
        _building = asyncio.create_task(_build())
    if not _building.done():
        return None
    problem = _building.result()
    if problem:
        _building = None  # whoever asks again tries again
    return problem


async def _build() -> str:
    command = [sys.executable, "-m", "workshop", "slides", "--no-browser"]
    options = {"cwd": manifest.ROOT, "stdin": asyncio.subprocess.DEVNULL}
    program = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, **options)
    said, _ = await program.communicate()
    return said.decode(errors="replace") if program.returncode else ""


def page(name: str) -> HttpResponse:
    deck = (BUILT / f"{name}.html").read_text(encoding="utf-8")
    fields = messages.field_names(messages.FROM_BOARD + messages.TO_PAGES)
    before, end, after = deck.rpartition("</body>")
    added = render_to_string("classroom/deck.html", {"fields": fields})
    response = HttpResponse(before + added + end + after)
    sockets = " ".join(f"ws{origin.removeprefix('http')}" for origin in settings.ORIGINS)
    response["Content-Security-Policy"] = POLICY.format(sockets=sockets)
    return response
