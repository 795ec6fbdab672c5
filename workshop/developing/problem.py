"""What a step still lacks, and how its files are read to find out."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop.folders import contents
from workshop.manifest import ROOT

TODO = re.compile(r"# TODO (\d+): ")
FILL_IN = "FILL IN"  # in what `dev new` writes: placeholders for the author's own words


@dataclass(frozen=True)
class Problem:
    """One thing to do. The message says what is wrong and what to do about it."""

    file: Path
    line: int | None  # counted from 1; None for the file as a whole
    message: str

    def __str__(self) -> str:
        file = self.file.relative_to(ROOT) if self.file.is_relative_to(ROOT) else self.file
        line = f":{self.line}" if self.line else ""
        return f"{file.as_posix()}{line}: {self.message}"


def texts(folder: Path) -> dict[str, str]:
    """The files of a step's folder by name ("chat/consumers.py"), without those that programs
    create on the way."""
    found = {}
    for name, (data, _) in contents(folder).items():
        if not name.endswith(".pyc"):
            found[name] = data.decode(errors="replace")
    return found


@dataclass(frozen=True)
class Change:
    """A block in which a file differs from another: its lines in each, and where it begins."""

    before: list[str]
    after: list[str]
    before_line: int  # counted from 1
    after_line: int


def changes(before: str, after: str) -> Iterator[Change]:
    """The blocks in which two texts differ."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield Change(old[a:b], new[c:d], a + 1, c + 1)


def is_todo(lines: list[str]) -> bool:
    """Whether a block begins with a TODO, blank lines aside."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return TODO.match(first) is not None


def line_of(file: Path, text: str) -> int | None:
    """The first line of the file that contains the text, counted from 1. The file may be anything,
    such as the database that a step's server has left in its folder."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), None)
