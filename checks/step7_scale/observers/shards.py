"""Which Redis has which rooms."""

from collections.abc import Iterable

import redis.asyncio as redis

from workshop.checking import patience
from workshop.checking.observers.groups import names
from workshop.checking.observers.room import Room


async def has_any(url: str, rooms: Iterable[Room]) -> bool:
    """Whether the Redis at this address has a group of one of these rooms."""
    client = redis.from_url(url, protocol=2, socket_timeout=patience.seconds(10))
    try:
        there = await names([client])
    finally:
        await client.aclose()
    return any(room.name in name for room in rooms for name in there)
