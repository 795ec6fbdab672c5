"""Every step of the core, solved task by task in a copy, with its check after each task."""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..checking import tasks
from ..developing.todos import with_done
from ..doctor import Finding
from ..manifest import ROOT, Step, steps

AT_ONCE = 2  # checks


def rehearse() -> list[Finding]:
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(AT_ONCE) as workers:
        ways = [(step, count) for step in steps("core") for count in range(_number(step) + 1)]
        checked = workers.map(lambda way: _check(*way, Path(name)), ways)
        problems = list(zip(ways, checked, strict=True))
    return [_finding(step, problems) for step in steps("core")]


def _number(step: Step) -> int:
    return len(tasks.of_step(step))


def _finding(step: Step, problems: list) -> Finding:
    own = [(count, problem) for (one, count), problem in problems if one == step and problem]
    seen = f"{step.short}: {_number(step)} tasks, each checked as it is done"
    return Finding(seen, "\n    ".join(f"With {count} done: {problem}" for count, problem in own))


def _check(step: Step, count: int, folder: Path) -> str:
    """What is wrong when the first `count` tasks are done, otherwise nothing."""
    done = [task.number for task in tasks.of_step(step)[:count]]
    project = with_done(step, done, folder / f"{step.short}-{count}" / step.name)
    program = [sys.executable, str(ROOT / step.check_command), "--project", str(project), "--json"]
    ended = subprocess.run(
        program,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    if ended.returncode not in (0, 1):
        return ended.stderr.strip()
    report = json.loads(ended.stdout)
    states = {task["number"]: task["state"] for task in report["tasks"]}
    failed = next((check for check in report["checks"] if not check["passed"]), None)
    if count == _number(step) and failed:
        return f"{failed['title']}: {failed['message']}"
    left = [number for number in done if states[number] != "done"]
    return f"the report does not see task {left[0]} as done" if left else ""
