"""Commands about the server: what it is, what it does, its end."""

import os
import time

from ..arguments import pattern
from ..client import Client
from ..protocol import OK, Error, Verbatim, text
from ..registry import command
from .connection import VERSION


@command("INFO", 0, ...)
def info(client: Client, *names: bytes):
    wanted = {text(name).lower() for name in names}
    everything = not wanted or wanted & {"all", "default", "everything"}
    return Verbatim(
        "\r\n".join(
            f"# {title.capitalize()}\r\n" + "".join(f"{k}:{v}\r\n" for k, v in found.items())
            for title, found in _sections(client).items()
            if everything or title in wanted
        )
    )


def _sections(client: Client) -> dict[str, dict]:
    server = client.server
    return {
        "server": {
            "redis_version": VERSION,
            "server_name": "pocket",
            "pocket_redis": "for a workshop and not for production",
            "redis_mode": "standalone",
            "process_id": os.getpid(),
            "tcp_port": server.port,
            "uptime_in_seconds": int(time.time() - server.started),
        },
        "clients": {
            "connected_clients": len(server.clients),
            "blocked_clients": sum(one.waiting is not None for one in server.clients.values()),
        },
        "persistence": {"loading": 0},
        "stats": {
            "pubsub_channels": len(server.channels),
            "pubsub_patterns": len(server.patterns),
        },
        "replication": {"role": "master", "connected_slaves": 0},
        "keyspace": {
            f"db{number}": f"keys={len(database)},expires={database.expires()},avg_ttl=0"
            for number, database in enumerate(server.databases)
            if len(database)
        },
    }


@command("CONFIG|GET", 1, ..., silent=True)
def config_get(client: Client, *globs: bytes):
    settings = {
        b"appendonly": b"no",
        b"databases": b"%d" % len(client.server.databases),
        b"maxmemory": b"0",
        b"port": b"%d" % client.server.port,
        b"save": b"",
    }
    wanted = [pattern(glob.lower()) for glob in globs]
    return {k: v for k, v in settings.items() if any(matches(k) for matches in wanted)}


@command("CONFIG|SET", 2, ..., silent=True)
def config_set(client: Client, *words: bytes):
    raise Error("The pocket Redis has no settings that can be changed.")


@command("COMMAND", 0, ...)
def commands(client: Client, *ignored: bytes):
    """redis-cli asks for help texts, and does without."""
    return []


@command("MONITOR", silent=True)
def monitor(client: Client):
    client.server.monitors.add(client)
    return OK


@command("SHUTDOWN", 0, ..., silent=True)
def shut_down(client: Client, *ignored: bytes):
    """Nothing is stored, so there is nothing to save."""
    client.server.stopping.set()
    client.transport.close()
    return None


@command("TIME")
def clock(client: Client):
    seconds, fraction = divmod(time.time_ns() // 1000, 1_000_000)
    return [b"%d" % seconds, b"%d" % fraction]
