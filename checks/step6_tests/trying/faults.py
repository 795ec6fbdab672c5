"""The faults that are planted: faults.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "faults.toml"


@dataclass(frozen=True)
class Fault:
    """See faults.toml for each of these."""

    name: str
    edits: list[dict]
    does: str
    look: str
    step5: str
    browser: list[list[str]]


@cache
def faults() -> dict[str, Fault]:
    """All of them by name, in the order in which they are planted."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["fault"]
    return {row["name"]: Fault(**row) for row in rows}
