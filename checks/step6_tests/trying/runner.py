"""Runs the learner's tests again and again, each time on another hidden copy of the chat.

    python runner.py PROJECT FOLDER        ends with its standard input

First on the right chat: the solution, with the learner's tests. What passes there is run on the
chat with each of the faults, until the first test fails; and some more times on the right chat, for
a test has to say the same each time. A fault of the learner's own, for the stretch task, is planted
for their tests and for the twelve of the solution. FOLDER/record.jsonl says what happened, an
object a line: what one_run.py wrote, with "run", the name of the run.

Where Python can fork, this process has imported Django and pytest, and each run is a child of it.
"""

import contextlib
import gc
import importlib
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[0] = str(ROOT)

from checks.step6_tests.trying import one_run  # noqa: E402
from checks.step6_tests.trying.copies import STEP, make_copy, own_fault  # noqa: E402
from checks.step6_tests.trying.faults import faults  # noqa: E402
from checks.step6_tests.trying.runs import (  # noqa: E402
    AGAIN,
    KNOWN,
    OPTIONS,
    OWN,
    RIGHT,
    TIMES_MORE,
    Run,
)
from workshop import lifeline  # noqa: E402
from workshop.developing.catalogue import BadEdit  # noqa: E402

CORES = os.cpu_count() or 2
AT_ONCE = CORES + 2  # with those that wait
NOWHERE = "redis://127.0.0.1:1"  # a test that needs Redis is told so
# Imported once, before the first run.
IMPORTED = (
    *one_run.PLUGINS,
    "pytest",
    "_pytest.unittest",
    "_pytest.tracemalloc",
    "_pytest.unraisableexception",
    "_pytest.threadexception",
    "_pytest.warnings",
    "_pytest.skipping",
    "_pytest.helpconfig",
    "anyio._backends._asyncio",
    "channels.testing",
    "daphne.testing",
    "django.contrib.auth.middleware",
    "django.contrib.sessions.middleware",
    "django.contrib.staticfiles.handlers",
    "django.core.asgi",
    "django.core.cache.backends.locmem",
    "django.db.models.sql.compiler",
    "django.test",
    "django.core.management.commands.flush",
    "django.core.management.commands.migrate",
    "django.contrib.auth.apps",
    "django.contrib.auth.hashers",
    "django.contrib.contenttypes.apps",
    "django.contrib.sessions.backends.db",
    "django.contrib.staticfiles.apps",
    "django.db.backends.sqlite3.base",
    "channels.auth",
    "channels.generic.websocket",
    "channels.layers",
    "channels.routing",
    "channels.security.websocket",
    "autobahn.twisted.websocket",
    "daphne.http_protocol",
    "daphne.ws_protocol",
    "daphne.management.commands",
    "twisted.internet.asyncioreactor",
)


class Runner:
    def __init__(self, project: Path, folder: Path):
        self.project = project
        self.folder = folder
        self.record = open(folder / "record.jsonl", "a", encoding="utf-8")

    def tell(self, run: str, what: str, **facts) -> None:
        text = json.dumps({"run": run, "what": what, **facts})
        self.record.write(text + "\n")
        self.record.flush()

    def plays(self) -> None:
        """All runs, in turn."""
        first, second = self.begin(RIGHT, []), self.begin(AGAIN, [])
        while not self.finish(first):
            self.pass_on(first)
            time.sleep(0.02)
        passed = self.passed(first)
        failed = [e for e in first.lines() if e["what"] == "ends" and e["how"] == "failed"]
        right = all(e["message"].startswith(one_run.NOT_WRITTEN) for e in failed)
        waiting = []
        if right and passed:
            waiting = self.with_their_own_fault(passed)
            waiting += [(fault.name, fault.edits, passed) for fault in faults().values()]
            waiting += [(AGAIN, [], passed)] * (TIMES_MORE - 1)
        self.plays_all([second], waiting)

    def with_their_own_fault(self, passed: list[str]) -> list[tuple]:
        """The runs with the learner's own fault, if there is one."""
        try:
            edits = own_fault(self.project)
            make_copy(self.project, self.folder / OWN, edits)
        except (ValueError, BadEdit) as error:
            self.tell(OWN, "bad", message=str(error))
            return []
        return [(OWN, edits, passed), (KNOWN, edits, [])]

    def plays_all(self, running: list[Run], waiting: list[tuple]) -> None:
        """Some at a time: one for each core, and beside these a few that wait."""
        while waiting or running:
            running = [run for run in running if not self.finish(run)]
            busy = sum(not run.waits() for run in running)
            if waiting and busy < CORES and len(running) < AT_ONCE:
                name, edits, tests = waiting.pop(0)
                running.append(self.begin(name, edits, tests))
            time.sleep(0.005)

    def begin(self, name: str, edits: list[dict], tests: list[str] = ()) -> Run:
        self.number = getattr(self, "number", 0) + 1
        project = STEP.solution if name == KNOWN else self.project
        copy = make_copy(project, self.folder / f"{self.number}-{name}", edits)
        options = [*OPTIONS, *tests]
        if name not in (RIGHT, AGAIN):
            options.append("--assert=plain")  # how it fails is shown to nobody
        return Run(name, copy, options)

    def finish(self, run: Run) -> bool:
        """Whether it is over; then its record has been passed on, and its copy is gone."""
        hangs = not run.is_over() and run.hangs()
        if not run.is_over() and not hangs:
            return False
        lines = run.lines()
        if run.name == RIGHT:
            self.show(lines, run.copy)
        self.pass_on(run)
        if hangs:
            run.kill()
            started = [line["test"] for line in lines if line["what"] == "starts"]
            self.tell(run.name, "hangs", test=started[-1] if started else None)
        elif not any(line["what"] == "over" for line in lines):
            self.tell(run.name, "died", code=run.process.poll())
        shutil.rmtree(run.copy, ignore_errors=True)
        return True

    def pass_on(self, run: Run) -> None:
        """Write what has been added to its record since the last time."""
        for line in run.lines()[run.passed_on :]:
            self.tell(run.name, **self.translated(line, run.copy))
            run.passed_on += 1

    def show(self, lines: list[dict], copy: Path) -> None:
        """Print the first traceback, for the diagnoses."""
        for line in lines:
            if "traceback" in line and not line["message"].startswith(one_run.NOT_WRITTEN):
                print(self.translated(line, copy)["traceback"], flush=True)
                return

    def translated(self, line: dict, copy: Path) -> dict:
        """With the learner's own paths in place of the copy's."""
        text = json.dumps(line)
        ours = json.dumps(str(copy))[1:-1]
        return json.loads(text.replace(ours, json.dumps(str(self.project))[1:-1]))

    def passed(self, run: Run) -> list[str]:
        ends = [line for line in run.lines() if line["what"] == "ends"]
        return [line["test"] for line in ends if line["how"] == "passed"]


def main(project: str, folder: str) -> None:
    lifeline.listen(open(0, "rb", buffering=0), lambda: os._exit(1))
    os.environ["REDIS_URL"] = NOWHERE
    for name in ("DATABASE_URL", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "DJANGO_SETTINGS_MODULE"):
        os.environ.pop(name, None)
    if hasattr(os, "fork"):
        for module in IMPORTED:
            with contextlib.suppress(Exception):  # a run will find it out
                importlib.import_module(module)
        # A run looks for garbage more than once: what is here before it is none of its own.
        gc.collect()
        gc.freeze()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    runner = Runner(Path(project), Path(os.path.realpath(folder)))
    threading.excepthook = lambda args: None
    runner.plays()
    runner.tell("", "done")


if __name__ == "__main__":
    main(*sys.argv[1:])
