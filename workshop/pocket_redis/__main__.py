"""Runs a pocket Redis until SHUTDOWN: python3 -m workshop.pocket_redis --port 6379"""

import argparse
import asyncio
import contextlib
import sys

from . import commands  # noqa: F401 (fills the table of commands)
from .client import Client
from .server import Server


async def serve(host: str, port: int, password: str) -> None:
    server = Server(port, password)
    loop = asyncio.get_running_loop()
    try:
        listening = await loop.create_server(lambda: Client(server), host, port, backlog=511)
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port}: {error.strerror}")
    print(f"A pocket Redis, for a workshop, not for production, at {host}:{port}", flush=True)
    sweeping = asyncio.create_task(server.sweep())
    await server.stopping.wait()
    sweeping.cancel()
    listening.close()
    for client in list(server.clients.values()):
        client.transport.abort()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m workshop.pocket_redis", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", default=6379, type=int)
    parser.add_argument("--requirepass", default="", metavar="PASSWORD")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.bind, given.port, given.requirepass))


if __name__ == "__main__":
    main()
