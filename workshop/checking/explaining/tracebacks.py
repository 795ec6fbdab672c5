"""Exceptions read from a log: for what dies before Python can report it, or is only printed."""

import re
from pathlib import Path

from workshop.checking.events import Frame
from workshop.checking.explaining.errors import Error

TRACEBACK = re.compile(
    r"^(?P<indent>[ |]*)Traceback \(most recent call last\):\n"
    r"(?P<frames>(?:(?P=indent)[ |]+.*\n)*)"
    r"(?P=indent)(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$",
    re.MULTILINE,
)
FRAME = re.compile(
    r'File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+))?(?:\n[ |]+(?P<code>.+))?'
)
CHAINED = re.compile(r"(During handling of|The above exception was the direct cause)")


def errors_in(log: str, folder: Path, first_chain: int = 0) -> list[Error]:
    """Every traceback of a log, in order. Relative file names are the project's, in `folder`.
    Chains are numbered from `first_chain` + 1."""
    errors, chain, end = [], first_chain, 0
    for found in TRACEBACK.finditer(log):
        chain += not CHAINED.search(log, end, found.start())
        end = found.end()
        frames = tuple(
            Frame(
                folder / frame["file"],
                int(frame["line"]),
                frame["function"] or "",
                frame["code"] or "",
            )
            for frame in FRAME.finditer(found["frames"])
        )
        errors.append(Error(found["type"], found["message"] or "", frames, chain))
    return errors
