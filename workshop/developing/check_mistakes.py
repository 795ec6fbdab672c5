"""A step's mistakes and variants: each can be made, and names a rule that exists."""

from collections.abc import Iterator
from pathlib import PurePath

from workshop.checking.command import rules_for
from workshop.developing import catalogue
from workshop.developing.problem import Problem, line_of
from workshop.manifest import Step

KINDS = ("mistakes", "variants")


def _entries(step: Step) -> Iterator[tuple[str, dict]]:
    yield from ((kind, row) for kind in KINDS for row in catalogue.entries(step, kind))


def _problem(step: Step, kind: str, row: dict, message: str) -> Problem:
    file = catalogue.file_of(step, kind)
    return Problem(file, line_of(file, f'name = "{row["name"]}"'), f"{row['name']}: {message}")


def no_mistake(step: Step) -> Iterator[Problem]:
    if not catalogue.entries(step, "mistakes"):
        yield Problem(
            catalogue.file_of(step, "mistakes"),
            None,
            f"{step.short} has no mistake: do the step and get it wrong on purpose "
            '(CONTRIBUTING.md, "A mistake in five minutes").',
        )


def same_name_twice(step: Step) -> Iterator[Problem]:
    seen = set()
    for kind, row in _entries(step):
        if (kind, row["name"]) in seen:
            yield _problem(step, kind, row, "another entry has this name: give it its own.")
        seen.add((kind, row["name"]))


def edit_that_cannot_be_made(step: Step) -> Iterator[Problem]:
    for kind, row in _entries(step):
        try:
            catalogue.project(step, row)
        except catalogue.BadEdit as error:
            yield _problem(step, kind, row, str(error))


def mistake_without_a_diagnosis(step: Step) -> Iterator[Problem]:
    for row in catalogue.entries(step, "mistakes"):
        if "diagnosis" not in row:
            yield _problem(step, "mistakes", row, "name the id of its diagnosis.")


def id_that_no_rule_has(step: Step) -> Iterator[Problem]:
    rules = rules_for(step)
    explains = {rule.id for rule in rules if rule.explains}
    advises = {rule.id for rule in rules if rule.advises}
    for kind, row in _entries(step):
        named = {*row.get("also", ()), *filter(None, [row.get("diagnosis")])}
        for id in sorted(named - explains) + sorted(set(row.get("advice", ())) - advises):
            yield _problem(
                step,
                kind,
                row,
                f"no rule for {step.short} is called {id!r}: an "
                "id is the name of the rule's function.",
            )


def place_that_is_not_there(step: Step) -> Iterator[Problem]:
    """The line that the report must name has to be in the project."""
    for row in catalogue.entries(step, "mistakes"):
        try:
            files = catalogue.project(step, row)
        except catalogue.BadEdit:
            continue  # see above
        file, line = row.get("file", "*"), row.get("line", "")
        if not any(line in files[name] for name in files if PurePath(name).match(file)):
            yield _problem(
                step,
                "mistakes",
                row,
                f"its project has no line with {line!r} in {file}: correct them.",
            )


FINDERS = (
    no_mistake,
    same_name_twice,
    edit_that_cannot_be_made,
    mistake_without_a_diagnosis,
    id_that_no_rule_has,
    place_that_is_not_there,
)
