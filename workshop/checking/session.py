"""One run of a step's checks: its servers, and what each check observes."""

import asyncio
import contextlib
import os
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from workshop.checking import failures
from workshop.checking.explaining.evidence import Evidence, ProgramEvidence, errors_in
from workshop.checking.explaining.source import Project
from workshop.checking.observers.browser import Browser, Room, Timeline
from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Server
from workshop.manifest import Step

# Seconds for all checks of a step; what comes before and after stays under 5. The workshop's own
# tests, which keep the machine busy, give more.
RUN_LIMIT = float(os.environ.get("WORKSHOP_RUN_LIMIT", 15))
SETTLE = 0.06  # seconds for the last lines of a log to arrive after a failure
LOGGED_WITHIN = 3  # seconds for the traceback of an exception that is known to have been raised


class Session:
    """The checks of `step` on the project in `folder`, with its servers and what else was started
    beside them."""

    def __init__(
        self, step: Step, folder: Path, servers: list[Server], others: Sequence[Program] = ()
    ):
        self.step = step
        self.folder = folder
        self.servers = servers
        self.began = time.monotonic()
        self.project = Project(folder)
        self.programs: list[Program] = [*servers, *others]  # all that a failure may have a log of

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def told(self) -> list[ProgramEvidence]:
        """What each program has left so far."""
        return [
            ProgramEvidence(
                program.log.text,
                list(program.log.events),
                program.exit_code,
                program.may_end,
            )
            for program in self.programs
        ]

    def passed(self) -> Evidence:
        """What the run leaves when every check has passed: the evidence for advice."""
        return Evidence("", None, self.project, self.step.capabilities, programs=self.told())


class CheckRun:
    """One check of a session. `play` runs it and turns a failure into evidence."""

    def __init__(self, session: Session, check: str):
        self.session = session
        self.check = check
        self.timeline = Timeline()
        self.rooms: list[Room] = []
        self.evidence: Evidence | None = None

    def room(self) -> Room:
        """A room that nobody else is in, whatever other checks run at the same time."""
        room = Room(self.session.servers[0], f"r{secrets.token_hex(6)}", self.timeline)
        self.rooms.append(room)
        return room

    def play(self, check) -> None:
        """Run the coroutine. Raises what it raises, after the evidence was collected."""
        asyncio.run(self._play(check))

    async def _play(self, check) -> None:
        limit = max(1.0, RUN_LIMIT - self.session.seconds)
        try:
            async with asyncio.timeout(limit):
                await check
        except Exception as failure:
            if isinstance(failure, TimeoutError):
                failure = failures.Failure("check", f"The check was given up after {limit:.0f} s.")
            self.evidence = await self._collect(failure)
            raise failure from None
        finally:
            for browser in self._browsers():
                with contextlib.suppress(Exception):
                    await browser.drop()

    def _browsers(self) -> list[Browser]:
        return [browser for room in self.rooms for browser in room.browsers]

    async def _is_logged(self, program: Program) -> None:
        """Return when the log shows every exception that ended a WebSocket, and the last that a
        program wrote which has ended."""
        if program.exit_code is not None:
            await program.ended(1)

        def shown(events):
            raised = Counter(e["error"] for e in events if e["event"] == "ended" and e["error"])
            if not raised:
                return True
            logged = Counter(e.brief for e in errors_in(program.log.text, self.session.folder))
            return all(logged[error] >= count for error, count in raised.items())

        await program.event(shown, LOGGED_WITHIN)

    async def _collect(self, failure: BaseException) -> Evidence:
        asked = isinstance(failure, failures.Failure)
        busy = await self._busy() if asked else []
        await asyncio.sleep(SETTLE)
        await asyncio.gather(*(self._is_logged(program) for program in self.session.programs))
        still_busy = await self._busy() if busy else []
        return Evidence(
            check=self.check,
            failure=failure,
            project=self.session.project,
            capabilities=self.session.step.capabilities,
            timeline=list(self.timeline.lines),
            programs=self.session.told(),
            busy=busy,
            still_busy=still_busy,
            paths={room.path for room in self.rooms},
        )

    async def _busy(self) -> list[dict]:
        """What the programs are busy with now."""
        reports = await asyncio.gather(
            *(program.report_busy() for program in self.session.programs)
        )
        return [event for report in reports for event in report]
