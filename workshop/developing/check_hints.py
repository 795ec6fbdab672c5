"""The checks of a step: their titles, and three hints for each."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from workshop.checking.reporting import hints
from workshop.developing.problem import Problem, line_of
from workshop.manifest import ROOT, Step

PARTS = {"nudge", "pointer", "slide", "code"}
SHORT = 40  # characters; a longer line of the code must not be in an earlier level


def checks_of(step: Step) -> tuple[Path, list[ast.AsyncFunctionDef | ast.FunctionDef]]:
    """The file of the checks, and the functions in it."""
    file = ROOT / "checks" / step.name / "test_behavior.py"
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    functions = (ast.AsyncFunctionDef, ast.FunctionDef)
    return file, [
        node for node in tree.body if isinstance(node, functions) and node.name.startswith("test_")
    ]


def _hints(step: Step) -> tuple[Path, dict[str, dict]]:
    """The file of the hints, and what it has of each check."""
    file = ROOT / "checks" / step.name / "hints.toml"
    return file, tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def no_checks(step: Step) -> Iterator[Problem]:
    file, checks = checks_of(step)
    if not checks:
        yield Problem(file, None, f"{step.short} has no check: write `async def test_…` here.")


def check_that_is_not_a_coroutine(step: Step) -> Iterator[Problem]:
    file, checks = checks_of(step)
    for check in checks:
        if isinstance(check, ast.FunctionDef):
            yield Problem(file, check.lineno, f"A check is a coroutine: async def {check.name}")


def check_without_a_title(step: Step) -> Iterator[Problem]:
    file, checks = checks_of(step)
    for check in checks:
        if not ast.get_docstring(check):
            yield Problem(
                file,
                check.lineno,
                f"{check.name} has no title: its docstring is the sentence that it proves.",
            )


def check_without_hints(step: Step) -> Iterator[Problem]:
    file, of = _hints(step)
    for check in checks_of(step)[1]:
        lacks = sorted(PARTS - set(of.get(check.name, ())))
        if lacks:
            yield Problem(
                file,
                line_of(file, f"[{check.name}]") if file.is_file() else None,
                f"The check {check.name} lacks {', '.join(lacks)}: write them under "
                f"[{check.name}].",
            )


def hint_without_a_check(step: Step) -> Iterator[Problem]:
    file, of = _hints(step)
    checks = {check.name for check in checks_of(step)[1]}
    for name in of.keys() - checks:
        yield Problem(
            file,
            line_of(file, f"[{name}]"),
            f"There is no longer a check {name}: rename these hints, or remove them.",
        )


def _complete(step: Step) -> Iterator[tuple[Path, str, dict]]:
    """Of each check that has all its hints: the file, the check's name, the hints."""
    file, of = _hints(step)
    yield from ((file, name, hint) for name, hint in of.items() if PARTS <= set(hint))


def nudge_that_asks_nothing(step: Step) -> Iterator[Problem]:
    for file, name, hint in _complete(step):
        if "?" not in hint["nudge"]:
            yield Problem(
                file, line_of(file, f"[{name}]"), f"The nudge of {name} is not a question."
            )


def pointer_to_nowhere(step: Step) -> Iterator[Problem]:
    for file, name, hint in _complete(step):
        if "https://" not in hint["pointer"] and "workshop" not in hint["pointer"]:
            yield Problem(
                file,
                line_of(file, f"[{name}]"),
                f"The pointer of {name} does not name a page: "
                "add the address of its documentation.",
            )


def slide_not_in_the_deck(step: Step) -> Iterator[Problem]:
    deck = ROOT / "slides" / f"{step.name}.md"
    titles = re.findall(r"^##? (.+)$", deck.read_text("utf-8") if deck.is_file() else "", re.M)
    for file, name, hint in _complete(step):
        if deck.is_file() and hint["slide"] not in titles:
            yield Problem(
                file,
                line_of(file, f"[{name}]"),
                f"The deck slides/{step.name}.md has no slide "
                f"{hint['slide']!r}: name one of its titles.",
            )


def code_not_in_the_solution(step: Step) -> Iterator[Problem]:
    for file, name, hint in _complete(step):
        try:
            hints.code_of(step, hint)
        except (hints.NoSuchCode, OSError) as error:
            yield Problem(
                file,
                line_of(file, f"[{name}]"),
                f"The code of {name}: {error}. Name what is there.",
            )


def level_that_shows_the_code(step: Step) -> Iterator[Problem]:
    broken = {problem.line for problem in code_not_in_the_solution(step)}
    for file, name, hint in _complete(step):
        if line_of(file, f"[{name}]") in broken:
            continue
        for line in hints.code_of(step, hint).splitlines():
            if len(line.strip()) > SHORT and line.strip() in hint["nudge"] + hint["pointer"]:
                yield Problem(
                    file,
                    line_of(file, f"[{name}]"),
                    f"An early hint of {name} gives a line of the code away: {line.strip()}",
                )


FINDERS = (
    no_checks,
    check_that_is_not_a_coroutine,
    check_without_a_title,
    check_without_hints,
    hint_without_a_check,
    nudge_that_asks_nothing,
    pointer_to_nowhere,
    slide_not_in_the_deck,
    code_not_in_the_solution,
    level_that_shows_the_code,
)
