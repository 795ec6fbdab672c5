"""What a failed check leaves behind, ready to be asked by the diagnoses."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from workshop.checking.browser import Line
from workshop.checking.source import Project, Where


@dataclass(frozen=True)
class Frame:
    file: Path
    line: int
    function: str


@dataclass(frozen=True)
class Error:
    """An exception that the server's log shows."""

    type: str  # "ValueError", "django.core.exceptions.ImproperlyConfigured"
    message: str
    frames: tuple[Frame, ...]

    @property
    def text(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    @property
    def name(self) -> str:
        """The type without its module."""
        return self.type.rpartition(".")[2]


TRACEBACK = re.compile(
    r"^(?P<indent>[ |]*)Traceback \(most recent call last\):\n"
    r"(?P<frames>(?:(?P=indent)[ |]+.*\n)*)"
    r"(?P=indent)(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$",
    re.MULTILINE,
)
FRAME = re.compile(r'File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+))?')


def errors_in(log: str, folder: Path) -> list[Error]:
    """Every traceback of a log, in order. Relative file names are the project's."""
    return [
        Error(
            found["type"],
            found["message"] or "",
            tuple(
                Frame(folder / frame["file"], int(frame["line"]), frame["function"] or "")
                for frame in FRAME.finditer(found["frames"])
            ),
        )
        for found in TRACEBACK.finditer(log)
    ]


@dataclass
class ProgramEvidence:
    """What one program of the attendee's left: a server, or step 1's exhibition."""

    log: str
    events: list[dict]
    exit_code: int | None


@dataclass
class Evidence:
    """Everything known about one failed check."""

    step: str  # "step2"
    check: str  # "test_a_message_comes_back"
    failure: BaseException
    project: Project
    timeline: list[Line] = field(default_factory=list)
    programs: list[ProgramEvidence] = field(default_factory=list)
    busy: list[dict] = field(default_factory=list)  # what the programs were doing when asked

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
        return any(program.exit_code not in (None, 0) for program in self.programs)

    # Exceptions

    @cached_property
    def errors(self) -> list[Error]:
        return errors_in(self.log, self.project.folder)

    def error(self, pattern: str) -> Error | None:
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
        """The attendee's own last line in the traceback."""
        for frame in reversed(error.frames):
            if self.is_theirs(frame.file):
                return Where(frame.file, frame.line)
        return None

    def _theirs_last(self, frames: list) -> Where | None:
        for file, line, _ in reversed(frames):
            if self.is_theirs(file):
                return Where(self.project.folder / file, line)
        return None

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
        "thread" for one that holds its thread and "task" for one that awaits."""
        for what in ("thread", "task"):
            for event in self.busy:
                where = self._theirs_last(event["frames"])
                if event["what"] == what and where:
                    return what, where
        return None


@dataclass(frozen=True)
class Diagnosis:
    """Why a check failed: a name that tests know, one or two sentences, a place."""

    id: str
    message: str
    where: Where | None = None
