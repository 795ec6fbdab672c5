"""A step's server while it is checked."""

import socket
import sys
import time
from pathlib import Path

from workshop.checking.failures import NotASGI, NotListening
from workshop.checking.processes.program import Program

STARTS_WITHIN = 10  # seconds; only a check that fails waits for them


def reserve_port() -> tuple[int, socket.socket | None]:
    """A port of 127.0.0.1 that is free now, and on Linux the socket that keeps it so.

    Linux lets a server listen where another socket is bound with SO_REUSEADDR but does not listen,
    and gives that port to nobody else (ip(7), socket(7)). Elsewhere the port is only probably free
    a moment later.
    """
    holder = socket.socket()
    if sys.platform == "linux":
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    if sys.platform == "linux":
        return port, holder
    holder.close()
    return port, None


class Server(Program):
    """`manage.py runserver --noreload` of the project in `folder`, on a port of 127.0.0.1: a free
    one, or the `port` of a server that has stopped."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str):
        self.port, self._holder = (port, None) if port else reserve_port()
        command = ("manage.py", "runserver", "--noreload", self.address)
        super().__init__(folder, *command, **environment)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def starts(self) -> None:
        """Return as soon as the server takes connections. Raises NotListening."""
        if await self.listens(STARTS_WITHIN):
            return
        if self.exit_code is None:
            raise NotListening(
                "server", f"The server did not listen within {STARTS_WITHIN} s of its start."
            )
        raise NotListening("server", f"The server ended as it started (exit {self.exit_code}).")

    async def speaks_asgi(self) -> None:
        """Raises NotASGI when it is Django's own development server, which speaks WSGI only.

        That one says "Starting development server", Daphne's "Starting ASGI/Daphne"."""
        if not await self.event(lambda _: "Starting " in self.log.text, 1):
            return
        if "Starting development server" in self.log.text:
            raise NotASGI(
                "server", "The server started, but it speaks WSGI: no WebSocket can open."
            )

    async def listens(self, limit: float) -> bool:
        """True as soon as the server takes connections; False when it ended or after `limit` s."""
        import asyncio  # here: see program.py

        end = time.monotonic() + limit
        while time.monotonic() < end and self.exit_code is None:
            with socket.socket() as probe:
                probe.setblocking(False)
                try:
                    await asyncio.wait_for(
                        asyncio.get_running_loop().sock_connect(probe, ("127.0.0.1", self.port)), 1
                    )
                    return True
                except OSError:
                    await asyncio.sleep(0.005)
        return False

    def stop(self) -> None:
        super().stop()
        if self._holder:
            self._holder.close()
