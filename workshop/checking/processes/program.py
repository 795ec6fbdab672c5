"""A program of the attendee's while it is checked: started, watched and ended.

A check starts its servers before anything else, so what starting them does not need is imported
where it is used: asyncio takes longer than all the rest.
"""

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from workshop.checking.instrumented import MARK
from workshop.checking.processes import launch
from workshop.manifest import ROOT

LAUNCHER = Path(__file__).parents[1] / "instrumented" / "start.py"
LOOK_EVERY = 0.002  # seconds; a check waits some twenty times for an event that is all but there
ANSWERS_WITHIN = 3  # seconds; one that holds the interpreter's lock takes its time
LOG_KEPT = 200_000  # bytes of the log's start, and as many of its end


class Log:
    """What a program wrote, with its events taken out. Bounded: a flood costs no memory."""

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


def program_environment() -> dict[str, str]:
    """The variables of a program under check."""
    environment = {**os.environ}
    environment.pop(launch.VARIABLE, None)
    path = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), str(ROOT)]))
    return {
        **environment,
        "PYTHONPATH": path,  # for the page, when the project stands outside the workshop
        "PYTHONUNBUFFERED": "1",  # a print is evidence, and must come before the crash
        # Bytecode is told apart by the second and the size of its source: too coarse for
        # somebody who saves, checks and saves again.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Program:
    """`python SCRIPT ARGUMENTS…` in `folder`, in a process of its own that is sure to end."""

    may_end = False  # whether it is right that it ends by itself, with exit code 0

    def __init__(self, folder: Path, *command: str, **environment: str):
        self.folder = folder
        self.log = Log()
        self._process = launch.start(
            [str(LAUNCHER), *command],
            folder,
            {**program_environment(), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            warm=launch.next_address(),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in iter(lambda: self._process.stdout.readline(LOG_KEPT), b""):
            self.log.add(line)

    @property
    def exit_code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll()

    @property
    def is_suspect(self) -> bool:
        """Whether it ended as only a forked program may: then start it plainly, to be sure."""
        return launch.is_suspect(self._process)

    async def ended(self, limit: float) -> bool:
        """True as soon as the program has ended; False after `limit` seconds."""
        import asyncio

        end = time.monotonic() + limit
        while self.exit_code is None:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(LOOK_EVERY)
        self._reader.join(1)
        return True

    async def event(self, found: Callable[[list[dict]], bool], limit: float) -> bool:
        """Wait until `found(events)` is true: True then, False after `limit` seconds."""
        import asyncio

        end = time.monotonic() + limit
        while not found(self.log.events):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True

    async def report_busy(self) -> list[dict]:
        """What the program is busy with now: the `busy` events that it answers with."""
        seen = len(self.log.events)
        try:
            self._process.stdin.write(b"?")
            self._process.stdin.flush()
        except OSError:  # it has ended
            return []
        await self.event(lambda events: {"event": "reported"} in events[seen:], ANSWERS_WITHIN)
        return [event for event in self.log.events[seen:] if event["event"] == "busy"]

    def stop(self) -> None:
        """End the server and all it started. Returns when they are gone."""
        launch.end(self._process)
        self._reader.join(1)  # not for ever: a child that got away may hold the pipe
        with contextlib.suppress(OSError):  # a question that a server which had ended never read
            self._process.stdin.close()
