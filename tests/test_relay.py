"""The chat of benchmarks/relay on real servers, and what it rests on: Uvicorn, layers, shards."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.programs import Program, redis
from benchmarks.room.chats import CHATS
from tests.conftest import ROOT, run_coroutine

pytest.importorskip("uvicorn", reason="requirements-dev.txt")

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


def test_the_chats_own_tests_pass(tmp_path):
    variables = {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    with CHAT.project() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            encoding="utf-8",
        )
    assert done.returncode == 0, done.stdout + done.stderr


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


def caddy() -> str | None:
    return shutil.which(
        "caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )


@pytest.mark.skipif(os.name != "posix", reason="a server is held up with SIGSTOP")
@pytest.mark.skipif(caddy() is None, reason="benchmarks/relay/requirements.txt is not installed")
def test_caddy_sends_no_browser_to_a_server_that_does_not_answer(monkeypatch):
    async def browsers_of(server) -> int:
        async with httpx.AsyncClient(timeout=LIMIT) as client:
            return (await client.get(f"http://127.0.0.1:{server.port}/health/")).json()["browsers"]

    def is_known_to_fail(server, proxy) -> bool:
        return any(
            "health_checker.active" in line and f"127.0.0.1:{server.port}" in line
            for line in proxy.log().splitlines()
        )

    async def play(servers, proxy, cookie):
        held_up, stopped = (psutil.Process(server._processes()[0].pid) for server in servers)
        async with contextlib.AsyncExitStack() as stack:

            async def open_another():
                return await stack.enter_async_context(opened(proxy, cookie))

            held_up.suspend()
            # A browser that comes before Caddy has noticed waits for this server until it gives up.
            async with asyncio.timeout(LIMIT):
                while not is_known_to_fail(servers[0], proxy):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            browsers = [await open_another() for _ in range(4)]
            held_up.resume()
            assert await browsers_of(servers[1]) == 4
            last = await says_and_hears(browsers)
            stopped.terminate()
            for browser in browsers:
                with pytest.raises(ConnectionClosed) as closed:
                    await hears(browser, "never said")
                assert closed.value.rcvd.code == 1012
            again = await stack.enter_async_context(opened(proxy, cookie, query=f"?after={last}"))
            await says_and_hears([again])
            assert await browsers_of(servers[0]) >= 1

    async def says_and_hears(browsers) -> int:
        await says(browsers[0], "hello")
        return [await hears(browser, "hello") for browser in browsers][0]["id"]

    with replace(CHAT, processes=2).running() as (servers, _, cookie):
        addresses = " ".join(f"127.0.0.1:{server.port}" for server in servers)
        config = str(CHAT.changes / "Caddyfile")
        command = ["run", "--adapter", "caddyfile", "--config", config]
        # A program's environment is not formatted as its command is: a shell hands the port over.
        shell = f'PORT={{port}} SERVERS=\'{addresses}\' exec "$0" "$@"'
        with Program("/bin/sh", "-c", shell, caddy(), *command) as proxy:
            run_coroutine(play(servers, proxy, cookie))
