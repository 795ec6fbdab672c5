"""What a step's channel layer holds in Redis, seen from outside: `look`, and a notebook's cell.

Seen with channels_redis 4.3:

- The core layer keeps a group as a sorted set of channel names (`asgi:group:chat_lobby`). What
  waits is in one sorted set for each server process (`asgispecific.4f2a…!`), whichever of its
  channels it is for (channels_redis/core.py, send()).
- The pub/sub layer keeps nothing: a group is a Redis channel (`asgi__group__chat_lobby`) to which
  each server process subscribes. Which of its channels are in the group only that process knows.

Reads only.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

from .environment import COMMAND
from .manifest import Step, find

CORE, PUBSUB = "channels_redis.core.", "channels_redis.pubsub."
ANSWER_LIMIT = 2  # seconds in which Redis must have answered

# Run in the step's folder, for its settings are Python: what they say of the layer, as JSON.
READ_SETTINGS = """
import json, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
from channels_redis.utils import decode_hosts
from django.conf import settings
layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {})
options = layer.get("CONFIG", {})
print(json.dumps({
    "backend": layer.get("BACKEND", ""),
    "prefix": options.get("prefix", "asgi"),
    "hosts": decode_hosts(options.get("hosts")),
}))
"""


class CannotLook(Exception):
    """There is nothing to look at. The message says why, and what to do."""


@dataclass(frozen=True)
class Layer:
    """A channel layer in Redis, as a step's settings describe it."""

    backend: str
    prefix: str
    hosts: list[dict]

    @property
    def keeps(self) -> bool:
        """Whether Redis stores groups and events: the pub/sub layer only passes them on."""
        return not self.backend.startswith(PUBSUB)


@dataclass
class Look:
    """What the layer held at one moment."""

    keeps: bool
    groups: dict[str, list[str]] = field(default_factory=dict)  # name: its channels
    processes: dict[str, int] = field(default_factory=dict)  # group of pub/sub: its subscribers
    waiting: dict[str, int] = field(default_factory=dict)  # prefix of a process's channels: events

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if not self.groups and not self.processes:
            yield "No groups: nobody is in a room."
        for name, channels in self.groups.items():
            yield f"group {name}: {_count(len(channels), 'channel')}"
            yield from (f"    {channel}" for channel in channels)
        for name, processes in self.processes.items():
            yield f"group {name}: {_count(processes, 'server process', 'server processes')}"
        for process, number in self.waiting.items():
            yield f"waiting for {process}: {_count(number, 'event')}"
        if not self.keeps:
            yield "Nothing can wait here: Redis passes events on, and keeps none."
        elif not self.waiting:
            yield "No event is waiting."


def look(step: str, solution: bool = False) -> Look:
    """What the layer of a step holds now; print it. Raises CannotLook."""
    return held_by(layer_of(find(step), solution))


def layer_of(step: Step, solution: bool = False) -> Layer:
    """The layer that the step's settings name. Raises CannotLook."""
    if "groups" not in step.capabilities:
        raise CannotLook(f"There is nothing to look at: {step.short} has no channel layer.")
    folder = step.solution if solution else step.starter
    layer = Layer(**_settings_of(folder))
    if not layer.backend.startswith((CORE, PUBSUB)):
        name = layer.backend.rpartition(".")[2] or "no channel layer"
        raise CannotLook(
            f"Nothing can be seen from outside: {step.short} has {name} in its settings, so its "
            "groups are in the memory of its server. They can be seen once they are in Redis."
        )
    return layer


def held_by(layer: Layer) -> Look:
    """What the layer holds now. Raises CannotLook."""
    seen = Look(layer.keeps)
    for host in layer.hosts:
        try:
            with _client(host) as client:
                read = _read_core if layer.keeps else _read_pubsub
                read(client, layer.prefix, seen)
        except (redis.RedisError, OSError) as error:
            raise CannotLook(_no_answer(host, error)) from error
    for found in (seen.groups, seen.processes, seen.waiting):
        ordered = sorted(found.items())
        found.clear()
        found.update(ordered)
    return seen


def _settings_of(folder: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise CannotLook(f"The settings in {folder.name} cannot be loaded. {last}")
    return json.loads(done.stdout.strip().rpartition("\n")[2])  # they may print something first


def _client(host: dict) -> redis.Redis:
    options = {"socket_timeout": ANSWER_LIMIT, "socket_connect_timeout": ANSWER_LIMIT, **host}
    if "master_name" in options:
        raise CannotLook("This layer finds its Redis through Sentinel, which `look` cannot follow.")
    if address := options.pop("address", None):
        return redis.Redis.from_url(address, **options)
    return redis.Redis(**options)


def _read_core(client: redis.Redis, prefix: str, seen: Look) -> None:
    group = f"{prefix}:group:"
    for key in client.scan_iter(match=f"{_literal(group)}*", count=1000):
        name = key.decode().removeprefix(group)
        channels = seen.groups.setdefault(name, [])
        channels += [channel.decode() for channel in client.zrange(key, 0, -1)]
    for key in client.scan_iter(match=f"{_literal(prefix)}specific.*!", count=1000):
        if number := client.zcard(key):
            seen.waiting[key.decode().removeprefix(prefix)] = number


def _read_pubsub(client: redis.Redis, prefix: str, seen: Look) -> None:
    group = f"{prefix}__group__"
    names = client.pubsub_channels(f"{_literal(group)}*")
    for channel, subscribers in client.pubsub_numsub(*names) if names else ():
        seen.processes[channel.decode().removeprefix(group)] = subscribers


def _literal(text: str) -> str:
    """The text as a part of a Redis pattern, in which some characters have another meaning."""
    return "".join(f"\\{c}" if c in "*?[]\\" else c for c in text)


def _no_answer(host: dict, error: Exception) -> str:
    place = host.get("address") or f"{host.get('host', 'localhost')}:{host.get('port', 6379)}"
    place = place.rpartition("//")[2].rpartition("@")[2]  # without a password
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
        return f"No Redis answers at {place}. To start the workshop's: {COMMAND}"
    return f"The Redis at {place} does not tell: {error}"


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"
