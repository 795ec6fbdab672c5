"""A step between its starter and its solution: the starter with some of its TODOs done."""

import shutil
from collections.abc import Collection
from pathlib import Path

from workshop.developing.problem import TODO, changes
from workshop.manifest import Step


def with_done(step: Step, done: Collection[int], folder: Path) -> Path:
    """Make a copy of the step's starter in `folder` in which the TODOs of those numbers are done as
    in the solution."""
    shutil.copytree(step.starter, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in step.files:
        text = _done(
            (step.starter / name).read_text(encoding="utf-8"),
            (step.solution / name).read_text(encoding="utf-8"),
            done,
        )
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _done(starter: str, solution: str, done: Collection[int]) -> str:
    lines = starter.splitlines()
    for change in reversed(list(changes(starter, solution))):
        numbers = {int(found) for found in TODO.findall("\n".join(change.before))}
        if numbers and numbers <= set(done):
            at = change.before_line - 1
            lines[at : at + len(change.before)] = change.after
    return "\n".join(lines) + "\n"
