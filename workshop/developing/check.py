"""What a step still lacks: every finder is asked, each a small function that yields Problems."""

from collections.abc import Iterator

from workshop import manifest
from workshop.developing import (
    check_entry,
    check_hints,
    check_mistakes,
    check_rules,
    check_starter,
    check_tasks,
    check_texts,
)
from workshop.developing.problem import Problem
from workshop.manifest import Step

OF_A_STEP = (
    *check_entry.FINDERS,
    *check_starter.FINDERS,
    *check_texts.FINDERS,
    *check_hints.FINDERS,
    *check_tasks.FINDERS,
    *check_mistakes.FINDERS,
)
OF_ALL = (check_entry.folders_without_a_step, *check_rules.FINDERS)


def problems_of(step: Step) -> Iterator[Problem]:
    """What one step still lacks. Where whole folders are missing, nothing else is looked for."""
    missing = list(check_entry.missing_folders(step))
    yield from missing
    for find in () if missing else OF_A_STEP:
        yield from find(step)


def problems() -> Iterator[Problem]:
    """What any step and the rules still lack."""
    for step in manifest.steps():
        yield from problems_of(step)
    for find in OF_ALL:
        yield from find()
