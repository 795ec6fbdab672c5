"""What the tests share: a way to run a check as an attendee does, and to make copies of a step."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from workshop import manifest, redis_server
from workshop.checking import patience
from workshop.checking.command import content
from workshop.checking.processes.preloaded import QuickChecks

ROOT = manifest.ROOT
# Slow as a whole, each a folder or a file: CONTRIBUTING.md, "The tests", says what that means. In a
# browser, who hears whom, hostile texts, step 1's page and the slides are left for every run.
SLOW = (
    "browser/test_classroom.py",
    "browser/test_handout.py",
    "browser/test_history.py",
    "browser/test_keyboard.py",
    "browser/test_looks.py",
    "browser/test_many_messages.py",
    "browser/test_people.py",
    "browser/test_picture.py",
    "browser/test_readmes.py",
    "browser/test_reconnecting.py",
    "browser/test_the_day.py",
    "browser/test_wire.py",
    "classroom/test_hostile.py",
    "classroom/test_joined.py",
    "classroom/test_room.py",
    "environments",
    "test_benchmarks.py",
    "test_planted_faults.py",
    "test_relay.py",
)
# In these, what is of a step at home is slow.
SLOW_AT_HOME = (
    "test_encodings.py",
    "test_lean.py",
    "test_steps_own_tests.py",
    "test_stretch.py",
    "test_tasks.py",
    "test_three_ways.py",
)
AT_HOME = {step.short for step in manifest.steps() if step.track != "core"}
# These look at the decks as they are built (decks.py), which takes as long as many tests.
OF_DECKS = ("browser/test_slides.py", "browser/test_the_day.py", "test_notes.py", "test_slides.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With --dist loadfile, those of the decks run on the same worker, as the tests of a file do:
    it builds the decks once."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "decks" if file.endswith(OF_DECKS) else file

    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@cache
def is_slow(file: Path) -> bool:
    return any(file.is_relative_to(ROOT / "tests" / name) for name in SLOW)


@cache
def own_files() -> tuple[Path, ...]:
    """The files of the repository, sorted, without what is installed, built or made by a program
    here, and without folders whose names begin with a dot, except those of the two CIs."""
    files = []
    for place, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in ("build", "node_modules", "__pycache__")
            and (name in (".ci", ".github") or not name.startswith("."))
        ]
        files += [Path(place, name) for name in names if not name.endswith(".sqlite3")]
    return tuple(sorted(files))


def first_of(cases: Iterable, count: int = 1) -> list:
    """Parameters of a test, of which the first `count` run each time; the others are slow. A tuple
    has one for each name."""
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*each, marks=() if number < count else pytest.mark.slow)
        for number, each in enumerate(values)
    ]


def pytest_itemcollected(item):
    at_home = item.path.name in SLOW_AT_HOME and any(step in item.name for step in AT_HOME)
    if is_slow(item.path) or at_home:
        item.add_marker("slow")


@dataclass
class Checked:
    """How a run of checks/stepN ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict:
        assert self.out, f"It ended with {self.code} and printed nothing but this:\n{self.err}"
        return json.loads(self.out)

    @property
    def failed(self) -> dict | None:
        """The first check that failed, as --json reports it."""
        return next((check for check in self.report["checks"] if not check["passed"]), None)


# For a check of what is right: only what fails waits for a limit, so this costs such a check
# nothing, and no limit that is too short for a busy machine rejects a right answer.
ALL_THE_TIME = {patience.VARIABLE: "20"}
# For a check of what is wrong, which may have to wait for a limit.
PATIENT = {patience.VARIABLE: "5"}


def check(step: str, *arguments, cwd: Path | None = None, **environment) -> Checked:
    """Run checks/`step` in a process of its own. A solution is right."""
    if "--solution" in arguments:
        environment = {**ALL_THE_TIME, **environment}
    done = subprocess.run(
        [sys.executable, str(ROOT / "checks" / step), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; not a measurement
    )
    return Checked(done.returncode, done.stdout, done.stderr)


def quick_check(checks: QuickChecks, step: str, *arguments) -> Checked:
    """The same, from a warm process."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = checks.start(manifest.find(step), *map(str, arguments), stdout=out, stderr=err)
        code = process.wait()
        for stream in (out, err):
            stream.seek(0)
        return Checked(code, out.read().decode(), err.read().decode())


AT_ONCE = 4  # checks side by side: most of a failing one is waiting


@contextmanager
def side_by_side(request, parameter: str, run):
    """A function from a value of the module's parametrized tests to what `run(checks, value)`
    returned, where `checks` makes quick ones. The values that this run of the tests has selected
    run side by side, starting at once."""
    values = (
        item.callspec.params[parameter]
        for item in request.session.items
        if item.module is request.module and request.fixturename in item.fixturenames
    )
    selected = {id(value): value for value in values}  # once, however many tests ask for it
    with QuickChecks(content()) as checks, ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {key: pool.submit(run, checks, value) for key, value in selected.items()}
        yield lambda value: futures[id(value)].result()
        pool.shutdown(cancel_futures=True)


def run_coroutine(coroutine):
    """Run it to its end, in a thread of its own: a browser that other tests have left open keeps an
    event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def copy_of(folder: Path, target: Path) -> Path:
    """A copy of a step's folder in `target`."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return target


def edit(folder: Path, file: str, replace: str, by: str) -> None:
    """Replace a text that is in a file exactly once; an empty `replace` creates the file."""
    path = folder / file
    if not replace:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(by, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    assert text.count(replace) == 1, f"{replace!r} is in {file} {text.count(replace)} times"
    path.write_text(text.replace(replace, by), encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def hears_ctrl_c():
    """A shell makes what it runs in the background ignore Ctrl-C, and that is inherited. What the
    tests start doesn't ignore it, wherever they run."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def a_redis():
    """A Redis for the tests only, on a port of its own, so that no other one is touched."""
    with redis_server.private() as redis, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDIS_URL", redis.url)
        yield
