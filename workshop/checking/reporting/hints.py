"""The hint ladder: a nudge, a pointer, the code, one level at a time."""

import ast
import tomllib
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from workshop.checking.explaining.suggestion import Suggestion
from workshop.checking.references import named
from workshop.checking.reporting import progress
from workshop.checking.reporting.report import Report, shown
from workshop.environment import COMMAND, typed
from workshop.manifest import ROOT, Step

LEVELS = {1: "A question", 2: "Where to look", 3: "The code"}


class NoSuchCode(LookupError):
    """A hint quotes what is not in the solution."""


def of_step(step: Step) -> dict[str, dict]:
    """The step's hints.toml: for each check nudge, pointer, slide and code."""
    with open(ROOT / "checks" / step.name / "hints.toml", "rb") as file:
        return tomllib.load(file)


def quoted(folder: Path, reference: str) -> str:
    """The source of "file" or "file:name" in `folder`. Raises NoSuchCode."""
    file, _, name = reference.partition(":")
    text = (folder / file).read_text(encoding="utf-8")
    body = named(ast.parse(text), name)
    if not body:
        raise NoSuchCode(f"{reference} is not in {folder}")
    if not name:
        return text
    lines = text.splitlines()
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in body)


def code_of(step: Step, hint: dict) -> str:
    """The code of a hint's third level, from the solution."""
    references = hint["code"] if isinstance(hint["code"], list) else [hint["code"]]
    parts, last = [], None
    for reference in references:
        file = reference.partition(":")[0]
        heading = [] if file == last else [f"# {file}"]
        parts += [*heading, quoted(step.solution, reference)]
        last = file
    return "\n\n".join(parts)


def their_code(suggestion: Suggestion) -> str:
    """The third level where the diagnosis is certain of the edit: the learner's own lines, as they
    should be."""
    first, last = suggestion.line, suggestion.end_line
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    if suggestion.replacement is None:
        return f"# {shown(suggestion.file)}: delete {lines}"
    return f"# {shown(suggestion.file)}, in place of {lines}\n{suggestion.replacement}"


def print_hint(report: Report, console: Console) -> None:
    """Show the next level for the check that fails now, and remember it."""
    step, failed = report.step, report.failed
    hint = of_step(step)[failed.name]
    level = progress.next_level(step, failed.name)
    console.print()
    console.print(Text(f"  Hint {level} of 3 · {LEVELS[level]}", "bold yellow"))
    if level == 3:
        # As Text, because a Syntax is cut at the terminal's width, and the code is there to be
        # copied.
        suggestion = failed.diagnosis and failed.diagnosis.suggestion
        text = their_code(suggestion) if suggestion else code_of(step, hint)
        code = Syntax("", "python", background_color="default").highlight(text)
        console.print(code, soft_wrap=True)
        return
    if level == 1:
        console.print(Text(f"  {typed(hint['nudge'])}"), soft_wrap=True)
    else:
        console.print(Text(f"  {typed(hint['pointer'])}"), soft_wrap=True)
        where = typed(f"{COMMAND} slides {step.short}")
        console.print(Text(f"  The slide “{hint['slide']}”: {where}"), soft_wrap=True)
    console.print(Text(f"\n  More: {step.check_command} --hint", "dim"))
