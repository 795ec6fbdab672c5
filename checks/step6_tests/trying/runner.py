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
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[0] = str(ROOT)

from checks.step6_tests.trying import one_run  # noqa: E402
from checks.step6_tests.trying.faults import faults  # noqa: E402
from checks.step6_tests.trying.one_run import NOT_WRITTEN  # noqa: E402
from workshop import lifeline, manifest  # noqa: E402
from workshop.checking import patience  # noqa: E402
from workshop.checking.project_files import NO_FILES, NO_FOLDERS  # noqa: E402
from workshop.developing import catalogue  # noqa: E402

STEP = manifest.find("step6_tests")
RIGHT, AGAIN = "right", "again"  # names of runs; those on a chat with a fault have its name
OWN, KNOWN = "own", "known"  # with the learner's own fault: their tests, those of the solution
OWN_FAULT = "fault.toml"
TIMES_MORE = 4  # on the right chat
# How patient the tests' communicators are, see one_run.py. On the right chat, only one that fails
# waits to the end of its time, and a second is short on a busy laptop. On the others something has
# to fail: it would cost each check that time.
PATIENT = (patience.seconds(3), 1)
LESS_PATIENT = (min(patience.FACTOR, 4),) * 2
WAITS_AFTER = 0.3  # seconds in which it writes nothing: most likely, its test waits for a frame
CORES = os.cpu_count() or 2
AT_ONCE = CORES + 2  # with those that wait
HANGS_AFTER = patience.seconds(6)  # in which no test of a run begins or ends …
LOADS_WITHIN = patience.seconds(10)  # … and before the first one
# Plugins of pytest's own that no test needs: importing and asking them takes time.
UNNEEDED = "cacheprovider doctest faulthandler junitxml pastebin setuponly setupplan stepwise"
OPTIONS = [word for name in UNNEEDED.split() for word in ("-p", f"no:{name}")]
# Nobody sees what tests print: pytest need not keep it, for it may be more than the disk holds.
OPTIONS.append("-s")
# None of the tests is about the migrations. What a pytest.ini adds would be added to this.
OPTIONS += ["-qq", "--tb=no", "--nomigrations", "-o", "addopts=", "-o", "python_files=test*.py"]
OPTIONS += ["-W", "always::RuntimeWarning"]
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


class Run:
    """The tests on one copy, in a process of its own."""

    def __init__(self, name: str, copy: Path, options: list[str]):
        self.name = name
        self.copy = copy
        self.record = copy.with_suffix(".jsonl")
        self.began = self.wrote = time.monotonic()
        self.written = 0
        self.passed_on = 0  # lines of its record
        factors = PATIENT if name in (RIGHT, AGAIN) else LESS_PATIENT
        self.process = start(copy, self.record, ",".join(map(str, factors)), options)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def silent_for(self) -> float:
        """The seconds in which it has written nothing."""
        written = self.record.stat().st_size if self.record.exists() else 0
        if written != self.written:
            self.written, self.wrote = written, time.monotonic()
        return time.monotonic() - self.wrote

    def waits(self) -> bool:
        return self.silent_for > WAITS_AFTER and self.written > 0

    def hangs(self) -> bool:
        return self.silent_for > (HANGS_AFTER if self.written else LOADS_WITHIN)

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """With all that it has started: a live server, say."""
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.process.pid)
            for process in [*found.children(recursive=True), found]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def lines(self) -> list[dict]:
        text = self.record.read_text(encoding="utf-8") if self.record.exists() else ""
        found = []
        for line in text.splitlines():
            with contextlib.suppress(ValueError):  # cut off in the middle
                found.append(json.loads(line))
        return found


class Child:
    """A fork of this process: what is needed of subprocess.Popen's interface."""

    def __init__(self, pid: int):
        self.pid = pid
        self.code = None

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code


def start(copy: Path, record: Path, factors: str, options: list[str]) -> "Child | subprocess.Popen":
    if not hasattr(os, "fork"):
        return subprocess.Popen(
            [sys.executable, one_run.__file__, str(record), factors, *options],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    pid = os.fork()
    if pid:
        return Child(pid)
    status = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os.chdir(copy)
        sys.argv = ["pytest"]
        sys.path[0] = str(copy)
        sys.path.append(str(ROOT))
        one_run.run(str(record), factors, options)
        status = 0
    finally:
        os._exit(status)


def own_fault(project: Path) -> list[dict]:
    """The edits of the learner's own fault. Raises ValueError where there is none."""
    file = project / OWN_FAULT
    if not file.is_file():
        raise ValueError(f"There is no {OWN_FAULT} in the step's folder yet.")
    try:
        edit = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{OWN_FAULT} is not TOML: {error}.") from error
    lacks = [name for name in ("file", "replace", "by") if not isinstance(edit.get(name), str)]
    if lacks or len(edit) > 3 or not edit["replace"]:
        raise ValueError(f"{OWN_FAULT} has to say three things: file, replace and by.")
    return [edit]


def is_a_test(name: str) -> bool:
    """Whether a file of the learner's belongs to the tests, and not to the chat."""
    return name in STEP.files or not (STEP.solution / name).is_file() or name == "pytest.ini"


def make_copy(project: Path, folder: Path, edits: list[dict]) -> Path:
    """The solution with the learner's tests, and with the edits."""
    right = {
        name: (STEP.solution / name).read_text(encoding="utf-8")
        for name in files_of(STEP.solution)
        if not is_a_test(name)
    }
    for name, text in catalogue.edited(right, edits).items():
        write(folder / name, text.encode())
    for name in files_of(project):
        if is_a_test(name):
            write(folder / name, (project / name).read_bytes())
    return folder


def files_of(folder: Path) -> list[str]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not NO_FOLDERS.match(name)]
        inside = Path(place).relative_to(folder)
        found += [(inside / name).as_posix() for name in names if not NO_FILES.match(name)]
    return found


def write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


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
        right = all(e["message"].startswith(NOT_WRITTEN) for e in failed)
        waiting = []
        if right and passed:
            waiting = self.with_their_own_fault(passed)
            waiting += [(fault.name, fault.edits, passed) for fault in faults().values()]
            waiting += [(AGAIN, [], passed)] * (TIMES_MORE - 1)
        self.plays_all([second], waiting)

    def with_their_own_fault(self, passed: list[str]) -> list[tuple]:
        """The runs with it; none where there is no such fault."""
        try:
            edits = own_fault(self.project)
            make_copy(self.project, self.folder / OWN, edits)
        except (ValueError, catalogue.BadEdit) as error:
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
            if "traceback" in line and not line["message"].startswith(NOT_WRITTEN):
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
