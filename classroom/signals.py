"""What goes over the channel layer: that something has changed, and not what.

Whoever hears it reads the database. So an event that is lost or comes twice does no harm, and it
doesn't matter which server process changed it.
"""

import time

from channels.layers import get_channel_layer

SEATS, BOARD, SCREEN, CHAT = "seats", "board", "screen", "chat"


def of_seat(seat_id: int) -> str:
    return f"seat.{seat_id}"


async def changed(*groups: str) -> None:
    layer = get_channel_layer()
    for group in groups:
        # When: whoever has read the database since then has seen it.
        await layer.group_send(group, {"type": "changed", "at": time.time()})


async def said() -> None:
    await get_channel_layer().group_send(CHAT, {"type": "said"})


async def gone(seat_id: int) -> None:
    await get_channel_layer().group_send(of_seat(seat_id), {"type": "gone"})
