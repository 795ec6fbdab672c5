"""From a save to the verdict: our checks, and what a learner would run instead.

Measured side by side in one run, each from its start (or the save) until its verdict:

- `checks/stepN --solution`, cold;
- `checks/stepN --watch` on a copy of the solution, from the save (a file that is written next to it
  and renamed, as editors do) to the line with the verdict;
- `pytest` on the solution's own tests, in the style of the Channels documentation;
- the tests of the Channels tutorial, part 4: a real Chrome, driven by Selenium.

Every one of them passes, or nothing is reported. Seconds depend on the machine and on what else it
does, so the limit for a check is a ratio to pytest on the step's own tests in the same run. Step
1's own tests wait for an opponent who thinks for a second: its check is held to step 2's instead.
The checks of steps 4 and 5 may take 4 s, or 1.2 s from a save, where step 3's own tests take 1.4 s.
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import results
from benchmarks.programs import redis
from workshop import manifest
from workshop.manifest import ROOT

TUTORIAL = ROOT / "benchmarks" / "tutorial"
RESULT = results.BUILD / "check-loop.json"
VERDICT = re.compile(rb"(\d+) of (\d+) \xe2\x9c\x93")  # "7 of 7 ✓"
# Ratios that medians must not exceed, by step
COLD = {"step1": 1.0, "step2": 0.55, "step3": 0.95, "step4": 2.86, "step5": 2.86}
WATCH = {"step1": 0.45, "step2": 0.20, "step3": 0.35, "step4": 0.86, "step5": 0.86}
OTHERS = {"step1": "step2", "step4": "step3", "step5": "step3"}  # held to that one's own tests
LIMIT = 120  # seconds for one run of anything


@dataclass
class Row:
    what: str
    step: str
    once: Callable[[], float]  # measures once and returns seconds
    reference: "Row | None" = None  # what its median is a ratio to
    bound: float | None = None  # that the ratio must not exceed
    times: list[float] = field(default_factory=list)  # seconds

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def ratio(self) -> float | None:
        return self.reference and self.median / self.reference.median

    @property
    def holds(self) -> bool:
        return self.bound is None or self.ratio <= self.bound


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    with redis() as store:
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{store.port}"
        rows = measure(options.runs)
    report(rows)
    return 0 if all(row.holds for row in rows) else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks check-loop",
        description=__doc__.partition("\n")[0],
        epilog="Exit status 1: a ratio is over its bound. Don't use the machine in the meantime.",
    )
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="of each; default 10")
    return parser.parse_args(arguments)


def measure(runs: int) -> list[Row]:
    """Everything once, then everything again, so that whatever else the machine does affects all of
    them alike."""
    steps = {name: manifest.find(name) for name in COLD}
    with ExitStack() as watches:
        own = {
            name: Row("the step's own tests, pytest", name, partial(own_tests, step))
            for name, step in steps.items()
            if step.track == "core"
        }
        references = {name: own[OTHERS.get(name, name)] for name in steps}
        rows = []
        for name, bound in COLD.items():
            rows.append(Row("check, cold", name, partial(cold, name), references[name], bound))
        for name, bound in WATCH.items():
            save = watches.enter_context(watching(steps[name]))
            rows.append(Row("check, from save to verdict", name, save, references[name], bound))
        rows += own.values()
        if missing := what_the_tutorial_lacks():
            print(f"The tutorial's tests are not measured: {missing}.", file=sys.stderr)
        else:
            rows.append(Row("the tutorial's tests, Selenium", "step3", tutorial_tests))
        for number in range(runs):
            print(f"round {number + 1} of {runs}", file=sys.stderr)
            for row in rows:
                row.times.append(row.once())
    return rows


def cold(step: str) -> float:
    return timed([str(ROOT / "checks" / step), "--solution"], ROOT)


def own_tests(step: manifest.Step) -> float:
    return timed(["-m", "pytest", "-q", "-p", "no:cacheprovider"], step.solution)


def what_the_tutorial_lacks() -> str | None:
    if importlib.util.find_spec("selenium") is None:
        return "selenium is not installed (pip install selenium)"
    for program in ("chromedriver", "chromium"):
        if not shutil.which(program):
            return f"there is no {program} (on Debian: apt install chromium chromium-driver)"
    return None


def tutorial_tests() -> float:
    command = ["manage.py", "test", "chat.tests", "--noinput"]
    return timed(command, TUTORIAL, DJANGO_SETTINGS_MODULE="mysite.part4")


def variables(**more: str) -> dict[str, str]:
    """The environment of what is measured. Python keeps bytecode in it, as it does for a learner;
    else our checks would compile all that they consist of again, each time."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def timed(command: list[str], folder: Path, limit: float = LIMIT, **environment: str) -> float:
    """Seconds that `python COMMAND…` took. Raises RuntimeError when it did not pass, and
    subprocess.TimeoutExpired after `limit` seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=variables(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=limit,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{command} did not pass:\n{done.stdout.decode(errors='replace')}")
    return seconds


@contextmanager
def watching(step: manifest.Step):
    """A function that saves a file of the step and returns the seconds until the verdict."""
    with tempfile.TemporaryDirectory() as place:
        project = Path(place) / step.name
        shutil.copytree(step.solution, project, ignore=shutil.ignore_patterns("__pycache__"))
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "checks" / step.short), "--watch", "--project", project],
            env=variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

        def until(pattern: bytes) -> re.Match:
            for line in process.stdout:
                if found := re.search(pattern, line):
                    return found
            raise RuntimeError("--watch has ended.")

        file = project / step.files[0]
        count = 0

        def save_to_verdict() -> float:
            nonlocal count
            count += 1
            beside = file.with_name(f".{file.name}.new")
            beside.write_text(f"{file.read_text(encoding='utf-8')}# {count}\n", encoding="utf-8")
            began = time.perf_counter()
            os.replace(beside, file)
            passed, total = until(VERDICT.pattern).groups()
            seconds = time.perf_counter() - began
            if passed != total:
                raise RuntimeError(f"{step.short} did not pass in --watch.")
            until(b"Waiting for a save")
            return seconds

        try:
            until(b"Waiting for a save")
            yield save_to_verdict
        finally:
            process.terminate()
            process.wait()


def report(rows: list[Row]) -> None:
    """The table, and build/check-loop.json."""
    tutorial = next((row for row in rows if "tutorial" in row.what), None)
    table = Table("", "step", "median", "slowest", "of own tests", "at most")
    if tutorial:
        table.add_column("the tutorial's tests take")
    for row in rows:
        cells = [row.what, row.step, f"{row.median:.2f} s", f"{max(row.times):.2f} s", "", ""]
        if row.reference:
            own = "" if row.reference.step == row.step else f" ({row.reference.step}'s)"
            cells[4:] = [f"{row.ratio:.2f}{own}", f"{row.bound:.2f} {'✓' if row.holds else '✗'}"]
        if tutorial:
            cells.append(f"{tutorial.median / row.median:.1f} times as long")
        table.add_row(*cells)
    Console().print(table)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    content = [
        {
            "what": row.what,
            "step": row.step,
            "median": row.median,
            "times": row.times,
            "ratio": row.ratio,
            "ratio_to": row.reference and row.reference.step,
            "bound": row.bound,
            "holds": row.holds,
        }
        for row in rows
    ]
    RESULT.write_text(json.dumps(content, indent=1), encoding="utf-8")
    print(f"Written to {results.shown(RESULT)}")
