"""What a run of checks found, as text for the terminal and as data for programs.

Reports only present results: every form shows the same data.
"""

import os
import re
import textwrap
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from workshop.checking.explaining.evidence import Diagnosis
from workshop.checking.explaining.source import Where
from workshop.checking.explaining.suggestion import Suggestion
from workshop.checking.observers.timeline import Line
from workshop.checking.plugin import Result
from workshop.checking.tasks import BEGUN, DONE, NEXT, NOT_BEGUN, NOT_BEGUN_YET, TaskState, listed
from workshop.environment import typed
from workshop.manifest import ROOT, Step, find

LINES_SHOWN = 12  # of a timeline: its end
TEXT_SHOWN = 56  # characters of a frame
EXCEPTION = re.compile(r"\b[A-Z]\w+: (.{12,})$")  # its text, at the end of a sentence
CODE = re.compile(r"`[^`]+`")
KEPT = (
    "\x00"  # a space at which no line may end; never part of a message, since no terminal shows it
)


@dataclass
class Report:
    step: Step
    folder: Path
    titles: list[str]  # of all checks, including those that were not run
    results: list[Result]
    seconds: float
    log: str = ""  # the servers' output
    fingerprint: str = ""  # of the project's files when the run began
    tasks: list[TaskState] = field(default_factory=list)
    advice: list[Diagnosis] = field(default_factory=list)  # after a pass
    stretch: bool = False  # whether these are the checks of the stretch task

    @property
    def passed(self) -> bool:
        return len(self.results) == len(self.titles) and all(r.passed for r in self.results)

    @property
    def failed(self) -> Result | None:
        """The first check that failed."""
        return next((result for result in self.results if not result.passed), None)

    def as_dict(self) -> dict:
        """The object of --json."""
        return {
            "step": self.step.short,
            "folder": shown(self.folder),
            "stretch": self.stretch,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "total": len(self.titles),
            "tasks": [
                {"number": one.task.number, **place_as_dict(one.where), "state": one.state}
                for one in self.tasks
            ],
            "checks": [self._check_as_dict(result) for result in self.results],
            "advice": [
                {"id": advice.id, "message": typed(advice.message), **place_as_dict(advice.where)}
                for advice in self.advice
            ],
        }

    def _check_as_dict(self, result: Result) -> dict:
        where = result.diagnosis.where if result.diagnosis else None
        also = {"also": result.also} if result.also else {}
        notes = [one.note(result.name) for one in self.tasks] if result.passed else []
        return {
            "name": result.name,
            "title": result.title,
            "passed": result.passed,
            "note": typed(next(filter(None, notes), "")) or None,
            "seconds": round(result.seconds, 3),
            "diagnosis": result.diagnosis.id if result.diagnosis else None,
            "message": typed(result.message or "") or None,
            "seen": result.seen,
            **place_as_dict(where),
            "suggestion": suggestion_as_dict(result.diagnosis and result.diagnosis.suggestion),
            "timeline": [asdict(line) for line in result.timeline],
            **also,
        }


