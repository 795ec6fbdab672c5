"""A program of the learner's while it is checked: started, watched and ended.

A check starts its servers before anything else (ahead.py even before it has read its options), so
what starting them does not need is imported where it is used: asyncio takes longer than all the
rest.
"""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.checking import patience
from workshop.checking.processes import ahead, launch
from workshop.checking.processes.log import LOG_KEPT, Log
from workshop.checking.processes.variables import program_environment

if TYPE_CHECKING:
    import psutil

    from workshop.checking.events import Busy, Event

LOOK_EVERY = 0.001  # seconds; a check waits some twenty times for an event that is all but there
ANSWERS_WITHIN = patience.seconds(3)  # one that holds the interpreter's lock takes longer


async def becomes(true: Callable[[], object], limit: float) -> bool:
    """Wait until `true()` is: True then, False after `limit` seconds."""
    import asyncio

    end = time.monotonic() + limit
    while not true():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(LOOK_EVERY)
    return True


class Program:
    """`python SCRIPT ARGUMENTS…` in `folder`, in a process of its own that is sure to end."""

    may_end = False  # whether it may end by itself, with exit code 0

    def __init__(self, folder: Path, *command: str, **environment: str):
        self.folder = folder
        self.command = command
        self.log = Log(folder)
        self.was_killed = False  # by the check
        environment = {**program_environment(), **environment}
        self._process = ahead.become(command, folder, environment) or launch.start(
            [str(ahead.SCRIPT), *command],
            folder,
            environment,
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
        """Its exit code; None while it runs."""
        return self._process.poll()

    @property
    def is_suspect(self) -> bool:
        """Whether it ended as only a forked program may: then start it plainly, to be sure."""
        return launch.is_suspect(self._process)

    def pause(self) -> None:
        """It does nothing until resume(), and does not know. Nothing if it has ended."""
        import psutil  # which hardly any check needs

        with contextlib.suppress(psutil.NoSuchProcess):
            for process in self._processes():
                process.suspend()
                while process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
                    time.sleep(LOOK_EVERY)

    def resume(self) -> None:
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            for process in self._processes():
                process.resume()

    def _processes(self) -> list["psutil.Process"]:
        """In a virtual environment on Windows, python.exe starts another one and waits for it."""
        import psutil

        process = psutil.Process(self._process.pid)
        return [process, *(process.children(recursive=True) if os.name == "nt" else ())]

    async def ended(self, limit: float) -> bool:
        """True as soon as the program has ended; False after `limit` seconds."""
        if not await becomes(lambda: self.exit_code is not None, limit):
            return False
        self._reader.join(1)
        return True

    async def event(self, found: Callable[[list["Event"]], bool], limit: float) -> bool:
        """Wait until `found(events)` is true: True then, False after `limit` seconds."""
        return await becomes(lambda: found(self.log.events), limit)

    async def report_busy(self) -> list["Busy"]:
        """What the program is busy with now. By then, everything that it reported before has been
        read."""
        from workshop.checking.events import Busy, Reported

        seen = len(self.log.events)
        if not self._ask(b"?"):
            return []
        await self.event(lambda events: Reported() in events[seen:], ANSWERS_WITHIN)
        return [event for event in self.log.events[seen:] if isinstance(event, Busy)]

    def held_up(self) -> AbstractAsyncContextManager[None]:
        """Hold up the program's event loop for a `with` block: what arrives has to wait."""
        return self._holding(b"(", b")")

    def layer_held_up(self) -> AbstractAsyncContextManager[None]:
        """Hold up what the program asks of its channel layer for a `with` block: nobody joins a
        group, and nothing is sent to one. All else goes on."""
        return self._holding(b"[", b"]")

    @asynccontextmanager
    async def _holding(self, hold: bytes, release: bytes) -> AsyncIterator[None]:
        from workshop.checking.events import HeldUp

        seen = len(self.log.events)
        self._ask(hold)
        try:
            await self.event(lambda events: HeldUp() in events[seen:], ANSWERS_WITHIN)
            yield
        finally:
            self._ask(release)

    def _ask(self, question: bytes) -> bool:
        """Ask instrumented/start.py, inside the program. False when it has ended."""
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def ask_to_end(self) -> None:
        """Send it SIGTERM, or what does the same on Windows: it may still do what it has to."""
        self.was_killed = True
        self._ask(b"!")

    def kill(self) -> None:
        """End the program and all it started. Returns at once: `reap` waits until it is gone."""
        self.was_killed = True
        launch.kill(self._process)

    def stop(self) -> None:
        """End the program and all it started. Returns when it is gone."""
        self.kill()
        self.reap()

    def reap(self) -> None:
        """Wait until the program, which was killed, is gone."""
        self._process.wait()
        self._reader.join(1)  # not forever: a child that escaped may hold the pipe
        with contextlib.suppress(OSError):  # a question that a server which had ended never read
            self._process.stdin.close()
