"""The catalogue of mistakes and variants: the entries of a step's mistakes.toml and variants.toml,
and the projects that they describe."""

import tomllib
from functools import cache
from pathlib import Path

from workshop.developing.problem import texts
from workshop.manifest import ROOT, Step


class BadEdit(Exception):
    """An edit of an entry cannot be made. The message says why and what to do."""


def file_of(step: Step, kind: str) -> Path:
    return ROOT / "checks" / step.name / f"{kind}.toml"


@cache
def entries(step: Step, kind: str) -> list[dict]:
    """The step's entries of one kind, "mistakes" or "variants"."""
    file = file_of(step, kind)
    rows = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return rows.get(kind.removesuffix("s"), [])


def project(step: Step, row: dict) -> dict[str, str]:
    """The files of the entry's project: those of the step's solution, or of the variant that `of`
    names, or nothing but its own where it is `alone`; then with its edits. Raises BadEdit."""
    if "of" in row:
        variant = next((v for v in entries(step, "variants") if v["name"] == row["of"]), None)
        if variant is None:
            raise BadEdit(f"{step.short} has no variant {row['of']!r} to start from.")
        files = project(step, variant)
    else:
        files = {} if row.get("alone") else _solution(step)
    return edited(files, row["edits"])


def edited(files: dict[str, str], changes: list[dict]) -> dict[str, str]:
    """The files after the changes of an entry's `edits` or `repair`. Raises BadEdit."""
    files = dict(files)
    for change in changes:
        _edit(files, **change)
    return files


@cache
def _solution(step: Step) -> dict[str, str]:
    return texts(step.solution)  # once for several hundred entries


def _edit(files: dict[str, str], file: str, replace: str = "", by: str = "", remove: bool = False):
    if remove:
        if files.pop(file, None) is None:
            raise BadEdit(f"There is no file {file} to remove.")
    elif not replace:
        files[file] = by
    elif (count := files.get(file, "").count(replace)) != 1:
        raise BadEdit(
            f"{replace!r} has to be in {file} exactly once, but is "
            f"there {count} times: quote the project as it is now."
        )
    else:
        files[file] = files[file].replace(replace, by)
