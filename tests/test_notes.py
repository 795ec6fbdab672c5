"""The speaker's notes agree with their slides: what they name and what they count is there.

A name in backticks is on the slide where a bullet begins with Show and shows no file or command; in
other bullets it is somewhere in the decks, in the solutions, in Python, or in what they stand on.
A number before something that can be counted on a slide is that count: "three `await`s", "two
marked lines", "four rows". What a drawing has cannot be counted here, so the words that tell it to
those who cannot see it say the number, too: "two bars".
"""

import builtins
import keyword
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from workshop import manifest
from workshop.building import deck
from workshop.developing import catalogue
from workshop.developing.problem import changes, is_todo

from .decks import built, every_deck
from .test_questions import misconceptions

NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
COUNT = re.compile(rf"\b({'|'.join(NUMBERS[2:])}|\d+) ((?:\S+ ?){{1,3}})", re.IGNORECASE)
MINUTES = re.compile(r"\bafter (\d+) minutes\b", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z_]\w*")
CODE = re.compile(r"`([^`]+)`")
TYPED = re.compile(r"(?:python3 |py )-m workshop|checks[/\\]|\.venv|--|curl ")
MOST = re.compile(r"two have the most entries in our catalogue of step (\d)'s mistakes\. (\(.+\))")
STARTED = re.compile(r"(python3 -m workshop (?:run|look) [^`\n]+)")
DRAWN = "arrows bars boxes circles columns cells dots".split()
INSTALLED = ["channels", "channels_redis", "daphne", "asgiref", "django.core.handlers", "wsgiref"]
PARTS = {"ask", "show", "say", "if late"}


def every_slide():
    return [
        pytest.param(one.name, number, slide, id=f"{one.name}: {slide.title}")
        for one in every_deck()
        for number, slide in enumerate(one.slides)
    ]


each = pytest.mark.parametrize(("name", "number", "slide"), every_slide())


@cache
def page(name: str) -> BeautifulSoup:
    """A deck as it is built, without its notes."""
    file = next(file for file in built() if file.stem == name)
    page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
    for aside in page.select("aside"):
        aside.decompose()
    return page


def section(name: str, number: int) -> Tag:
    return page(name).select(".slides > section")[number]


def shown(part: Tag) -> str:
    """All words of a slide, those included that tell what its pictures show."""
    told = [element.get("aria-label") or element.get("alt") or "" for element in part.select("*")]
    return " ".join([part.get_text(" "), *told])


def value(number: str) -> int:
    return int(number) if number.isdigit() else NUMBERS.index(number.lower())


def bullets(slide) -> Iterator[tuple[str, str]]:
    """Each bullet's first word, "Show", and its text on one line."""
    for note in slide.notes:
        first, _, rest = note.removeprefix("*").partition("*")
        yield first, " ".join(rest.split())


# What is in a note


@each
def test_a_note_has_all_that_a_speaker_does(name, number, slide):
    kinds = set(slide.settings.get("class", "").split())
    if slide.is_break or kinds & {"title", "question"}:
        return
    missing = PARTS - {first.lower() for first, _ in bullets(slide)}
    assert not missing, f"nothing to {', '.join(sorted(missing))}"


# Names


@cache
def known() -> set[str]:
    """Every name in the decks, in the solutions, in Python and in what they stand on."""
    words = {*dir(builtins), *keyword.kwlist, *sys.stdlib_module_names, *packages_distributions()}
    for one in every_deck():
        words.update(NAME.findall(shown(page(one.name))))
    folders = [step.solution for step in manifest.steps()]
    folders += [Path(find_spec(module).origin).parent for module in INSTALLED]
    for folder in folders:
        for file in folder.rglob("*.py"):
            words.update(NAME.findall(file.read_text(encoding="utf-8")))
    return words


def is_elsewhere(code: str) -> bool:
    """Whether it is not of the slide: a command, a file, a folder, an address, a diagnosis."""
    if TYPED.search(code) or code.startswith("/") or code in misconceptions():
        return True
    places = [manifest.ROOT, *(step.solution for step in manifest.steps())]
    path = code.replace("stepN", manifest.find("step1").name)
    return any((place / path).exists() for place in places) or any(
        next(place.rglob(path), None) for place in places[1:] if re.fullmatch(r"\w+\.\w+", path)
    )


@each
def test_what_a_note_names_is_there(name, number, slide):
    here = {"self", *NAME.findall(shown(section(name, number)))}
    for first, text in bullets(slide):
        codes = CODE.findall(text)
        of_the_slide = first == "Show" and not any(is_elsewhere(code) for code in codes)
        for code in codes:
            if is_elsewhere(code):
                continue
            missing = set(NAME.findall(code)) - (here if of_the_slide else known() | here)
            assert not missing, f"not {'on the slide' if of_the_slide else 'anywhere'}: {missing}"


