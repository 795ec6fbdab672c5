"""What is in place when a step's checks begin: what its entry in workshop.toml asks for, its
servers, and the programs beside them, which are starting.

The servers, and the programs beside them, find it through their environment:

    DATABASE_URL              sqlite:////tmp/workshop-…/db.sqlite3, whose migrations have been run:
                              what follows "sqlite:///" is the file
    REDIS_URL, REDIS_URL_2 …  the workshop's Redis, and others that nobody else uses

The project's own database is never touched: see instrumented/database.py.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workshop.checking import patience
from workshop.checking.failures import NotPrepared
from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Beside, Server, replaced
from workshop.manifest import ROOT, Step

MIGRATES_WITHIN = patience.seconds(10)  # only a check that fails waits for them
LINES_SHOWN = 3  # of what a program wrote: its end


class Migrating(Program):
    """`manage.py migrate` of the project in `folder`."""

    may_end = True
    # Its progress doesn't end with a newline: a traceback would begin in the middle of a line.
    COMMAND = ("manage.py", "migrate", "--noinput", "--verbosity", "0")

    def __init__(self, folder: Path, **environment: str):
        super().__init__(folder, *self.COMMAND, **environment)

    @property
    def imported(self) -> list[str]:
        """The project's files that it has imported; an empty list where it could not say."""
        from workshop.checking.events import Imported

        told = [event for event in self.log.events if isinstance(event, Imported)]
        return [name for event in told for name in event.files]

    async def failure(self) -> NotPrepared | None:
        """What went wrong, once it has ended or should have."""
        what = "manage.py migrate"
        if not await self.ended(MIGRATES_WITHIN):
            return NotPrepared(what, f"{what} did not end within {MIGRATES_WITHIN:g} s.")
        if self.exit_code == 0:
            return None
        lines = [line for line in self.log.text.splitlines() if line.strip()][-LINES_SHOWN:]
        last = "".join(f"\n    {line}" for line in lines)
        return NotPrepared(
            what, f"{what} ended with exit code {self.exit_code}. Its last output:{last}"
        )


@dataclass
class Prepared:
    environment: dict[str, str]  # of the servers
    began: float  # time.monotonic() before the first of it
    before: list[Program] = field(default_factory=list)  # that ran before the servers
    servers: list[Server] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)  # in the order of workshop.toml
    folder: Path | None = None  # for their files, where one of them names {folder}
    failure: NotPrepared | None = None  # then no server was started

    @property
    def programs(self) -> list[Program]:
        """All that a failure may have a log of."""
        return [*self.before, *self.servers, *self.beside]

    def kill(self) -> None:
        """End all of them. Returns at once: they are gone when the `with` block is left."""
        for program in [*self.servers, *self.beside]:
            program.kill()


@contextmanager
def prepared(step: Step, folder: Path, meanwhile: Callable[[], None]) -> Iterator[Prepared]:
    """Make what `step` asks for, and start its programs, for a `with` block: they have ended when
    it ends. `meanwhile` is called while one has to end before others start, and before the second
    of several servers: the first one then has a processor for itself, for its start is what
    everything waits for.

    A step that asks for nothing doesn't wait.
    """
    made = Prepared(dict(step.environment), time.monotonic())
    with ExitStack() as stack, ExitStack() as first:
        # All are killed before one of them is waited for: each takes a while to be gone.
        first.callback(made.kill)
        if step.redis > 1:
            made.environment |= _redises(step.redis, stack)
        if step.database:
            _migrate(made, step, folder, stack, meanwhile)
        if not made.failure:
            _start(made, step, folder, stack, meanwhile)
        yield made


def _migrate(made: Prepared, step: Step, folder: Path, stack: ExitStack, meanwhile) -> None:
    """Make an empty database in a folder of its own, and run the project's migrations; or take the
    one that they have made before."""
    from workshop.checking import migrated
    from workshop.checking.instrumented.database import VARIABLE
    from workshop.checking.project_files import digests

    file = os.path.join(os.path.realpath(_temporary_folder(stack)), "db.sqlite3")
    made.environment |= {"DATABASE_URL": "sqlite:///" + file, VARIABLE: file}
    project = digests(folder)
    if migrated.used_again(step, project, file):
        return
    import asyncio  # no other step needs it here

    migrating = Migrating(folder, **made.environment)
    stack.callback(migrating.stop)
    made.before.append(migrating)
    meanwhile()
    made.failure = asyncio.run(migrating.failure())
    if not made.failure and migrating.imported:
        migrated.keep(step, project, file, migrating.imported)


def _start(
    made: Prepared, step: Step, folder: Path, stack: ExitStack, meanwhile: Callable[[], None]
) -> None:
    """Start the servers, which take the longest, and then what runs beside them."""
    for number in range(step.servers):
        if number == 1:
            meanwhile()
        made.servers.append(Server(folder, **made.environment))
        stack.callback(made.servers[-1].reap)
    places = {f"{{server{n}}}": server.address for n, server in enumerate(made.servers, 1)}
    if any("{folder}" in word for command in step.programs for word in command):
        made.folder = Path(_temporary_folder(stack))
        places["{folder}"] = str(made.folder)
    for command in step.programs:
        words = _command(step, [replaced(word, places) for word in command])
        made.beside.append(Beside(folder, *words, **made.environment))
        stack.callback(made.beside[-1].reap)


def _command(step: Step, words: Sequence[str]) -> list[str]:
    """The script may be one of the check's own, or else of the project."""
    own = ROOT / "checks" / step.name / words[0]
    return [str(own) if own.is_file() else words[0], *words[1:]]


def _temporary_folder(stack: ExitStack) -> str:
    import tempfile  # few steps need it

    return stack.enter_context(
        tempfile.TemporaryDirectory(prefix="workshop-", ignore_cleanup_errors=True)
    )


def _redises(count: int, stack: ExitStack) -> dict[str, str]:
    """The variables that lead to `count` Redis instances: the workshop's, then private ones."""
    from workshop import redis_server

    others = [stack.enter_context(redis_server.private()).url for _ in range(1, count)]
    names = {f"REDIS_URL_{number}": url for number, url in enumerate(others, 2)}
    return {"REDIS_URL": redis_server.url(), **names}
