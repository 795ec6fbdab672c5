"""A step's server while it is checked: started, watched and ended."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from workshop.checking.failures import NotASGI, NotListening
from workshop.checking.under_check import MARK
from workshop.manifest import ROOT

STARTS_WITHIN = 10  # seconds; only a check that fails waits for them
LAUNCHER = Path(__file__).with_name("under_check.py")
LOG_KEPT = 200_000  # bytes of the log's start, and as many of its end


class Log:
    """What a server wrote, with its events taken out. Bounded: a flood costs no memory."""

    def __init__(self):
        self._start = bytearray()
        self._end = bytearray()
        self.dropped = 0  # bytes
        self.events: list[dict] = []

    def add(self, line: bytes) -> None:
        line, mark, event = line.partition(MARK.encode())
        if mark:
            self.events.append(json.loads(event))
        if len(self._start) < LOG_KEPT:
            self._start += line[:LOG_KEPT]
            return
        self._end += line[:LOG_KEPT]
        excess = len(self._end) - LOG_KEPT
        if excess > LOG_KEPT:
            del self._end[:excess]
            self.dropped += excess

    @property
    def text(self) -> str:
        gap = f"\n… {self.dropped:,} bytes left out …\n".encode() if self.dropped else b""
        return bytes(self._start + gap + self._end).decode(errors="replace")


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


class Server:
    """`manage.py runserver --noreload` of the project in `folder`, on a free port of 127.0.0.1."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None):
        self.folder = folder
        self.port, self._holder = reserve_port()
        self.log = Log()
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), "runserver", "--noreload", self.address],
            cwd=folder,
            env=self._environment(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **({"start_new_session": True} if os.name == "posix" else {}),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def _environment(more: dict[str, str]) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
        return {
            **os.environ,
            "PYTHONPATH": path,  # for the page, when the project stands outside the workshop
            "PYTHONUNBUFFERED": "1",  # a print is evidence, and must come before the crash
            # Bytecode is told apart by the second and the size of its source: too coarse for
            # somebody who saves, checks and saves again.
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
        }

    def _read(self) -> None:
        for line in iter(lambda: self._process.stdout.readline(LOG_KEPT), b""):
            self.log.add(line)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def exit_code(self) -> int | None:
        """What the server ended with; None while it runs."""
        return self._process.poll()

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
                    await asyncio.sleep(0.02)
        return False

    async def event(self, found, limit: float) -> bool:
        """Wait until `found(events)` is true: True then, False after `limit` seconds."""
        end = time.monotonic() + limit
        while not found(self.log.events):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.01)
        return True

    async def report_busy(self) -> list[dict]:
        """What the server is busy with now: the `busy` events it answers with within a second."""
        seen = len(self.log.events)
        try:
            self._process.stdin.write(b"?")
            self._process.stdin.flush()
        except OSError:  # it has ended
            return []
        await self.event(lambda events: {"event": "reported"} in events[seen:], 1)
        return [event for event in self.log.events[seen:] if event["event"] == "busy"]

    def stop(self) -> None:
        """End the server and all it started. Returns when they are gone."""
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(self._process.pid)], capture_output=True
            )
        self._process.wait()
        self._reader.join(1)
        with contextlib.suppress(OSError):  # a question that a server which had ended never read
            self._process.stdin.close()
        if self._holder:
            self._holder.close()
