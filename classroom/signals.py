"""What goes over the channel layer: that something has changed, and not what.

Whoever hears it reads the database. So an event that is lost or comes twice does no harm, and it
doesn't matter which server process changed it.
"""

import logging
import time

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

SEATS, BOARD, SCREEN, CHAT = "seats", "board", "screen", "chat"


def of_seat(seat_id: int) -> str:
    return f"seat.{seat_id}"


async def _send(group: str, event: dict) -> None:
    """Without Redis, nobody hears it. Nobody has to: the pages lose their connections too, and read
    everything when they come back. What was stored stays stored, and its sender is told so."""
    try:
        await get_channel_layer().group_send(group, event)
    except (OSError, RedisError) as error:
        log.warning("nobody heard of a change, %s: %s", group, error)


async def changed(*groups: str) -> None:
    for group in groups:
        # When, and for whom: whoever has read the database since then has seen it.
        await _send(group, {"type": "changed", "at": time.time(), "group": group})


async def said() -> None:
    await _send(CHAT, {"type": "said", "at": time.time()})


async def gone(seat_id: int) -> None:
    await _send(of_seat(seat_id), {"type": "gone"})