# The catalogue


def test_the_mistakes_with_the_most_entries_are_those_that_a_debrief_names():
    told = []
    for one in deck.decks("core"):
        for slide in one.slides:
            for _, text in bullets(slide):
                if found := MOST.search(text):
                    told.append(slide)
                    counts = Counter(
                        row.get("diagnosis")
                        for row in catalogue.entries(manifest.find(f"step{found[1]}"), "mistakes")
                    )
                    second = counts.most_common(2)[1][1]
                    assert all(counts[name] >= second for name in CODE.findall(found[2])), text
    assert len(told) >= 2


# The instructor's list


def test_the_instructor_s_page_lists_what_each_note_demonstrates():
    """Every `run` and `look` of the slides and their notes, beside its slide's title, in order."""
    demonstrated = []
    for one in deck.decks("core"):
        for slide in one.slides:
            text = "\n".join(cell.source for cell in slide.cells)
            demonstrated += [(slide.title, typed) for typed in STARTED.findall(text)]
    readme = (deck.FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|`]+) \| (`python3 [^|]+) \|", readme, re.MULTILINE)
    listed = [(title, typed) for title, cell in rows for typed in STARTED.findall(cell)]
    assert listed == demonstrated


# Numbers


def lines_of(element: Tag) -> int:
    return len(element.get_text().strip("\n").splitlines())


def counts(part: Tag) -> dict[str, set[int]]:
    """What can be counted on a slide, by the noun that a note has for it."""
    code = [lines_of(element) for element in part.select("figure.code pre code")]
    printed = [lines_of(element) for element in part.select("pre.printed")]
    marked = len(part.select(".hll"))
    return {
        "marked lines": {marked},
        "printed lines": {*printed, sum(printed)},
        "lines": {*code, sum(code), marked, *printed, sum(printed)},
        "rows": {len(table.select("tbody tr")) for table in part.select("table")},
        "bullets": {len(some.select("li")) for some in part.select("ul")},
        "answers": {len(some.select("li")) for some in part.select("ol")},
        "commands": {len(part.select("pre.sh, .commands code"))},
    }


def asked_for(step: manifest.Step) -> int:
    """How many lines a learner writes for all of the step's TODOs."""
    found = 0
    for name in step.files:
        before, after = ((of / name).read_text("utf-8") for of in (step.starter, step.solution))
        for change in changes(before, after):
            if is_todo(change.before):
                found += sum(bool(line.strip()) for line in change.after)
    return found


def counted(part: Tag, phrase: str, step: manifest.Step | None) -> tuple[str, set[int]] | None:
    """What the words after a number count, and which numbers are true; None for what cannot be
    counted."""
    by_noun = counts(part)
    if by_code := re.match(r"(?:\w+ )?`([^`]+)`s\b", phrase):
        word = re.compile(rf"(?<!\w){re.escape(by_code[1])}(?!\w)")
        pieces = part.select("figure.code pre code")
        marked = " ".join(line.get_text() for line in part.select(".hll"))
        every = [len(word.findall(piece.get_text())) for piece in pieces]
        return by_code[0], {*every, sum(every), len(word.findall(marked))}
    noun = next((noun for noun in by_noun if re.match(rf"(?:\w+ )?{noun}\b", phrase)), None)
    if noun is None:
        return None
    true = by_noun[noun] - {0}
    if noun == "lines" and not part.select("pre"):
        true = {asked_for(step)} if step else set()
    if noun == "rows" and not true:
        return None  # of a drawing
    return noun, true


def is_told(part: Tag, number: int, noun: str) -> bool:
    """Whether the slide's words have this number of it: "two bars", "4 arrows"."""
    words = f"{NUMBERS[number] if number < len(NUMBERS) else number}|{number}"
    return bool(re.search(rf"\b(?:{words})\b[^.]{{0,40}}\b{noun}\b", shown(part), re.IGNORECASE))


@each
def test_what_a_note_counts_is_so_many(name, number, slide):
    part = section(name, number)
    step = next((step for step in manifest.steps() if step.name == name), None)
    for _, text in bullets(slide):
        for found in COUNT.finditer(text):
            many, phrase = value(found[1]), text[found.start(2) :]
            if can := counted(part, phrase, step):
                assert many in can[1], f"{found[0]!r}: {can[0]} on the slide: {sorted(can[1])}"
            elif drawn := re.match(rf"(?:\w+ )?({'|'.join([*DRAWN, 'rows'])})\b", phrase):
                if part.select("svg, img"):
                    told = is_told(part, many, drawn[1])
                    assert told, f"{found[0]!r}: the picture's words do not say so"


@each
def test_a_note_for_a_moment_of_an_exercise_is_within_its_minutes(name, number, slide):
    for _, text in bullets(slide):
        for minutes in MINUTES.findall(text):
            assert int(minutes) <= slide.minutes, text
