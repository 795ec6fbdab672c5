"""A run of the learner's tests: on one copy of the chat, in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from checks.step6_tests.trying import one_run
from workshop.checking import patience
from workshop.manifest import ROOT

RIGHT, AGAIN = "right", "again"  # names of runs; those on a chat with a fault have its name
OWN, KNOWN = "own", "known"  # with the learner's own fault: their tests, those of the solution
TIMES_MORE = 4  # on the right chat: a test has to say the same each time
# How patient the tests' communicators are, see one_run.py. On the right chat, only one that fails
# waits to the end of its time, and a second is short on a busy laptop. On the others something has
# to fail: it would cost each check that time.
PATIENT = (patience.seconds(3), 1)
LESS_PATIENT = (min(patience.FACTOR, 4),) * 2
WAITS_AFTER = 0.3  # seconds in which it writes nothing: most likely, its test waits for a frame
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


class Run:
    """The tests on one copy, in a process of its own."""

    def __init__(self, name: str, copy: Path, options: list[str]):
        self.name = name
        self.copy = copy
        self.record = copy.with_suffix(".jsonl")
        self.wrote = time.monotonic()
        self.written = 0
        self.passed_on = 0  # lines of its record
        factors = PATIENT if name in (RIGHT, AGAIN) else LESS_PATIENT
        self.process = start(copy, self.record, ",".join(map(str, factors)), options)

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
