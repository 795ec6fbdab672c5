"""What is there before a step's servers start, where its entry in workshop.toml asks for it.

The servers, and the programs beside them, find it through their environment:

    DATABASE_URL              sqlite:////tmp/workshop-…/db.sqlite3, whose migrations have been run:
                              what follows "sqlite:///" is the file
    REDIS_URL, REDIS_URL_2 …  the workshop's Redis, and others that nobody else uses

The project's own database is never touched: see instrumented/database.py.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workshop.checking import patience
from workshop.checking.failures import NotPrepared
from workshop.checking.processes.program import Program
from workshop.manifest import Step

MIGRATES_WITHIN = patience.seconds(10)  # only a check that fails waits for them
LINES_SHOWN = 3  # of what a program wrote: its end


class Migrating(Program):
    """`manage.py migrate` of the project in `folder`."""

    may_end = True
    # Its progress ends in no newline: a traceback would follow in the middle of a line.
    command = ("manage.py", "migrate", "--noinput", "--verbosity", "0")

    def __init__(self, folder: Path, **environment: str):
        super().__init__(folder, *self.command, **environment)

    async def failure(self) -> NotPrepared | None:
        """What went wrong, when it has ended or should have."""
        what = "manage.py migrate"
        if not await self.ended(MIGRATES_WITHIN):
            return NotPrepared(what, f"{what} did not end within {MIGRATES_WITHIN:g} s.")
        if self.exit_code == 0:
            return None
        lines = [line for line in self.log.text.splitlines() if line.strip()][-LINES_SHOWN:]
        last = "".join(f"\n    {line}" for line in lines)
        return NotPrepared(
            what, f"{what} ended with exit code {self.exit_code}. The last it wrote:{last}"
        )


@dataclass
class Prepared:
    environment: dict[str, str]  # for the servers
    began: float  # time.monotonic() before the first of it
    programs: list[Program] = field(default_factory=list)  # that ran, for their evidence
    failure: NotPrepared | None = None


@contextmanager
def prepared(step: Step, folder: Path, meanwhile: Callable[[], None]) -> Iterator[Prepared]:
    """Make what `step` asks for, for a `with` block. While a program runs, `meanwhile` is called.

    A step that asks for nothing waits for nothing.
    """
    made = Prepared(dict(step.environment), time.monotonic())
    with ExitStack() as stack:
        if step.redis > 1:
            made.environment |= _redises(step.redis, stack)
        if step.database:
            made.environment |= _database(stack)
            migrating = Migrating(folder, **made.environment)
            stack.callback(migrating.stop)
            made.programs.append(migrating)
            meanwhile()
            made.failure = asyncio.run(migrating.failure())
        yield made


def _database(stack: ExitStack) -> dict[str, str]:
    """The variables that lead to an empty database in a folder of its own."""
    import tempfile  # no other step needs it

    from workshop.checking.instrumented.database import VARIABLE

    folder = stack.enter_context(
        tempfile.TemporaryDirectory(prefix="workshop-", ignore_cleanup_errors=True)
    )
    file = os.path.join(os.path.realpath(folder), "db.sqlite3")
    return {"DATABASE_URL": "sqlite:///" + file, VARIABLE: file}


def _redises(count: int, stack: ExitStack) -> dict[str, str]:
    """The variables that lead to `count` Redis instances: the workshop's, then private ones."""
    from workshop import redis_server

    others = [stack.enter_context(redis_server.private()).url for _ in range(1, count)]
    names = {f"REDIS_URL_{number}": url for number, url in enumerate(others, 2)}
    return {"REDIS_URL": redis_server.url(), **names}
