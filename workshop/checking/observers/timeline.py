"""Every frame of a check, in the order in which its browsers saw them."""

import time
from dataclasses import dataclass, field

LINES_KEPT = 2000


@dataclass
class Line:
    """One line of the timeline."""

    at: float  # seconds since the check began
    who: str
    direction: str  # "out": to the server; "in": from it; "silence"; "note"
    text: str


@dataclass
class Timeline:
    """Bounded: a flood of frames doesn't use up the memory."""

    lines: list[Line] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> float:
        """Seconds since the check began."""
        return time.monotonic() - self.began

    def add(self, who: str, direction: str, text: str) -> None:
        if len(self.lines) < LINES_KEPT:
            self.lines.append(Line(self.now, who, direction, text))
