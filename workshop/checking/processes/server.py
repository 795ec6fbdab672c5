"""What listens while a step is checked: its servers, and programs beside them."""

import socket
import time
from pathlib import Path

from workshop import ports
from workshop.checking import patience
from workshop.checking.failures import NotASGI, NotListening
from workshop.checking.processes.program import Program

STARTS_WITHIN = patience.seconds(10)  # only a check that fails waits for them
SERVES_WITHIN = patience.seconds(1)  # after it listens; how it was made was reported before


class Listening(Program):
    """A program that listens on a port of 127.0.0.1: a free one, or the `port` of one that has
    stopped. {port} and {address} in its command are replaced."""

    def __init__(self, folder: Path, *command: str, port: int | None = None, **environment: str):
        self.port, self._holder = (port, None) if port else ports.reserve()
        places = {"{port}": str(self.port), "{address}": self.address}
        super().__init__(folder, *(replaced(word, places) for word in command), **environment)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def starts(self) -> None:
        """Return as soon as the server takes connections. Raises NotListening."""
        if await self.listens(STARTS_WITHIN):
            return
        if self.exit_code is None:
            raise NotListening(
                "server", f"The server was not listening {STARTS_WITHIN:g} s after it was started."
            )
        raise NotListening(
            "server", f"The server stopped while it was starting (exit code {self.exit_code})."
        )

    async def listens(self, limit: float) -> bool:
        """True as soon as the server takes connections; False when it ended or after `limit` s."""
        import asyncio  # not before the server was started: see program.py

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

    def reap(self) -> None:
        super().reap()
        if self._holder:
            self._holder.close()


class Beside(Listening):
    """A program that runs beside the servers, whether it listens or not."""

    may_end = True


class Server(Listening):
    """`manage.py runserver --noreload` of the project in `folder`."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str):
        command = ("manage.py", "runserver", "--noreload", "{address}")
        super().__init__(folder, *command, port=port, **environment)

    async def speaks_asgi(self) -> None:
        """Raises NotASGI when it is Django's own development server, which speaks WSGI only."""
        from workshop.checking.events import Serving

        def protocols(events):
            return [event.protocol for event in events if isinstance(event, Serving)]

        await self.event(lambda events: bool(protocols(events)), SERVES_WITHIN)
        if "wsgi" in protocols(self.log.events):
            raise NotASGI(
                "server", "The server started, but it speaks WSGI: no WebSocket can open."
            )


def replaced(text: str, places: dict[str, str]) -> str:
    """The text, with each of the keys in it replaced by its value."""
    for place, value in places.items():
        text = text.replace(place, value)
    return text
