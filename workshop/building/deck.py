"""A deck as its text tells it: slides, their minutes and notes. Nothing is run or converted here.

A deck is a notebook written as text (MyST Markdown, read by jupytext). A slide begins with a cell
that has one of these in its metadata, and goes on until the next one:

    minutes   how long it is shown; exercises take theirs from workshop.toml instead
    exercise  "step2": the slide of that step's exercise
    debrief   "step2": what became of that exercise, after it and in the same deck
    break     true: everybody goes out
    class     its looks, see slides/theme/deck.css. A "question" is a numbered list of answers,
              which are shown as A, B, C, D
    late      15 or 30: it is left out by who is so many minutes late
    saves     the minutes which that gains, where it is not all of them

A cell with the tag `notes` is what the speaker sees. Its bullets begin with Ask, Show, Say or
If late.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from workshop.manifest import ROOT, Step, UnknownStep, find, steps, tracks

FOLDER = ROOT / "slides"
STARTS = ("minutes", "exercise", "debrief", "break")


class BadDeck(Exception):
    """A deck breaks a rule of the above. The message says which, where, and what to do."""


@dataclass(frozen=True)
class Slide:
    deck: str
    cells: list[NotebookNode]

    @property
    def settings(self) -> NotebookNode:
        return self.cells[0].metadata

    @cached_property
    def title(self) -> str:
        """Its first heading."""
        for line in "\n".join(cell.source for cell in self.cells).splitlines():
            if line.startswith("#"):
                return line.lstrip("# ")
        raise BadDeck(f"{self.deck}: a slide has no heading. It begins: {self.cells[0].source!r}")

    @property
    def step(self) -> Step | None:
        """The step whose exercise this slide shows."""
        return find(self.settings.exercise) if "exercise" in self.settings else None

    @property
    def debriefs(self) -> Step | None:
        """The step whose exercise it looks back at."""
        return find(self.settings.debrief) if "debrief" in self.settings else None

    @property
    def is_question(self) -> bool:
        return "question" in self.settings.get("class", "").split()

    @property
    def is_break(self) -> bool:
        return self.settings.get("break", False)

    @property
    def minutes(self) -> float:
        return self.step.minutes if self.step else self.settings.minutes

    @property
    def saves(self) -> float:
        """Minutes gained by leaving it out."""
        return self.settings.get("saves", self.minutes)

    @property
    def late(self) -> int | None:
        return self.settings.get("late")

    @property
    def notes(self) -> list[str]:
        """The speaker's bullets."""
        text = "\n".join(cell.source for cell in self.cells if is_notes(cell))
        return [bullet.strip() for bullet in f"\n{text}".split("\n- ")[1:]]


@dataclass(frozen=True)
class Deck:
    file: Path
    notebook: NotebookNode
    slides: list[Slide]

    @property
    def title(self) -> str:
        return self.notebook.metadata.title

    @property
    def name(self) -> str:
        """ "step2_echo": of the text and of the page that is built from it."""
        return self.file.stem

    @property
    def step(self) -> Step | None:
        """The step that the deck prepares, whose name it has."""
        return next((step for step in steps() if step.name == self.name), None)

    @property
    def minutes(self) -> float:
        return sum(slide.minutes for slide in self.slides)


def is_notes(cell: NotebookNode) -> bool:
    return "notes" in cell.metadata.get("tags", [])


def read(file: Path) -> Deck:
    """Raises BadDeck."""
    if not file.is_file():
        raise BadDeck(f"workshop.toml names the deck {file.stem}, and there is no {file}.")
    notebook = jupytext.read(file)
    slides: list[Slide] = []
    for cell in notebook.cells:
        if any(key in cell.metadata for key in STARTS):
            slides.append(Slide(file.name, []))
        elif not slides:
            raise BadDeck(f'{file.name}: the first slide has no +++ {{"minutes": …}} above it.')
        slides[-1].cells.append(cell)
    done: set[Step] = set()  # exercises
    for slide in slides:
        try:
            done |= {slide.step} - {None}
            too_early = slide.debriefs and slide.debriefs not in done
        except UnknownStep as error:
            raise BadDeck(f"{file.name}, {slide.title}: {error}") from error
        if not slide.step and "minutes" not in slide.settings:
            raise BadDeck(f"{file.name}, {slide.title}: how many minutes?")
        if too_early:
            raise BadDeck(
                f"{file.name}, {slide.title}: a debrief comes after the exercise of its step,"
                " in the same deck."
            )
    return Deck(file, notebook, slides)


def names(track: str | None = None) -> list[str]:
    """The names of all decks, or of one track's, in the order in which they are shown."""
    return [name for one in tracks() if track in (None, one.name) for name in one.decks]


def decks(track: str | None = None) -> list[Deck]:
    """All of them, or those of one track, in the order in which they are shown. Raises BadDeck."""
    return [read(FOLDER / f"{name}.md") for name in names(track)]
