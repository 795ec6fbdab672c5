"""The chats that are compared: which code, which server, how many processes, which layer."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.programs import Program, redis
from workshop import manifest

SOLUTION = manifest.finished_chat().solution
(SCALE,) = (step.solution for step in manifest.steps() if "scale" in step.teaches)
TUTORIAL = manifest.ROOT / "benchmarks" / "tutorial"
LAYERS = {
    "core": {"BACKEND": "channels_redis.core.RedisChannelLayer"},
    "core, capacity 1000": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"capacity": 1000},
    },
    "pubsub": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"},
    "memory": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
    "its own": {},
}
COMMANDS = {
    "Daphne": ("daphne", "--port", "{port}"),
    "Uvicorn": ("uvicorn", "--port", "{port}", "--lifespan", "off", "--log-level", "warning"),
    "websockets": ("benchmarks.room.limit", "{port}"),
}


@dataclass(frozen=True)
class Chat:
    name: str  # what --only takes
    title: str
    server: str = "Daphne"
    layer: str = "its own"
    processes: int = 1
    folder: Path = SOLUTION
    application: str = "mysite.asgi:application"
    without_thread: bool = False  # see settings.py
    database: bool = False  # whether it keeps messages, and has to know who is there

    @property
    def can_run(self) -> bool:
        return find_spec(self.server.lower()) is not None

    @contextlib.contextmanager
    def running(self):
        """Yields its servers and its Redis, all listening, and the cookie that its browsers need.
        Then ends them."""
        with contextlib.ExitStack() as stack:
            store = stack.enter_context(redis())
            environment = {
                "DJANGO_SETTINGS_MODULE": "benchmarks.room.settings",
                "BENCHMARK_LAYER": json.dumps(LAYERS[self.layer]),
                "REDIS_URL": f"redis://127.0.0.1:{store.port}",
            }
            if self.without_thread:
                environment["BENCHMARK_WITHOUT_THREAD"] = "1"
            cookie = ""
            if self.database:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                environment["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
                cookie = _logged_in(self.folder, environment)
            command = [sys.executable, "-m", *COMMANDS[self.server]]
            if self.server != "websockets":
                command.append(self.application)
            servers = [
                Program(*command, folder=self.folder, **environment) for _ in range(self.processes)
            ]
            for server in servers:  # they start side by side
                stack.callback(server.__exit__)
            for server in servers:
                server.wait_until_it_listens()
            yield servers, store, cookie


def _logged_in(project: Path, environment: dict[str, str]) -> str:
    """The cookie of somebody who is logged in to the chat in this folder."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.room.account"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(manifest.ROOT), **environment},
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    return done.stdout.strip()


def variations():
    """Our code with every server and every layer, in one process and in two."""
    for processes in (1, 2):
        for server in ("Daphne", "Uvicorn"):
            for layer in ("core", "core, capacity 1000", "pubsub", "memory"):
                if processes == 1 or layer != "memory":  # which ends with its process
                    name = f"{server} {layer}".lower().replace(", capacity ", "-")
                    times = " × 2" if processes == 2 else ""
                    yield Chat(
                        f"{'2-' if times else ''}{name}".replace(" ", "-"),
                        f"{server}{times}, {layer}",
                        server,
                        layer,
                        processes,
                    )


def relays():
    """The chat with a relay, step 7's: with each server and each layer, and in two processes."""
    for processes, server, layer in (
        (1, "Daphne", "core, capacity 1000"),
        (1, "Daphne", "pubsub"),
        (1, "Uvicorn", "core, capacity 1000"),
        (1, "Uvicorn", "pubsub"),
        (2, "Uvicorn", "pubsub"),
    ):
        times = " × 2" if processes == 2 else ""
        yield Chat(
            f"relay-{'2-' if times else ''}{server}-{layer.partition(',')[0]}".lower(),
            f"a relay, {server}{times}, {layer}",
            server,
            layer,
            processes,
            folder=SCALE,
            database=True,
        )


CHATS = [
    Chat("step3", "our step 3"),
    Chat("tutorial", "the tutorial's chat", folder=TUTORIAL),
    Chat(
        "tutorial-part2",
        "the tutorial's chat, synchronous",
        folder=TUTORIAL,
        application="benchmarks.room.part2:application",
    ),
    *variations(),
    *relays(),
    Chat("step3-no-thread", "our step 3, without the thread", without_thread=True),
    Chat("no-thread", "Daphne, pubsub, without the thread", layer="pubsub", without_thread=True),
    Chat("limit", "websockets' broadcast(), no Django", "websockets"),
]
