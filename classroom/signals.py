"""What goes over the channel layer: that something has changed, and not what.

Whoever hears it reads the database. So an event that is lost or comes twice does no harm, and it
doesn't matter which server process changed it. And many changes of a moment need only one event.
"""

import asyncio
import logging
import time

from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

SEATS, BOARD, SCREEN, CHAT = "seats", "board", "screen", "chat"
# Seconds between two events to a group. All seats have a page in these two groups, so what several
# server processes tell counts together; the instructor's pages pause themselves (consumers.py).
PAUSE = {SEATS: 0.1 * settings.PROCESSES, CHAT: 0.5 * settings.PROCESSES}
AGAIN = 15  # seconds after which all pages are told, whether or not something is known to be new

_telling: dict[str, asyncio.Task] = {}  # group: what tells it, and then waits for the next change
_again: set[str] = set()  # groups for which there is one
_always: asyncio.Task | None = None


def of_seat(seat_id: int) -> str:
    return f"seat.{seat_id}"


def changed(*groups: str) -> None:
    """The first of several changes is told at once, the others together after a pause. Nobody waits
    for Redis: what was stored stays stored, and its sender can be told so."""
    for group in groups:
        if group in _telling:
            _again.add(group)
        else:
            _telling[group] = asyncio.create_task(_tell(group))


async def _tell(group: str) -> None:
    try:
        while True:
            _again.discard(group)
            # When, and for whom: whoever has read the database since then has seen it.
            await _send(group, {"type": "changed", "at": time.time(), "group": group})
            await asyncio.sleep(PAUSE.get(group, 0))
            if group not in _again:
                break
    finally:
        del _telling[group]


async def gone(seat_id: int) -> None:
    await _send(of_seat(seat_id), {"type": "gone"})


async def _send(group: str, event: dict) -> None:
    try:
        await get_channel_layer().group_send(group, event)
    except (OSError, RedisError) as error:  # they are told again, see below
        log.warning("nobody heard of a change, %s: %s", group, error)


def tell_always() -> None:
    """What changes while Redis is away is heard by nobody, and a page whose connection it did not
    cost would never know. So from now on, this process tells all pages from time to time."""
    global _always
    if _always is None or _always.done():
        _always = asyncio.create_task(_tell_always())


async def _tell_always() -> None:
    while True:
        await asyncio.sleep(AGAIN)
        changed(SEATS, BOARD, SCREEN, CHAT)
