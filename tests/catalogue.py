"""The catalogue of mistakes and variants: all entries of all steps, and their projects on disk."""

import ast
import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from workshop import manifest, redis_server
from workshop.checking.explaining.suggestion import Suggestion
from workshop.developing import catalogue

Entry = tuple[str, dict]  # a step, "step2", and a row of its file


def entries(kind: str) -> list[Entry]:
    """The entries of one kind, "mistakes" or "variants"."""
    return [(step.short, row) for step in manifest.steps() for row in catalogue.entries(step, kind)]


def first_of_each(entries: list[Entry], subjects: Callable[[Entry], set]) -> list:
    """The entries as parameters of a test: the first one in which a subject occurs is for every
    run, the others are slow. `subjects` returns an entry's subjects."""
    seen, parameters = set(), []
    for entry in entries:
        new = subjects(entry) - seen
        seen |= new
        parameters.append(pytest.param(entry, marks=() if new else pytest.mark.slow))
    return parameters


def name_of(entry: Entry) -> str:
    return f"{entry[0]}-{entry[1]['name']}"


def project_of(entry: Entry, folder: Path) -> Path:
    """Make the entry's project in `folder`."""
    step, row = entry
    return written(catalogue.project(manifest.find(step), row), folder, row.get("encoded", {}))


def written(files: dict[str, str], folder: Path, encoded: dict[str, str]) -> Path:
    """Write the files, each in its encoding or in UTF-8, into `folder`."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding=encoded.get(name, "utf-8"))
    return folder


def repair(project: Path, report: dict, row: dict, made_for: Path | None = None) -> None:
    """Do in the project what the failed check's report says: its suggestion, or what the entry's
    `repair` says that its message asks to type. `made_for` is the project that was checked, where
    this is a copy of it. Raises BadEdit."""
    if found := report["suggestion"]:
        file = project / Path(found["file"]).relative_to(made_for or project)
        suggestion = Suggestion(**{**found, "file": file})
        file.write_text(suggestion.applied_to(file.read_text("utf-8")), encoding="utf-8")
        return
    for change in row["repair"]:
        file = project / change["file"]
        before = {change["file"]: file.read_text("utf-8")} if file.is_file() else {}
        after = catalogue.edited(before, [change])
        if after:
            written(after, project, {})
        else:
            file.unlink()


@contextlib.contextmanager
def redis_of(entry: Entry) -> Iterator[redis_server.Private | None]:
    """The Redis that the entry's settings name, where it asks for one with options of its own."""
    if "redis" not in entry[1]:
        yield None
        return
    with redis_server.private(*entry[1]["redis"].split()) as redis:
        yield redis


def at_the_tests_redis(project: Path) -> bool:
    """Write the port of the tests' own Redis where the settings have Redis's default one, which
    messages mention: nothing need be listening there. Returns whether anything was changed."""
    return at_redis(project, urlsplit(os.environ["REDIS_URL"]).port)


def at_redis(project: Path, port: int) -> bool:
    changed = False
    for file in project.rglob("settings.py"):
        text = file.read_text("utf-8")
        new = re.sub(r"\b6379\b", str(port), text)
        changed |= new != text
        file.write_text(new, encoding="utf-8")
    return changed


def code_of(project: Path) -> dict[Path, str]:
    """What Python makes of each file of the project."""
    return {
        file.relative_to(project): ast.dump(ast.parse(file.read_text("utf-8")))
        for file in sorted(project.rglob("*.py"))
    }
