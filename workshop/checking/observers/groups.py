"""What the channel layer's store holds: the groups of a Redis, seen from outside.

Seen with channels_redis 4.3: the core layer keeps a group as a sorted set of channel names
(`asgi:group:chat_lobby`), the pubsub layer as a Redis channel that each process subscribes to
(`asgi__group__chat_lobby`). Names, prefixes and database numbers are the attendee's choice, so a
group is found by what appears when a room fills. Nothing is written.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager

import redis.asyncio as redis

from workshop import redis_server
from workshop.checking import failures, patience
from workshop.checking.events import LayerMade
from workshop.checking.observers.room import Room
from workshop.checking.processes.program import Program

GONE_WITHIN = patience.seconds(2)  # only a check that fails waits for them
ROOM_OF_A_CHECK = re.compile(r"r[0-9a-f]{12}")
KEYS_READ = 20_000


class Groups:
    """The groups that the Redis of the channel layer holds: that of `programs`, the servers, as far
    as they have reported it; else the workshop's."""

    def __init__(self, programs: Sequence[Program] = ()):
        self._programs = programs

    @asynccontextmanager
    async def of(self, room: Room):
        """The group of a room that nobody has joined yet."""
        stores = [_client(host) for host in self._hosts()]
        try:
            yield Group(stores, room, await names(stores))
        finally:
            for client in stores:
                await client.aclose(close_connection_pool=True)

    def _hosts(self) -> list[dict]:
        """How to reach each Redis of the layer: none, where it keeps its groups elsewhere."""
        made = [
            event
            for program in self._programs
            for event in program.log.events
            if isinstance(event, LayerMade)
        ]
        if not made:
            return [{"address": redis_server.url()}]
        hosts = [host for event in made for host in event.hosts or ()]
        return [host for number, host in enumerate(hosts) if host not in hosts[:number]]


def _client(host: dict) -> redis.Redis:
    """A client with the options that the layer uses for its own."""
    from channels_redis.utils import create_pool

    options = {"socket_timeout": patience.seconds(10), "protocol": 2}
    return redis.Redis(connection_pool=create_pool({**options, **host}))


class Group:
    def __init__(self, stores: list[redis.Redis], room: Room, before: set[str]):
        self._stores = stores
        self._room = room
        self._before = before
        self._names: set[str] = set()

    async def is_filled(self) -> None:
        """Remember what appeared in the store. That may be nothing: the layer may be in memory."""
        new = await names(self._stores) - self._before
        named = {name for name in new if self._room.name in name}
        # A name that doesn't contain its room (a hash, for example) is any that no other check
        # owns.
        self._names = named or {name for name in new if not ROOM_OF_A_CHECK.search(name)}

    async def is_empty(self) -> None:
        """Return when the store no longer has the group. Raises StillInGroup after GONE_WITHIN."""
        end = time.monotonic() + GONE_WITHIN
        while left := self._names & await names(self._stores):
            if time.monotonic() > end:
                raise failures.StillInGroup(
                    "Redis",
                    "Everyone has left, but Redis still has the group "
                    f"{', '.join(name.partition(':')[2] or name for name in left)}.",
                )
            await asyncio.sleep(0.02)


async def names(stores: list[redis.Redis]) -> set[str]:
    """The names of all sorted sets of all databases, and of all channels subscribed to."""
    return {name for client in stores for name in await _names(client)}


async def _names(client: redis.Redis) -> set[str]:
    found = set()
    with contextlib.suppress(redis.ConnectionError):  # one of several that nobody has asked yet
        found |= {name.decode(errors="replace") for name in await client.pubsub_channels()}
        for database in await client.info("keyspace"):
            number = int(database.removeprefix("db"))
            await client.execute_command("SELECT", number)
            async for key in client.scan_iter(count=1000, _type="zset"):
                found.add(f"{number}:{key.decode(errors='replace')}")
                if len(found) > KEYS_READ:
                    return found
    return found
