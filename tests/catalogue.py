"""The catalogue of mistakes and variants: all entries of all steps, and their projects on disk."""

from pathlib import Path

from workshop import manifest
from workshop.developing import catalogue

Entry = tuple[str, dict]  # a step, "step2", and a row of its file


def entries(kind: str) -> list[Entry]:
    """The entries of one kind, "mistakes" or "variants"."""
    return [(step.short, row) for step in manifest.steps() for row in catalogue.entries(step, kind)]


def name_of(entry: Entry) -> str:
    return f"{entry[0]}-{entry[1]['name']}"


def project_of(entry: Entry, folder: Path) -> Path:
    """Make the entry's project in `folder`."""
    step, row = entry
    for name, text in catalogue.project(manifest.find(step), row).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding=row.get("encoded", {}).get(name, "utf-8"))
    return folder
