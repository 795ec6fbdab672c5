"""What step 4's README says of the channel layer: it may lose an event."""

import asyncio

from channels_redis.core import RedisChannelLayer
from redis.asyncio import Redis

from workshop import redis_server

from .conftest import run_coroutine

HELLO, NEXT = {"type": "chat.message", "id": 1}, {"type": "chat.message", "id": 2}


def test_an_event_is_lost_with_the_consumer_that_fetches_it(monkeypatch):
    """One of the consumers of a process fetches for all. Here it ends after Redis has handed out
    the event and before the layer has noted that it has it."""
    with redis_server.private() as redis:
        assert run_coroutine(_lost(redis.url, monkeypatch)) == NEXT


async def _lost(url: str, monkeypatch) -> dict:
    layer = RedisChannelLayer(hosts=[url])
    fetched = asyncio.Event()
    zadd = Redis.zadd

    async def notes(self, key, *arguments, **options):
        if "$inflight" in str(key):
            fetched.set()
            await asyncio.Event().wait()
        return await zadd(self, key, *arguments, **options)

    leaving, staying = await layer.new_channel(), await layer.new_channel()
    with monkeypatch.context() as patch:
        patch.setattr(Redis, "zadd", notes)
        fetching = asyncio.create_task(layer.receive(leaving))
        await layer.send(staying, HELLO)
        await fetched.wait()
        fetching.cancel()
        await asyncio.wait([fetching])
    await layer.send(staying, NEXT)
    try:
        return await layer.receive(staying)
    finally:
        await layer.close_pools()
