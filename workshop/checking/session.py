"""One run of a step's checks: its servers, and what each check observes."""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from pathlib import Path

from workshop.checking import failures, patience
from workshop.checking.events import Busy, Ended, Handled, Handles
from workshop.checking.explaining.evidence import Evidence, ProgramEvidence
from workshop.checking.explaining.project import Project
from workshop.checking.observers.browser import Browser
from workshop.checking.observers.room import Room
from workshop.checking.observers.timeline import Timeline
from workshop.checking.prepare import Prepared
from workshop.checking.processes.program import Program
from workshop.manifest import Step

SETTLE = 0.06  # seconds between two looks at what is busy after a failure
# For a method that has closed, refused or sent to come to its end, or to what it raises after that
TO_ITS_END = patience.seconds(2)
# For what is prepared and all checks of a step; what comes before and after stays under 5 s.
RUN_LIMIT = patience.seconds(15)


class Session:
    """The checks of `step` on the project in `folder`, with what was prepared for them."""

    def __init__(self, step: Step, folder: Path, prepared: Prepared):
        self.step = step
        self.folder = folder
        self.prepared = prepared
        self.project = Project(folder, step.solution, step.files)
        self.left: list[Room] = []  # those of the check before: their consumers may still end

    @property
    def programs(self) -> list[Program]:
        """All that a failure may have a log of."""
        return self.prepared.programs

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.prepared.began

    def told(self) -> list[ProgramEvidence]:
        """What each program has left so far."""
        return [
            ProgramEvidence(
                program.log.text,
                list(program.log.events),
                None if program.was_killed else program.exit_code,
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
        name = f"r{secrets.token_hex(6)}"
        server, programs = self.session.prepared.servers[0], self.session.programs
        room = Room(server, name, self.timeline, programs, self.session.left)
        self.rooms.append(room)
        return room

    def play(self, check) -> None:
        """Run the coroutine. Raises what it raises, after the evidence was collected."""
        asyncio.run(self._play(check))

    def is_prepared(self) -> None:
        """Raises what went wrong before the servers were to start, after the evidence was
        collected."""
        if failure := self.session.prepared.failure:
            self.evidence = asyncio.run(self._collect(failure))
            raise failure

    async def _play(self, check) -> None:
        limit = max(1.0, RUN_LIMIT - self.session.seconds)
        try:
            async with asyncio.timeout(limit):
                await check
        except Exception as failure:
            if isinstance(failure, TimeoutError):
                took = f"The checks were stopped after {RUN_LIMIT:g} s in all."
                failure = failures.Failure("check", took)
            self.evidence = await self._collect(failure)
            raise failure from None
        finally:
            for browser in self._browsers():
                with contextlib.suppress(Exception):
                    await browser.drop()
            self.session.left[:] = self.rooms

    def _browsers(self) -> list[Browser]:
        return [browser for room in self.rooms for browser in room.browsers]

    async def _collect(self, failure: BaseException) -> Evidence:
        for program in self.session.programs:
            if program.exit_code is not None:
                await program.ended(1)  # its last output has arrived
        busy = await self._busy()
        await asyncio.sleep(SETTLE)
        if isinstance(failure, failures.Closed | failures.Refused | failures.NotTheContract):
            await self._handled()
        still_busy = await self._busy()
        return Evidence(
            check=self.check,
            failure=failure,
            project=self.session.project,
            capabilities=self.session.step.capabilities,
            timeline=list(self.timeline.lines),
            programs=self.session.told(),
            busy=busy,
            still_busy=still_busy,
            paths={path for room in self.rooms for path in room.paths},
        )

    async def _handled(self) -> None:
        """Wait until no consumer is in the middle of a method: what a browser saw is not yet all
        that it did."""
        for _ in range(round(TO_ITS_END / SETTLE)):
            if not self._in_the_middle():
                return
            await asyncio.sleep(SETTLE)

    def _in_the_middle(self) -> bool:
        """What is handled ends with `Handled`, or with the consumer."""
        events = Counter(
            type(event) for program in self.session.programs for event in program.log.events
        )
        return events[Handles] > events[Handled] + events[Ended]

    async def _busy(self) -> list[Busy]:
        """What the programs are busy with now."""
        reports = await asyncio.gather(
            *(program.report_busy() for program in self.session.programs)
        )
        return [event for report in reports for event in report]
