"""What the channel layer's store holds: the groups of a Redis, seen from outside.

Seen with channels_redis 4.3: the core layer keeps a group as a sorted set of channel names
(`asgi:group:chat_lobby`), the pubsub layer as a Redis channel that each process subscribes to
(`asgi__group__chat_lobby`). Names, prefixes and database numbers are the attendee's choice, so a
group is found by what appears when a room fills. Nothing is written.
"""

import asyncio
import re
import time
from contextlib import asynccontextmanager

import redis.asyncio as redis

from workshop import redis_server
from workshop.checking import failures, patience
from workshop.checking.observers.room import Room

GONE_WITHIN = patience.seconds(2)  # only a check that fails waits for them
ROOM_OF_A_CHECK = re.compile(r"r[0-9a-f]{12}")
KEYS_READ = 20_000


class Groups:
    """The groups that the Redis of this machine holds."""

    @asynccontextmanager
    async def of(self, room: Room):
        """The group of a room that nobody has joined yet."""
        client = redis.from_url(redis_server.url(), socket_timeout=patience.seconds(10), protocol=2)
        try:
            yield Group(client, room, await names(client))
        finally:
            await client.aclose()


class Group:
    def __init__(self, client: redis.Redis, room: Room, before: set[str]):
        self._client = client
        self._room = room
        self._before = before
        self._names: set[str] = set()

    async def is_filled(self) -> None:
        """Remember what appeared in the store. Nothing may: the layer may live in memory."""
        new = await names(self._client) - self._before
        named = {name for name in new if self._room.name in name}
        # A name that does not tell its room (a hash of it, say) is any that no other check owns.
        self._names = named or {name for name in new if not ROOM_OF_A_CHECK.search(name)}

    async def is_empty(self) -> None:
        """Return when the store holds the group no more. Raises StillInGroup after GONE_WITHIN."""
        end = time.monotonic() + GONE_WITHIN
        while left := self._names & await names(self._client):
            if time.monotonic() > end:
                raise failures.StillInGroup(
                    "Redis",
                    "Everybody has left, and Redis still holds the group "
                    f"{', '.join(name.partition(':')[2] or name for name in left)}.",
                )
            await asyncio.sleep(0.02)


async def names(client: redis.Redis) -> set[str]:
    """The names of all sorted sets of all databases, and of all channels subscribed to."""
    found = {name.decode(errors="replace") for name in await client.pubsub_channels()}
    for database in await client.info("keyspace"):
        number = int(database.removeprefix("db"))
        await client.execute_command("SELECT", number)
        async for key in client.scan_iter(count=1000, _type="zset"):
            found.add(f"{number}:{key.decode(errors='replace')}")
            if len(found) > KEYS_READ:
                return found
    return found
