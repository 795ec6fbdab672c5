"""Steps and tracks of the workshop, from workshop.toml, the only place that names, orders and times
them.

Imports only the standard library, because set-up reads it before anything is installed.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PureWindowsPath

from .environment import ROOT, typed

STATE = ROOT / ".workshop"  # what the workshop remembers: saved copies, pids, hints given


class UnknownStep(LookupError):
    """There is no step of that name. The message says which there are."""


@dataclass(frozen=True)
class Track:
    """Steps that are taken together: in one room and in so many minutes, or at home."""

    name: str  # "core"
    title: str
    minutes: int | None = None  # how long its slides and exercises may take; None: no limit
    buffer: int = 0  # minutes of these that belong to no slide
    decks: tuple[str, ...] = ()  # the files of slides/, without ".md", in the order they are shown


@dataclass(frozen=True)
class Step:
    name: str  # "step2_echo"
    title: str
    track: str  # the name of its Track
    minutes: int
    files: tuple[str, ...]  # what the attendee edits, relative to the step's folder
    servers: int
    redis: int  # how many; true counts as one
    cut: str
    group: str = ""  # of requirements.txt, that its programs need besides lean
    commands: tuple[str, ...] = ()  # what its exercise types, as on Linux and macOS
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
    def previous(self) -> "Step | None":
        """The step before it, of whichever track; None for the first."""
        position = steps().index(self)
        return steps()[position - 1] if position else None

    @property
    def next(self) -> "Step | None":
        """The step after it, of whichever track; None for the last."""
        return next((step for step in steps() if step.previous == self), None)

    @property
    def capabilities(self) -> frozenset[str]:
        """What its project can do: what it teaches, and what the steps that it continues taught."""
        before = self.previous.capabilities if self.continues else frozenset()
        return before | frozenset(self.teaches)

    @property
    def check_command(self) -> str:
        """What to type to check it."""
        return typed(f"checks/{self.short}")

    @property
    def behavior(self) -> Path:
        """Its checks."""
        return ROOT / "checks" / self.name / "test_behavior.py"

    @property
    def stretch(self) -> Path:
        """The checks of its stretch task; not there where it has none."""
        return ROOT / "checks" / self.name / "stretch" / "test_stretch.py"

    @property
    def starter(self) -> Path:
        return ROOT / "steps" / self.name

    @property
    def solution(self) -> Path:
        return ROOT / "solutions" / self.name


def tracks() -> tuple[Track, ...]:
    """Every track, the core first."""
    return _read()[0]


def track(name: str) -> Track:
    """The track of that name. Raises KeyError."""
    return {track.name: track for track in tracks()}[name]


def steps(track: str | None = None) -> tuple[Step, ...]:
    """Every step, or those of one track, in the order in which they are taught."""
    return tuple(step for step in _read()[1] if track in (None, step.track))


def event() -> dict:
    """What the slides say of one occasion: workshop.toml tells the keys."""
    with open(ROOT / "workshop.toml", "rb") as file:
        return tomllib.load(file)["event"]


def finished_chat() -> Step:
    """The step whose solution is the chat that the core ends with: what is tried, shown and
    measured wherever any working chat would do."""
    return [step for step in steps("core") if "groups" in step.capabilities][-1]


@cache
def _read() -> tuple[tuple[Track, ...], tuple[Step, ...]]:
    with open(ROOT / "workshop.toml", "rb") as file:
        rows = tomllib.load(file)
    return _made(Track, rows["tracks"]), _made(Step, rows["steps"])


def _made(kind: type, rows: list[dict]) -> tuple:
    return tuple(kind(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value):
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def find(name: str) -> Step:
    """The step called `name`: "step2", "step2_echo" or "2"; or the one that a path leads into, as
    editors tell it: "steps/step2_echo/chat/consumers.py". Raises UnknownStep."""
    folders = PureWindowsPath(name).parts  # which / separates too
    for step in steps():
        if name.strip("/") in (step.short, str(step.number)) or step.name in folders:
            return step
    known = ", ".join(step.short for step in steps())
    raise UnknownStep(f"There is no step called {name!r}. The steps are: {known}.")
