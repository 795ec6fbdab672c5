"""The faults that are planted: faults.toml. What a browser sees with each: timelines.json."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workshop.checking.observers.timeline import Line

FILE = Path(__file__).parents[1] / "faults.toml"
TIMELINES = FILE.with_name("timelines.json")


@dataclass(frozen=True)
class Fault:
    """See faults.toml for each of these, and recording.py for the timeline."""

    name: str
    edits: list[dict]
    does: str
    look: str
    shown_by: list[str]
    timeline: list[Line]


@cache
def faults() -> dict[str, Fault]:
    """All of them by name, in the order in which they are planted."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["fault"]
    return {row["name"]: Fault(**row, timeline=recorded(row["name"])) for row in rows}


def recorded(name: str) -> list[Line]:
    """The timeline of a fault; none before it was recorded for the first time."""
    if not TIMELINES.is_file():
        return []
    found = json.loads(TIMELINES.read_text(encoding="utf-8"))
    return [Line(**line) for line in found.get(name, [])]
