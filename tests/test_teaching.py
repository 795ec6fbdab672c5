"""What a slide teaches before an exercise is not what the exercise asks for: it is taught on
another example, and the answer is shown in the debrief."""

import ast
import re
from itertools import takewhile

import pytest

from workshop import manifest
from workshop.building import deck, markdown
from workshop.building.deck import Slide, is_notes
from workshop.checking.references import named
from workshop.manifest import Step

# Lines that every consumer has, whatever it is for.
IDIOMS = {"await self.accept()"}
FENCE = re.compile(
    r"^```(?P<kind>\S*)(?P<path>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL
)
SPAN = re.compile(r"`([^`\n]+)`")
CORE = manifest.steps("core")


def pieces(code: str) -> set[str]:
    """The lines of the code, and its statements each on one line: so it makes no difference where
    a statement is broken, or how its strings are quoted."""
    lines = {" ".join(re.sub(r"(^|\s)#.*", "", line).split()) for line in code.splitlines()}
    return {piece.rstrip(",") for piece in lines | statements(code) if says_something(piece)}


def statements(code: str) -> set[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # an expression in a sentence, or a part of a program
        return set()
    return {
        " ".join(ast.unparse(node).split())
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    }


def says_something(piece: str) -> bool:
    """Whether it is more than brackets or a word such as pass."""
    return len(re.findall(r"\w+", piece)) > 1


def asked_for(step: Step) -> set[str]:
    """What the solution has and the starter lacks, but for what its TODOs tell letter by letter: a
    method's first line is its name and its parameters."""
    asked = set()
    for name in step.files:
        starter = (step.starter / name).read_text(encoding="utf-8")
        asked |= {
            piece
            for piece in pieces((step.solution / name).read_text(encoding="utf-8"))
            - pieces(starter)
            if piece.removeprefix("async def ").rstrip(":") not in starter
        }
    return asked - IDIOMS


def shown(slide: Slide) -> set[str]:
    """The code that is on the slide, that which it quotes included; the notes are not on it."""
    found = set()
    for cell in slide.cells:
        if is_notes(cell) or "remove-cell" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            found |= pieces(cell.source)
            continue
        for fence in FENCE.finditer(cell.source):
            found |= pieces(quoted(fence) if fence["kind"] == markdown.QUOTE else fence["body"])
        for span in SPAN.findall(FENCE.sub("", cell.source)):
            found |= pieces(span)
    return found


def quoted(fence: re.Match, instead: tuple[str, str] = ("", "")) -> str:
    """What a literalinclude shows; or what it would show of another folder instead of this one."""
    path = deck.FOLDER / fence["path"].strip().replace(*instead)
    code = path.read_text(encoding="utf-8")
    names = re.search(r"^:pyobject: (.+)$", fence["body"], re.MULTILINE)
    if not names:
        return code
    tree = ast.parse(code)
    return "\n".join(
        ast.unparse(node) for name in names[1].split(",") for node in named(tree, name.strip())
    )


def taught_before(step: Step) -> list[Slide]:
    """Every slide of the core that comes before the step's exercise."""
    slides = [slide for one in deck.decks("core") for slide in one.slides]
    return list(takewhile(lambda slide: slide.step != step, slides))


@pytest.mark.parametrize("step", CORE, ids=lambda step: step.short)
def test_no_slide_gives_the_exercise_away(step):
    asked = asked_for(step)
    assert len(asked) >= 2, "what is compared must be there"
    given = {
        f"{slide.deck}: {slide.title}": sorted(asked & shown(slide))
        for slide in taught_before(step)
    }
    assert {title: code for title, code in given.items() if code} == {}


@pytest.mark.parametrize("step", CORE, ids=lambda step: step.short)
def test_what_is_quoted_of_the_solution_is_in_the_starter_too(step):
    """All its lines may be known, as those of a game that is played once more: it is still asked
    for."""
    for slide in taught_before(step):
        for fence in FENCE.finditer("\n".join(cell.source for cell in slide.cells)):
            if fence["kind"] == markdown.QUOTE and f"solutions/{step.name}/" in fence["path"]:
                known = quoted(fence, instead=("solutions/", "steps/"))
                assert quoted(fence) == known, f"{slide.deck}: {slide.title}"


@pytest.mark.parametrize("step", CORE, ids=lambda step: step.short)
def test_the_debrief_shows_what_the_exercise_asked_for(step):
    """The other way around: the same comparison finds the answer where it is shown on purpose."""
    slides = [slide for one in deck.decks("core") for slide in one.slides]
    after = slides[len(taught_before(step)) + 1 :]
    debrief = [slide for slide in after if slide.settings.get("debrief") == step.short]
    assert debrief, "no slide has this step's debrief"
    assert {slide.deck for slide in debrief} == {f"{step.name}.md"}
    found = asked_for(step) & set().union(*map(shown, debrief))
    assert len(found) >= 2, found


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("await send(\n    group, {'type': 'chat'}\n)", 'await send(group, {"type": "chat"})'),
        ('if here:\n    LAYERS = {"a": 1}', "LAYERS = {'a': 1}"),
        ('    "hosts": [ADDRESS],  # one', '"hosts":   [ADDRESS]'),
    ],
)
def test_how_code_is_written_makes_no_difference(written, same):
    assert pieces(written) & pieces(same)


@pytest.mark.parametrize("trivial", ["pass", ")", "},", "# TODO 1: begin", "", "try:", "else:"])
def test_trivial_lines_are_not_compared(trivial):
    assert pieces(trivial) == set()
