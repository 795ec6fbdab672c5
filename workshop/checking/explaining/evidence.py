"""What a failed check leaves behind, ready to be asked by the diagnoses."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from workshop.checking.explaining.source import Consumer, Project, Where
from workshop.checking.observers.timeline import Line


@dataclass(frozen=True)
class Frame:
    file: Path
    line: int
    function: str
    code: str = ""  # the line itself, as the traceback shows it


@dataclass(frozen=True)
class Error:
    """An exception that the server's log shows."""

    type: str  # "ValueError", "django.core.exceptions.ImproperlyConfigured"
    message: str
    frames: tuple[Frame, ...]
    chain: int = 0  # the same number for exceptions that were raised while handling one another

    @property
    def text(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    @property
    def name(self) -> str:
        """The type without its module."""
        return self.type.rpartition(".")[2]

    @property
    def brief(self) -> str:
        """As an "ended" event tells it: the name, and the first line of the message."""
        return f"{self.name}: {self.message}"


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


def errors_in(log: str, folder: Path) -> list[Error]:
    """Every traceback of a log, in order. Relative file names are the project's."""
    errors, chain, end = [], 0, 0
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


@dataclass
class ProgramEvidence:
    """What one program of the attendee's left: a server, or step 1's exhibition."""

    log: str
    events: list[dict]
    exit_code: int | None
    may_end: bool = False  # with exit code 0; a server may not


@dataclass
class Evidence:
    """Everything known about one failed check; or, with no failure, about a run that passed."""

    check: str  # "test_a_message_comes_back"
    failure: BaseException | None
    project: Project
    capabilities: frozenset[str] = frozenset()  # that the step teaches, see workshop.toml
    timeline: list[Line] = field(default_factory=list)
    programs: list[ProgramEvidence] = field(default_factory=list)
    # What the programs were doing when asked, and a moment later.
    busy: list[dict] = field(default_factory=list)
    still_busy: list[dict] = field(default_factory=list)
    paths: set[str] | None = None  # of the WebSockets that the check opened; None: of any

    # What was seen

    def saw(self, *kinds: type) -> bool:
        return isinstance(self.failure, kinds)

    @property
    def status(self) -> int | None:
        """The HTTP status: of the refused handshake, or of the page."""
        return getattr(self.failure, "status", None)

    @property
    def log(self) -> str:
        return "\n".join(program.log for program in self.programs)

    @property
    def exited(self) -> bool:
        """Whether a program ended that should not have."""
        return any(
            program.exit_code is not None and not (program.may_end and program.exit_code == 0)
            for program in self.programs
        )

    def teaches(self, capability: str) -> bool:
        """Whether the step's project can do this: "chat", "groups" …"""
        return capability in self.capabilities

    # What the programs told

    def events(self, kind: str, **facts) -> list[dict]:
        """The events of that kind and with these facts, in order, of each program in turn. Of
        those that belong to a WebSocket, only this check's."""
        return [
            event
            for program in self.programs
            for event in program.events
            if event["event"] == kind
            and all(event.get(name) == value for name, value in facts.items())
            and (self.paths is None or event.get("path") in {*self.paths, None})
        ]

    @cached_property
    def consumers(self) -> list[Consumer]:
        """The consumers that this check's WebSockets reached; where none did, the project's."""
        ran = {tuple(cls) for event in self.events("consumer") for cls in event["classes"][:1]}
        known = self.project.consumers
        return [c for c in known if (c.source.module, c.name) in ran] or known

    def begun(self, kind: str) -> int:
        """How many events of the type, "websocket.receive" say, consumers began to handle."""
        return len(self.events("handles", type=kind))

    def layer_calls(self, call: str) -> list[dict]:
        """The calls of a method of the channel layer."""
        return self.events("layer", call=call)

    def sent(self, kind: str) -> list[dict]:
        """What consumers sent to their browsers of the type, "websocket.send" say."""
        return self.events("sends", type=kind)

    def place(self, event: dict) -> Where | None:
        """The attendee's line that did it."""
        return self._theirs_last(event["frames"])

    # Exceptions

    @cached_property
    def errors(self) -> list[Error]:
        """The exceptions in the log, without those that ended other checks' WebSockets."""
        errors = errors_in(self.log, self.project.folder)
        for program in self.programs:
            for event in program.events:
                others = self.paths is not None and event.get("path") not in self.paths
                if event["event"] == "ended" and event["error"] and others:
                    for chain in [e.chain for e in errors if e.brief == event["error"]][:1]:
                        errors = [error for error in errors if error.chain != chain]
        return errors

    def error(self, pattern: str | re.Pattern) -> Error | None:
        """The first error whose "Type: message" matches the regular expression."""
        return next((error for error in self.errors if re.search(pattern, error.text)), None)

    def logged(self, pattern: str) -> re.Match | None:
        return re.search(pattern, self.log, re.MULTILINE)

    # Where it happened

    def is_theirs(self, file: Path | str) -> bool:
        """Whether the file is the attendee's: in the step's folder and not an installed package."""
        file = Path(file)
        file = self.project.folder / file
        inside = file.is_relative_to(self.project.folder) and file.is_file()
        return inside and "site-packages" not in file.parts and file.name != "manage.py"

    def where(self, error: Error) -> Where | None:
        """The attendee's own last line in the traceback, or in those chained to it."""
        others = [e for e in self.errors if e.chain == error.chain and e is not error]
        for one in (error, *others):
            for frame in reversed(one.frames):
                if self.is_theirs(frame.file):
                    return Where(frame.file, frame.line)
        return None

    def raised_by_them(self, error: Error) -> bool:
        """Whether the attendee's own line raised it, and not one that it called."""
        return bool(error.frames) and self.is_theirs(error.frames[-1].file)

    def nodes_at(self, where: Where | None, *types: type) -> list[ast.AST]:
        """The nodes of the attendee's syntax tree at a place."""
        source = self.project.source_at(where)
        return source.at(where.line, *types) if source else []

    def _theirs_last(self, frames: list) -> Where | None:
        found = self._theirs_innermost(frames)
        return found and Where(self.project.folder / found[0], found[1])

    def _theirs_innermost(self, frames: list) -> list | None:
        """The attendee's own last frame: file, line, function."""
        return next((frame for frame in reversed(frames) if self.is_theirs(frame[0])), None)

    def never_awaited(self, pattern: str = "") -> tuple[str, Where | None] | None:
        """The first coroutine, of a name that matches, that was made and never awaited: its
        name, and the attendee's line that made it."""
        for program in self.programs:
            for event in program.events:
                if event["event"] == "never_awaited" and re.search(pattern, event["coroutine"]):
                    return event["coroutine"], self._theirs_last(event["frames"])
        return None

    @cached_property
    def stuck(self) -> tuple[str, Where] | None:
        """The attendee's line that was running or waited at when the server was asked, with
        "thread" for one that holds its thread and "task" for one that awaits. Its function was
        busy a moment later too: on a slow machine the first look may meet one that all but ended.
        """
        later = {
            (what, file, function) for what, (file, _, function) in self._busy(self.still_busy)
        }
        found = [
            (what, Where(self.project.folder / file, line))
            for what, (file, line, function) in self._busy(self.busy)
            if (what, file, function) in later
        ]
        return max(found, key=lambda one: one[0] == "thread", default=None)

    def _busy(self, events: list[dict]) -> Iterator[tuple[str, list]]:
        """Of each "thread" and "task" in the attendee's code: which it is, and their last frame."""
        for event in events:
            if frame := self._theirs_innermost(event["frames"]):
                yield event["what"], frame


@dataclass(frozen=True)
class Diagnosis:
    """Why a check failed: a name that tests know, one or two sentences, a place."""

    id: str
    message: str
    where: Where | None = None
