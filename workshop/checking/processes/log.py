"""What a program wrote: its own output, and the events that it reported between the lines.

A program's events come long after it was started, so what reads them is imported then: see
program.py.
"""

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.checking import instrumented
from workshop.checking.instrumented import MARK

if TYPE_CHECKING:
    from workshop.checking.events import Event

LOG_KEPT = 200_000  # bytes of the log's start, and as many of its end
OURS = re.escape(str(Path(instrumented.__file__).parent))
# A frame of ours in a traceback: its line, and those below it that belong to it (its code, carets).
OUR_FRAME = re.compile(rf'^[ |]*File "{OURS}.*\n(?:^[ |]{{4,}}(?!File ").*\n)*', re.MULTILINE)


class Log:
    """A program's output without its events. Bounded: a flood doesn't use up the memory."""

    def __init__(self, folder: Path):
        self._folder = folder  # of the project
        self._start = bytearray()
        self._end = bytearray()
        self._pieces: dict[bytes, bytes] = {}  # of events that are not complete yet
        self.dropped = 0  # bytes
        self.events: list[Event] = []

    def add(self, line: bytes) -> None:
        line, mark, told = line.partition(MARK.encode())
        if mark:
            # An event can be cut off: behind a print of more than a line may hold, or by the end.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                self._add_piece(*told.rstrip(b"\r\n").split(b" ", 2))
        if len(self._start) < LOG_KEPT:
            self._start += line[:LOG_KEPT]
            return
        self._end += line[:LOG_KEPT]
        excess = len(self._end) - LOG_KEPT
        if excess > LOG_KEPT:
            del self._end[:excess]
            self.dropped += excess

    def _add_piece(self, number: bytes, end: bytes, piece: bytes) -> None:
        """As written by instrumented/telling.py."""
        from workshop.checking.events import decoded

        told = self._pieces.pop(number, b"") + piece
        if end == b".":
            self.events.append(decoded(json.loads(told), self._folder))
        else:
            self._pieces[number] = told

    @property
    def text(self) -> str:
        """The output, without frames of the workshop's own in its tracebacks."""
        gap = f"\n… {self.dropped:,} bytes left out …\n".encode() if self.dropped else b""
        text = bytes(self._start + gap + self._end).decode(errors="replace")
        return OUR_FRAME.sub("", text.replace("\r\n", "\n"))