def seen_apart(check: dict) -> str | None:
    """What was seen, where neither the message nor its exception says it."""
    seen, message = check["seen"] or "", _in_one_line(check["message"] or "")
    said = any(
        part and part in message
        for sentence in _in_one_line(seen).rstrip(".").split(". ")
        for part in (sentence, *EXCEPTION.findall(sentence))
    )
    return None if said else seen or None


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def shown(path: Path) -> str:
    """The path as the attendee would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def place_as_dict(where: Where | None) -> dict:
    return {
        "file": shown(where.file) if where else None,
        "line": where.line if where else None,
    }


def suggestion_as_dict(suggestion: Suggestion | None) -> dict | None:
    """What an editor needs to apply it; a `replacement` of null deletes the lines."""
    return suggestion and {**asdict(suggestion), "file": shown(suggestion.file)}


def place(found: dict) -> str:
    return found["file"] + (f":{found['line']}" if found["line"] else "")


def timeline_rows(lines: list[Line]) -> list[str]:
    """The timeline as text: time, browser, direction, frame."""
    width = max((len(line.who) for line in lines), default=0)
    arrow = {
        "out": "─▶ server  ",
        "in": "◀─ server  ",
        "silence": "◀─         ",
        "note": "·          ",
    }
    rows = []
    for (who, direction, text), same in groupby(
        lines, lambda row: (row.who, row.direction, row.text)
    ):
        first, *more = same
        row = f"{first.at:5.2f} s  {who:<{width}} {arrow[direction]}{cut(text)}"
        rows.append(f"{row}  × {1 + len(more)}" if more else row)
    left_out = len(rows) - LINES_SHOWN
    return rows if left_out <= 0 else [f"… {left_out} earlier lines", *rows[-LINES_SHOWN:]]


def cut(text: str) -> str:
    line = " ".join(text.splitlines())
    return line if len(line) <= TEXT_SHOWN else f"{line[: TEXT_SHOWN - 1]}…"


def print_report(found: dict, console: Console, offer: str = "") -> None:
    """Print the report that `as_dict` gave; `offer` is a line about help that ends a failed one."""

    def say(text: str = "", style: str = "", indent: int = 0) -> None:
        console.print(Text(" " * indent + text, style), soft_wrap=True)

    def say_message(text: str) -> None:
        for paragraph in text.splitlines():
            for line in wrapped(paragraph, min(console.width, 96) - 2):
                say(line, indent=2)

    step = find(found["step"])
    what = "the stretch task" if found.get("stretch") else step.title
    heading, count = f"step {step.number} · {what}", f"{passed_of(found)} ✓"
    say(f"{heading:<{min(62, console.width - len(count) - 1)}} {count}", "bold")
    for check in found["checks"]:
        if check["passed"]:
            say(f"✓ {check['title']}", "green")
            if note := check.get("note"):
                say(note, "dim", indent=2)
            continue
        say(f"✗ {check['title']}", "bold red")
        for row in timeline_rows([Line(**line) for line in check["timeline"]]):
            say(row, "dim", indent=4)
        console.print()
        if seen := seen_apart(check):
            say(f"  {seen}", "bold")
        say_message(check["message"])
        if check["file"]:
            say(place(check), "cyan", indent=2)
    for advice in found["advice"]:
        console.print()
        say_message(f"It passes. Worth knowing: {advice['message']}")
        if advice["file"]:
            say(place(advice), "cyan", indent=2)
    progress = how_far(found)
    if progress or offer:
        console.print()
    for line in filter(None, (progress, offer)):
        say(line, indent=2)
    if os.environ.get("WORKSHOP_PROBLEMS"):  # .vscode/tasks.json asks for them, and reads them
        for check in found["checks"]:
            if not check["passed"] and check["file"]:
                at = f"{check['file']}:{check['line'] or 1}"
                say(f"problem: {at}: {_in_one_line(check['message'])}")
        say("checked")


def how_far(found: dict) -> str:
    """ "TODOs 1, 2 done · next: TODO 3, chat/routing.py:6"; nothing when all are done, or when
    there is advice about what is not. Without a next one, because the fault is somewhere else,
    those that are not begun are listed too."""
    tasks = found.get("tasks", [])
    if all(one["state"] == DONE for one in tasks):
        return ""
    if any(one["id"] == NOT_BEGUN_YET for one in found["advice"]):
        return ""
    following = next((task for task in tasks if task["state"] == NEXT), None)
    parts = []
    for state in (DONE, BEGUN) if following else (DONE, BEGUN, NOT_BEGUN):
        if numbers := [task["number"] for task in tasks if task["state"] == state]:
            parts.append(f"{listed(numbers)} {state}")
    if following:
        file = Path(following["file"])
        if file.is_relative_to(found["folder"]):
            file = file.relative_to(found["folder"])
        where = place({**following, "file": file.as_posix()})
        parts.append(f"{'next' if parts else 'Next'}: TODO {following['number']}, {where}")
    return " · ".join(parts)


def passed_of(found: dict) -> str:
    """ "3 of 6": how many checks pass, of how many."""
    return f"{sum(check['passed'] for check in found['checks'])} of {found['total']}"


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width`. No line ends inside `code`, and a line that is indented
    is code and stays as it is."""
    if text.startswith("    ") or not text:
        return [text]
    kept = CODE.sub(lambda code: code[0].replace(" ", KEPT), text)
    lines = textwrap.wrap(kept, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(KEPT, " ") for line in lines]
