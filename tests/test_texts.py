"""The texts around the exercises hold together: READMEs, notebooks, glossary, handout."""

import inspect
import re
from pathlib import Path

import channels
import daphne
import nbformat
import pytest
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import InMemoryChannelLayer
from django.core.handlers import asgi

from tests import readmes
from tests.conftest import ROOT
from workshop import manifest
from workshop.building import handout, notebooks

STEPS = manifest.steps()
DOCS = [ROOT / "docs" / f"{name}.md" for name in ("glossary", "handout", "what_next")]
READMES = [folder / "README.md" for step in STEPS for folder in (step.starter, step.solution)]
TEN = "Coroutine Event loop ASGI Scope Handshake Frame Consumer Channel Group Layer"
every_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
every_text = pytest.mark.parametrize("file", [*DOCS, *READMES], ids=lambda file: file.as_posix())


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


# The READMEs


@every_step
def test_each_task_says_what_will_be_seen(step):
    sections = readmes.sections(step)
    todos = {
        number
        for name in step.files
        for number in re.findall(r"# TODO (\d+)", text_of(step.starter / name))
    }
    assert todos <= sections.keys()
    for number in todos:
        assert "**You see" in sections[number], number


@every_step
def test_a_stretch_task_is_told_where_there_is_one(step):
    told = readmes.sections(step).get("Stretch task", "")
    assert step.stretch.is_file() == (f"checks/{step.short} --stretch" in told)
    assert step.track != "core" or told


@every_step
def test_the_solution_says_why_and_what_else_there_is(step):
    text = text_of(step.solution / "README.md")
    assert text != text_of(step.starter / "README.md")
    assert text.count("**") >= 6 and "## An alternative, and its price" in text
    assert "price" in text.partition("## An alternative, and its price")[2]


def anchors(file: Path) -> set[str]:
    """The ids that a Markdown page's headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", text_of(file), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@every_text
def test_its_links_lead_somewhere(file):
    for target in re.findall(r"\]\(([^)]+)\)", text_of(file)):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        assert (file.parent / path).exists(), target
        assert not anchor or anchor in anchors(file.parent / path), target


# The notebooks


@pytest.mark.parametrize("source", notebooks.notebooks(), ids=lambda source: source.stem)
def test_each_prediction_has_answers_and_says_which_is_right(source):
    cells = nbformat.read(source, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    marks = re.findall(r"> \*\*Predict\.\*\*|\*\*[A-D] is right\.\*\*", text)
    asked, right = marks[::2], marks[1::2]
    assert set(asked) == {"> **Predict.**"} and len(asked) == len(right) >= 5
    assert "> **Predict.**" not in right
    assert len(set(right)) >= 3  # not always the same letter
    for block in re.findall(r"(?:^>.*\n?)+", text, re.MULTILINE):
        letters = "".join(re.findall(r"^> - \*\*(\w)\*\* · \S", block, re.MULTILINE))
        assert letters in ("ABC", "ABCD"), block


# The pages of docs/


def test_the_glossary_has_ten_words():
    """Each with where it is explained at length."""
    entries = re.findall(r"^\*\*(.+?)\.\*\* (.+?)(?:\n\n|\Z)", text_of(DOCS[0]), re.M | re.S)
    assert " ".join(word for word, _ in entries) == TEN and len(entries) == 10
    for word, says in entries:
        assert "](https://" in says, word


def test_what_comes_next_names_what_there_is():
    text = text_of(ROOT / "docs/what_next.md")
    from workshop import cli

    commands = set(re.findall(r"python3 -m workshop (\w+)", text))
    assert commands and commands <= set(re.findall(r"\w+", inspect.getsource(cli)))
    for short in re.findall(r"checks/(\w+) --stretch", text):
        assert manifest.find(short).stretch.is_file()
    assert text.partition("## Three texts to read")[2].count("\n- [") == 3
    (pin,) = re.findall(r'"(redis[^"]+)"', text)
    assert pin in text_of(ROOT / "requirements.txt").replace(" ", "")


def test_the_handouts_methods_are_those_of_channels():
    text = text_of(handout.SOURCE)
    methods = re.findall(r"^\| `(?:async def|await) (?:self\.)?(\w+)\(", text, re.MULTILINE)[:6]
    assert len(set(methods)) == 6
    for name in methods:
        assert inspect.iscoroutinefunction(getattr(AsyncWebsocketConsumer, name)), name
    assert f"def receive{inspect.signature(AsyncWebsocketConsumer.receive)}" in text
    for name in re.findall(r"channel_layer\.(\w+)\(", text):
        assert inspect.iscoroutinefunction(getattr(InMemoryChannelLayer, name)), name
    assert f"fewer than {InMemoryChannelLayer.MAX_NAME_LENGTH} of" in text


def test_what_the_handout_says_a_terminal_shows_is_shown():
    shown = re.findall(r"terminal: `([^`]+)`", text_of(handout.SOURCE))
    packages = [Path(package.__file__).parent for package in (channels, daphne)]
    files = [file for folder in packages for file in folder.rglob("*.py")]
    sources = "\n".join(text_of(file) for file in [*files, Path(asgi.__file__)])
    assert len(shown) == 4
    for words in shown:
        assert words in sources, words
