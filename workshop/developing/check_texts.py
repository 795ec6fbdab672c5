"""A step's README, notebook and deck."""

import re
from collections.abc import Iterator

from workshop import manifest
from workshop.developing.problem import Problem
from workshop.manifest import ROOT, Step

ENDING = "What is missing"


def readme_lacks_a_file(step: Step) -> Iterator[Problem]:
    readme = step.starter / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    for name in step.files:
        if name not in text:
            yield Problem(
                readme, None, f"{name} is to be edited, but no task names it: write the task."
            )


def readme_without_an_ending(step: Step) -> Iterator[Problem]:
    """The last section says what the step leaves to the next one."""
    readme = step.starter / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    if headings[-1:] != [ENDING]:
        yield Problem(
            readme,
            None,
            f'The last section has to be "## {ENDING}": the one limitation that can be seen now.',
        )


def notebook_missing(step: Step) -> Iterator[Problem]:
    notebook = ROOT / "notebooks" / f"{step.name}.ipynb"
    if not notebook.is_file():
        yield Problem(notebook, None, f"{step.short} has no notebook: write it.")


def deck_missing(step: Step) -> Iterator[Problem]:
    deck = ROOT / "slides" / f"{step.name}.md"
    if not deck.is_file():
        yield Problem(deck, None, f"{step.short} has no deck: write it.")


def deck_not_shown(step: Step) -> Iterator[Problem]:
    listed = {name for track in manifest.tracks() for name in track.decks}
    if step.name not in listed:
        yield Problem(
            ROOT / "workshop.toml",
            None,
            f'No track shows the deck of {step.short}: name "{step.name}" in "decks" of the track '
            f"{step.track}.",
        )


FINDERS = (
    readme_lacks_a_file,
    readme_without_an_ending,
    notebook_missing,
    deck_missing,
    deck_not_shown,
)
