"""The catalogue of mistakes and variants: what stands in the mistakes.toml and variants.toml of
each step, and the projects that it describes."""

import tomllib
from functools import cache
from pathlib import Path

from tests.conftest import ROOT, copy_of, edit
from workshop import manifest

Entry = tuple[str, dict]  # a step, "step2", and a row of its file


@cache
def entries(kind: str) -> list[Entry]:
    """The entries of one kind, "mistakes" or "variants"."""
    found = []
    for step in manifest.steps():
        path = ROOT / "checks" / step.name / f"{kind}.toml"
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [(step.short, row) for row in rows[kind.removesuffix("s")]]
    return found


def name_of(entry: Entry) -> str:
    return f"{entry[0]}-{entry[1]['name']}"


def project_of(entry: Entry, folder: Path) -> Path:
    """Make the entry's project in `folder`: a copy of the step's solution, or of the variant that
    `of` names, or nothing but its own files where it stands `alone`; then with its edits."""
    step, row = entry
    if "of" in row:
        variant = next(e for e in entries("variants") if e[0] == step and e[1]["name"] == row["of"])
        project_of(variant, folder)
    elif row.get("alone"):
        folder.mkdir(parents=True)
    else:
        copy_of(manifest.find(step).solution, folder)
    for change in row["edits"]:
        if change.get("remove"):
            (folder / change["file"]).unlink()
        else:
            edit(folder, change["file"], change.get("replace", ""), change["by"])
    return folder
