"""The chat with a relay on real servers, and what it rests on: Uvicorn, layers, shards."""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import replace

import pytest
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.programs import redis
from benchmarks.room.chats import CHATS
from tests.conftest import run_coroutine

pytest.importorskip("uvicorn", reason="the group scale of requirements.txt")

CHAT = {chat.name: chat for chat in CHATS}["relay-uvicorn-pubsub"]
LIMIT = 120  # seconds, which only what hangs takes


def opened(server, cookie: str, room: str = "lobby", query: str = ""):
    return connect(
        f"ws://127.0.0.1:{server.port}/ws/chat/{room}/{query}",
        origin=f"http://127.0.0.1:{server.port}",
        additional_headers={"Cookie": cookie},
        open_timeout=LIMIT,
    )


async def hears(browser, text: str) -> dict:
    async with asyncio.timeout(LIMIT):
        while (frame := json.loads(await browser.recv())).get("message") != text:
            pass
    return frame


async def says(browser, text: str) -> None:
    await browser.send(json.dumps({"message": text}))


def test_three_servers_on_two_shards_share_their_rooms():
    async def play(servers, cookie):
        for room in ("lobby", "kitchen"):  # their groups are on different shards
            async with contextlib.AsyncExitStack() as stack:
                browsers = [
                    await stack.enter_async_context(opened(server, cookie, room))
                    for server in servers
                ]
                for browser in browsers:
                    await says(browser, f"in {room}")
                    for other in browsers:
                        await hears(other, f"in {room}")

    with redis() as second, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL_2", f"redis://127.0.0.1:{second.port}")
        three = replace(CHAT, processes=3, layer="its own")
        with three.running() as (servers, first, cookie):
            before = [commands(store) for store in (first, second)]
            run_coroutine(play(servers, cookie))
            after = [commands(store) for store in (first, second)]
    assert all(now > then for now, then in zip(after, before, strict=True))


def commands(store) -> int:
    """How many messages a Redis was given to publish."""
    import redis as client

    with client.Redis(port=store.port) as connection:
        return connection.info("commandstats").get("cmdstat_publish", {}).get("calls", 0)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM")
def test_a_server_that_is_stopped_says_so_and_its_browsers_miss_nothing():
    async def play(servers, cookie):
        stopped, other = servers
        async with opened(stopped, cookie) as ana, opened(other, cookie) as ben:
            await says(ben, "one")
            last = await hears(ana, "one")
            os.kill(stopped._processes()[0].pid, signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                await hears(ana, "never said")
            assert closed.value.rcvd.code == 1012  # Service Restart
            await says(ben, "meanwhile")
            await hears(ben, "meanwhile")
            async with opened(other, cookie, query=f"?after={last['id']}") as again:
                async with asyncio.timeout(LIMIT):
                    first = json.loads(await again.recv())
                assert first["message"] == "meanwhile"

    with replace(CHAT, processes=2).running() as (servers, _, cookie):
        run_coroutine(play(servers, cookie))


LAYERS = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}


@pytest.mark.parametrize(
    ("layer", "prefix", "heard"),
    [
        ("core", None, True),
        ("core", "relay", False),  # all who wait share a lock, and its holder reads its own prefix
        ("pubsub", None, True),
        ("pubsub", "relay", True),
    ],
)
def test_which_channel_a_relay_can_have_while_consumers_wait(layer, prefix, heard):
    async def play(port):
        made = LAYERS[layer](hosts=[f"redis://127.0.0.1:{port}"])
        consumer = asyncio.create_task(made.receive(await made.new_channel()))
        while layer == "core" and not (made.receive_lock and made.receive_lock.locked()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the layer tells nobody who has its lock
        channel = await made.new_channel(**({"prefix": prefix} if prefix else {}))
        await made.group_add("room", channel)
        relay = asyncio.create_task(made.receive(channel))
        await asyncio.sleep(0)
        await made.group_send("room", {"type": "chat.message", "id": 1})
        done, _ = await asyncio.wait([relay], timeout=LIMIT if heard else 2)
        for task in (consumer, relay):
            task.cancel()
        await asyncio.wait([consumer, relay])
        await made.flush()
        return bool(done)

    with redis() as store:
        assert run_coroutine(play(store.port)) is heard
