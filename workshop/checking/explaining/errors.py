"""Exceptions as rules see them, whether a process reported them or only its log shows them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from workshop.checking.events import ExceptionFacts, Frame

PRINTED_BARE = ("builtins", "__main__")  # modules that a traceback leaves out


@dataclass(frozen=True)
class Error:
    """One exception."""

    type: str  # as a traceback prints it: "ValueError", "redis.exceptions.ConnectionError"
    message: str  # its first line
    frames: tuple[Frame, ...]
    chain: int = 0  # the same number for exceptions that one of them explains
    facts: ExceptionFacts | None = None  # None where only the log shows it

    @property
    def text(self) -> str:
        """ "Type: message", as the last line of a traceback."""
        return f"{self.type}: {self.message}" if self.message else self.type

    @property
    def name(self) -> str:
        """The type without its module."""
        return self.type.rpartition(".")[2]

    @property
    def code(self) -> str:
        """The text of the line that raised it; empty where it is not known."""
        return self.frames[-1].code if self.frames else ""

    @property
    def brief(self) -> tuple[str, str]:
        """What distinguishes it from others: the type's name and the message."""
        return self.name, self.message

    def raised_in(self, *packages: str) -> bool:
        """Whether code of one of these packages raised it."""
        return any(set(packages) & set(frame.file.parts) for frame in self.frames[-1:])

    def came_through(self, *packages: str) -> bool:
        """Whether code of one of these packages was running."""
        return any(set(packages) & set(frame.file.parts) for frame in self.frames)


def error_of(facts: ExceptionFacts, chain: int) -> Error:
    bare = facts.module in PRINTED_BARE
    kind = facts.type if bare else f"{facts.module}.{facts.type}"
    frames, message = facts.frames, facts.message
    if "SyntaxError" in (facts.type, *facts.bases):
        # The place is not a frame, because nothing ran there; a traceback prints it like one.
        message = facts.details.get("msg") or message
        file, line = facts.details.get("filename"), facts.details.get("lineno")
        if file and line:
            code = (facts.details.get("text") or "").strip()
            frames = (*frames, Frame(Path(file), line, "", code))
    return Error(kind, message.partition("\n")[0], frames, chain, facts)


def explaining_first(
    chain: Iterable[ExceptionFacts], is_theirs: Callable[[Path], bool]
) -> list[ExceptionFacts]:
    """The exceptions of a chain, those that explain the others before them.

    CancelledError is only how a wait was ended, and explains nothing. What was raised `from`
    another is explained by it. One that was raised while another was handled is explained by that
    other only where this came through the learner's code and the later one did not: libraries try
    one thing and then another, and what they caught on the way explains nothing.
    """
    order: list[ExceptionFacts] = []
    for facts in chain:
        later = order[0] if order else None
        if later is None or _explains(facts, later, is_theirs):
            order.insert(0, facts)
        else:
            order.append(facts)
    return order


def _explains(facts: ExceptionFacts, later: ExceptionFacts, is_theirs) -> bool:
    if facts.type == "CancelledError":
        return False
    if facts.link in ("cause", "member"):
        return True
    theirs = any(is_theirs(frame.file) for frame in facts.frames)
    raised_by_them = bool(later.frames) and is_theirs(later.frames[-1].file)
    return theirs and not raised_by_them
