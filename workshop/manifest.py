"""The steps of the workshop, read from workshop.toml, which alone names, orders and times them.

Imports the standard library alone, because set-up reads it before anything is installed.
"""

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .environment import ROOT

STATE = ROOT / ".workshop"  # what the workshop remembers: saved copies, pids, hints given


class UnknownStep(LookupError):
    """There is no step of that name. The message says which there are."""


@dataclass(frozen=True)
class Step:
    name: str  # "step2_echo"
    title: str
    minutes: int
    files: tuple[str, ...]  # what the attendee edits, relative to the step's folder
    servers: int
    redis: int  # how many; true counts as one
    cut: str
    teaches: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    database: bool = False
    programs: tuple[tuple[str, ...], ...] = ()  # beside the servers: a script and its arguments
    continues: bool = False
    brings: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """ "step2" of "step2_echo": what attendees type."""
        return self.name.partition("_")[0]

    @property
    def number(self) -> int:
        return int(self.short.removeprefix("step"))

    @property
    def capabilities(self) -> frozenset[str]:
        """What its project can do: what it teaches, and what the steps that it continues taught."""
        before = frozenset()
        if self.continues:
            before = steps()[steps().index(self) - 1].capabilities
        return before | frozenset(self.teaches)

    @property
    def check_command(self) -> str:
        """What to type to check it. Windows runs no file by its first line."""
        return f"python checks\\{self.short}" if os.name == "nt" else f"checks/{self.short}"

    @property
    def starter(self) -> Path:
        return ROOT / "steps" / self.name

    @property
    def solution(self) -> Path:
        return ROOT / "solutions" / self.name


@cache
def steps() -> tuple[Step, ...]:
    """Every step, in the order in which it is taught."""
    with open(ROOT / "workshop.toml", "rb") as file:
        rows = tomllib.load(file)["steps"]
    return tuple(Step(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value):
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def find(name: str) -> Step:
    """The step called `name`: "step2", "step2_echo" or "2". Raises UnknownStep."""
    for step in steps():
        if name.strip("/") in (step.name, step.short, str(step.number)):
            return step
    known = ", ".join(step.short for step in steps())
    raise UnknownStep(f"There is no step called {name!r}. The steps are: {known}.")
