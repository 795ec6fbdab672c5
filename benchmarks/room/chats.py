"""The chats that are compared: which code, which server, how many processes, which layer."""

import contextlib
import json
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.programs import Program, redis
from workshop import manifest

SOLUTION = manifest.finished_chat().solution
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

    @property
    def can_run(self) -> bool:
        return find_spec(self.server.lower()) is not None

    @contextlib.contextmanager
    def running(self):
        """Yields its servers and its Redis, all listening, then ends them."""
        with contextlib.ExitStack() as stack:
            store = stack.enter_context(redis())
            environment = {
                "DJANGO_SETTINGS_MODULE": "benchmarks.room.settings",
                "BENCHMARK_LAYER": json.dumps(LAYERS[self.layer]),
                "REDIS_URL": f"redis://127.0.0.1:{store.port}",
            }
            if self.without_thread:
                environment["BENCHMARK_WITHOUT_THREAD"] = "1"
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
            yield servers, store


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
    Chat("step3-no-thread", "our step 3, without the thread", without_thread=True),
    Chat("no-thread", "Daphne, pubsub, without the thread", layer="pubsub", without_thread=True),
    Chat("limit", "websockets' broadcast(), no Django", "websockets"),
]
