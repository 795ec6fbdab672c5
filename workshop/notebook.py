"""What the notebooks share: the check, a server for a cell's application, a Redis, the colors.

Only what is not worth seeing is here; what a notebook is about is in the notebook.
"""

import asyncio
import atexit
import contextlib
import inspect
import json
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

from workshop import environment

if not environment.has_packages():
    raise ImportError(
        "This notebook runs in a Python that lacks the workshop's packages. Choose the one in "
        ".venv as its kernel, or open the notebooks with: "
        + environment.typed(f"{environment.COMMAND} notebooks")
    )

from IPython import get_ipython  # noqa: E402
from IPython.display import Code, display  # noqa: E402

from workshop import redis_server  # noqa: E402
from workshop.checking.reporting import hints as hints  # noqa: E402
from workshop.checking.reporting.html import as_html  # noqa: E402
from workshop.checking.reporting.report import how_far  # noqa: E402
from workshop.manifest import ROOT, find  # noqa: E402

# Okabe and Ito's colors, distinguishable for the color-blind (https://jfly.uni-koeln.de/color/)
ink = SimpleNamespace(
    blue="#0072B2",
    vermilion="#D55E00",
    green="#009E73",
    orange="#E69F00",
    sky="#56B4E9",
    purple="#CC79A7",
    yellow="#F0E442",
    black="#222222",
    gray="#999999",
)
LONGEST = 60  # seconds: the longest that anything here waits


# The check


class ShownReport:
    """What a run of checks/stepN found, as a notebook shows it."""

    def __init__(self, found: dict):
        self.found = found

    def _repr_html_(self) -> str:
        return as_html(self.found)

    def __repr__(self) -> str:  # where no HTML can be shown
        if "error" in self.found:
            return self.found["error"]
        rows = [
            f"✓ {check['title']}" if check["passed"] else f"✗ {check['title']}\n{check['message']}"
            for check in self.found["checks"]
        ]
        return "\n".join(filter(None, [*rows, how_far(self.found)]))


async def check(name: str, solution: bool = False) -> None:
    """Check the step called `name` and show the report: of your files, or of the solution.

    Runs checks/stepN in a process of its own, so that nothing here is touched by it.
    """
    step = find(name)
    command = [sys.executable, str(ROOT / "checks" / step.short), "--json"]
    done = await asyncio.to_thread(
        subprocess.run,
        command + ["--solution"] * solution,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    try:
        found = json.loads(done.stdout)
    except ValueError:  # the command itself failed, and its output says why
        found = {"step": step.short, "passed": False, "error": done.stderr or done.stdout}
    display(ShownReport(found))


# Code from elsewhere


def code(place: str) -> Code:
    """The code at "step2/chat/consumers.py:ChatConsumer", read from that step's solution."""
    step, _, reference = place.partition("/")
    return Code(hints.quoted(find(step).solution, reference), language="python")


# An ASGI server for applications that a cell defines


class NotebookServer:
    """Daphne in a thread of the notebook: it serves the application that was given last."""

    def __init__(self):
        self.application = None
        self.port = 0

    async def _serve(self, scope, receive, send):
        await self.application(scope, receive, send)

    async def start(self) -> None:
        """Return when it listens, on a free port of 127.0.0.1. Raises TimeoutError."""
        from daphne.server import Server

        # No signals: those belong to the main thread, which is the notebook's own.
        server = Server(self._serve, endpoints=["tcp:0:interface=127.0.0.1"], signal_handlers=False)
        threading.Thread(target=server.run, daemon=True).start()
        await until(lambda: server.listening_addresses)
        self.port = server.listening_addresses[0][1]


_server = NotebookServer()


async def serve(application) -> str:
    """Serve an ASGI application until the next one, on loopback only. Returns "127.0.0.1:PORT"."""
    _server.application = application
    if not _server.port:
        await _server.start()
    return f"127.0.0.1:{_server.port}"


# A Redis

_to_the_end = contextlib.ExitStack()  # of the notebook
atexit.register(_to_the_end.close)


async def a_redis() -> redis_server.Found | None:
    """The Redis that answers at REDIS_URL or on port 6379; else one of our own, on a free port,
    while the notebook runs.

    Where there is none to start, says so and returns None, and the cells that begin with "# needs
    Redis" are skipped from then on.
    """
    try:
        found = redis_server.usable()
        whose = "found, and used as it is"
        if not found:
            own = _to_the_end.enter_context(redis_server.private())
            found = redis_server.find(own.url)
            whose = "started, and stopped when this notebook ends"
    except redis_server.RedisError as error:
        why = environment.typed(str(error))
        print(f"{why}\n\nUntil then, the cells that need a Redis are skipped.")
        get_ipython().input_transformers_cleanup.append(_pass_over)
        return None
    print(f"{found.name} {found.version} on {found.place}: {whose}.")
    os.environ["REDIS_URL"] = found.url  # for the servers and for the check
    return found


def _pass_over(lines: list[str]) -> list[str]:
    """An IPython input transformer: a cell's lines, or what is run instead of them."""
    if lines and lines[0].strip() == "# needs Redis":
        return ["print('Skipped: this cell needs a Redis.')\n"]
    return lines


async def until(is_so) -> None:
    """Return as soon as `is_so()`, or what it awaits, is true. Raises TimeoutError after LONGEST
    seconds."""
    deadline = time.monotonic() + LONGEST
    while not (await answer if inspect.isawaitable(answer := is_so()) else answer):
        if time.monotonic() > deadline:
            raise TimeoutError(f"The condition was not true within {LONGEST} s.")
        await asyncio.sleep(0.005)
