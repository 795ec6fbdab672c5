"""The questions of the decks: a heading that asks, answers to choose from, and in the notes the
reason for each answer, with the misconception behind every wrong one."""

import re
from functools import cache

import pytest

from workshop import manifest
from workshop.building import deck
from workshop.checking.command import rules_for
from workshop.developing import catalogue

from .decks import every_deck

LETTERS = "ABCD"
FEWEST = 8  # in a day
ANSWER = re.compile(r"^\d\. (.+)$", re.MULTILINE)
RIGHT = re.compile(r"\*Say\* ([A-D]) is right: (.+)", re.DOTALL)
WRONG = re.compile(r"\*Say\* not ([A-D]): (.+?)\(`([\w-]+)`\)\.?", re.DOTALL)


def questions():
    return [slide for one in every_deck() for slide in one.slides if slide.is_question]


every_question = pytest.mark.parametrize(
    "slide", [pytest.param(slide, id=f"{slide.deck}: {slide.title}") for slide in questions()]
)


def answers(slide) -> list[str]:
    text = "\n".join(
        cell.source
        for cell in slide.cells
        if cell.cell_type == "markdown" and not deck.is_notes(cell)
    )
    return ANSWER.findall(text)


def verdicts(slide) -> list[tuple[str, bool]]:
    """The letter of each answer that the notes judge, and whether they say that it is right."""
    found = []
    for note in slide.notes:
        if right := RIGHT.fullmatch(note):
            found.append((right[1], True))
        elif wrong := WRONG.fullmatch(note):
            found.append((wrong[1], False))
    return found


@cache
def misconceptions() -> set[str]:
    """The ids of all diagnoses, and the names of all mistakes."""
    steps = manifest.steps()
    ids = {rule.id for step in steps for rule in rules_for(step)}
    return ids | {row["name"] for step in steps for row in catalogue.entries(step, "mistakes")}


@every_question
def test_it_asks_and_has_three_or_four_answers(slide):
    assert slide.title.endswith("?"), "the heading is the question"
    assert 3 <= len(answers(slide)) <= 4
    assert len(set(answers(slide))) == len(answers(slide))


@every_question
def test_the_notes_judge_each_answer_in_its_order_and_one_is_right(slide):
    letters = [letter for letter, _ in verdicts(slide)]
    assert letters == list(LETTERS[: len(answers(slide))]), (
        "a bullet for each answer: *Say* B is right: why. *Say* not A: why. (`diagnosis`)"
    )
    assert [right for _, right in verdicts(slide)].count(True) == 1


@every_question
def test_a_wrong_answer_is_a_misconception_of_the_catalogue(slide):
    named = {found[3] for note in slide.notes if (found := WRONG.fullmatch(note))}
    assert named <= misconceptions(), f"not in the catalogue: {named - misconceptions()}"


def test_the_day_has_enough_questions_and_no_letter_is_always_right():
    every = questions()
    assert len(every) >= FEWEST
    right = [letter for slide in every for letter, is_right in verdicts(slide) if is_right]
    assert all(right.count(letter) <= len(every) / 2 for letter in LETTERS)
