"""`look`: what a channel layer holds in Redis, compared with what the layer itself was told."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

from workshop import looking, manifest, ports, redis_server

from .conftest import ROOT, copy_of, edit, run_coroutine

STEP3 = manifest.find("step3")
CORE, PUBSUB = (
    "channels_redis.core.RedisChannelLayer",
    "channels_redis.pubsub.RedisPubSubChannelLayer",
)


@pytest.fixture(scope="module")
def redis():
    """A Redis that no other test has groups in."""
    with redis_server.private() as redis:
        yield redis


def described(backend: str, redis, prefix: str = "asgi") -> looking.Layer:
    return looking.Layer(backend, prefix, [{"address": redis.url}])


@asynccontextmanager
async def core(redis, **options):
    layer = RedisChannelLayer(hosts=[redis.url], **options)
    try:
        yield layer
    finally:
        await layer.flush()
        await layer.close_pools()


def test_groups_their_channels_and_what_waits_are_seen(redis):
    async def seen():
        async with core(redis) as layer:
            channels = sorted([await layer.new_channel(), await layer.new_channel()])
            for channel in channels:
                await layer.group_add("chat_my-room", channel)
            await layer.group_add("chat_tea", channels[0])
            for number in range(3):
                await layer.send(channels[0], {"type": "chat.message", "message": number})
            full = looking.held_by(described(CORE, redis))
            for _ in range(3):
                await layer.receive(channels[0])
            await layer.group_discard("chat_tea", channels[0])
            empty = looking.held_by(described(CORE, redis))
        return channels, full, empty, looking.held_by(described(CORE, redis))

    channels, full, emptied, flushed = run_coroutine(seen())
    process = channels[0].partition("!")[0] + "!"
    assert {name: sorted(found) for name, found in full.groups.items()} == {
        "chat_my-room": channels,
        "chat_tea": channels[:1],
    }
    assert full.waiting == {process: 3}
    assert f"group chat_my-room: 2 channels\n    {full.groups['chat_my-room'][0]}" in str(full)
    assert "group chat_tea: 1 channel\n" in str(full)
    assert str(full).endswith(f"waiting for {process}: 3 events")
    assert list(emptied.groups) == ["chat_my-room"] and str(emptied).endswith(
        "No event is waiting."
    )
    assert str(flushed) == "No groups: nobody is in a room.\nNo event is waiting."


def test_another_prefix_is_another_layer(redis):
    async def seen():
        async with core(redis, prefix="a*[b") as layer:
            await layer.group_add("chat_tea", await layer.new_channel())
            return [looking.held_by(described(CORE, redis, each)) for each in ("a*[b", "axb", "a")]

    ours, other, shorter = run_coroutine(seen())
    assert list(ours.groups) == ["chat_tea"]
    assert not other.groups and not shorter.groups


def test_of_the_pubsub_layer_the_subscribed_processes_are_seen(redis):
    async def seen():
        layers = [RedisPubSubChannelLayer(hosts=[redis.url]) for _ in range(2)]
        try:
            for layer in layers:
                await layer.group_add("chat_my-room", await layer.new_channel())
            return looking.held_by(described(PUBSUB, redis))
        finally:
            for layer in layers:
                await layer.flush()

    seen = run_coroutine(seen())
    assert seen.processes == {"chat_my-room": 2}
    assert str(seen) == (
        "group chat_my-room: 2 server processes\n"
        "Nothing can wait here: Redis passes events on, and keeps none."
    )


def test_looking_changes_nothing(redis):
    async def seen():
        async with core(redis) as layer:
            channel = await layer.new_channel()
            await layer.group_add("chat_tea", channel)
            await layer.send(channel, {"type": "chat.message", "message": "hello"})
            first, second = (looking.held_by(described(CORE, redis)) for _ in range(2))
            return first, second, await layer.receive(channel)

    first, second, received = run_coroutine(seen())
    assert first == second and received["message"] == "hello"


# The command, and a notebook's cell


def test_a_cell_looks_at_the_redis_of_the_step(redis, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis.url)

    async def cell():  # a notebook's cells run on an event loop
        return looking.look("step3", solution=True)

    assert "No groups" in str(run_coroutine(cell()))


def test_settings_that_print_and_hosts_of_every_form(tmp_path, monkeypatch, redis):
    project = copy_of(STEP3.solution, tmp_path / "solutions" / STEP3.name)
    hosts = '[os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")]'
    edit(project, "mysite/settings.py", hosts, f'[("127.0.0.1", {redis.port})]')
    edit(project, "mysite/settings.py", 'SECRET_KEY = "', 'print("loading")\nSECRET_KEY = "')
    layer = looking.Layer(**looking._settings_of(project))
    assert layer.hosts == [{"host": "127.0.0.1", "port": redis.port}]
    assert "No groups" in str(looking.held_by(layer))


def type_look(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "workshop", "look", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("step2",), "step2 has no channel layer"),
        (("step3",), "step3 has InMemoryChannelLayer in its settings"),
    ],
)
def test_where_there_is_nothing_to_see_it_says_why(arguments, words):
    done = type_look(*arguments, "--once")
    assert done.returncode == 2 and words in done.stdout and "Traceback" not in done.stderr


def test_where_no_redis_answers_one_line_says_so():
    address = f"127.0.0.1:{ports.any_free()}"
    done = type_look("step3", "--solution", "--once", REDIS_URL=f"redis://:secret@{address}")
    assert done.returncode == 2
    assert (
        done.stdout.startswith(f"No Redis answers at {address}.") and done.stdout.count("\n") == 1
    )


def test_settings_that_cannot_be_loaded_are_named(tmp_path):
    project = copy_of(STEP3.solution, tmp_path / "step3_broadcast")
    edit(project, "mysite/settings.py", "CHANNEL_LAYERS = {", "CHANNEL_LAYERS = {{")
    with pytest.raises(looking.CannotLook, match="step3_broadcast cannot be loaded. SyntaxError"):
        looking._settings_of(project)


@pytest.mark.skipif(os.name == "nt", reason="a terminal of POSIX")
def test_in_a_narrow_terminal_nothing_is_cut_and_nothing_redrawn_unless_it_changes(redis):
    address = f"127.0.0.1:{ports.any_free()}"
    near, far = os.openpty()
    live = subprocess.Popen(
        [sys.executable, "-m", "workshop", "look", "step3", "--solution"],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": f"redis://{address}", "COLUMNS": "40", "TERM": "xterm"},
        stdout=far,
        stderr=far,
        start_new_session=True,
    )
    shown = ""
    while not " ".join(shown.split()).endswith("python3 -m workshop"):
        shown += os.read(near, 65536).decode()
    assert f"No Redis answers at {address}." in " ".join(shown.split())
    assert select.select([near], [], [], 2)[0] == []  # it looks six times in that time
    live.send_signal(signal.SIGINT)
    assert live.wait(600) == 0  # for a test that hangs
    os.close(near), os.close(far)


@pytest.mark.skipif(os.name == "nt", reason="a signal of POSIX")
def test_it_is_live_until_ctrl_c(redis):
    live = subprocess.Popen(
        [sys.executable, "-m", "workshop", "look", "step3", "--solution"],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": redis.url},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    async def fills():
        async with core(redis) as layer:
            await layer.group_add("chat_tea", await layer.new_channel())
            await asyncio.to_thread(until, live, "group chat_tea: 1 channel")

    with live:
        until(live, "No groups: nobody is in a room.")
        run_coroutine(fills())
        until(live, "No groups: nobody is in a room.")
        live.send_signal(signal.SIGINT)
        assert live.wait(600) == 0  # for a test that hangs


def until(process, words: str) -> None:
    assert any(words in line for line in process.stdout)
