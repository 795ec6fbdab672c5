"""The steps hold together: a starter differs from its solution only where it says TODO, and the
next starter continues where the solution ended."""

import difflib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from workshop import manifest
from workshop.checking.reporting import hints

MOST_LINES = 15  # of code that an attendee writes in a step
SKIPPED = {"__pycache__", ".pytest_cache", ".ruff_cache"}
STEPS = manifest.steps()


def files_of(folder: Path) -> dict[str, list[str]]:
    """Every text file of a step's folder, by its name, as lines."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8").splitlines()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not SKIPPED & set(path.parts) and path.suffix != ".pyc"
    }


def changes(before: list[str], after: list[str]):
    """The blocks in which two files differ, as pairs of lists of lines."""
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield before[a:b], after[c:d]


def is_todo(lines: list[str]) -> bool:
    """Whether a block begins with a TODO, blank lines aside."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return re.match(r"# TODO \d+: ", first) is not None


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
def test_a_starter_differs_from_its_solution_only_in_todos(step):
    starter, solution = files_of(step.starter), files_of(step.solution)
    assert starter.keys() == solution.keys()
    for name, lines in starter.items():
        for before, after in changes(lines, solution[name]):
            assert is_todo(before), f"{name}: {before} → {after}"
            assert name in step.files, f"{name} has a TODO; name it in workshop.toml"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
def test_the_todos_are_numbered_and_named_in_the_readme(step):
    found = [
        int(number)
        for name, lines in files_of(step.starter).items()
        if name in step.files
        for number in re.findall(r"# TODO (\d+): ", "\n".join(lines))
    ]
    assert found, "a starter without a TODO"
    assert sorted(set(found)) == list(range(1, max(found) + 1))
    readme = (step.starter / "README.md").read_text(encoding="utf-8")
    for name in step.files:
        assert name in readme, f"{name} is to be edited, and README.md does not say so"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
def test_no_solution_has_a_todo(step):
    for name, lines in files_of(step.solution).items():
        assert name == "README.md" or "# TODO" not in "\n".join(lines), name


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
def test_an_attendee_writes_few_lines(step):
    starter, solution = files_of(step.starter), files_of(step.solution)
    written = [
        line
        for name in step.files
        for _, after in changes(starter[name], solution[name])
        for line in after
        if line.strip() and not line.strip().startswith("#")
    ]
    assert 0 < len(written) <= MOST_LINES, written


@pytest.mark.parametrize("step", [s for s in STEPS if s.continues], ids=lambda step: step.short)
def test_a_starter_continues_the_solution_before(step):
    before = files_of(step.previous.solution)
    starter = files_of(step.starter)
    assert starter.keys() == before.keys()
    for name, lines in before.items():
        for _, new in changes(lines, starter[name]):
            assert is_todo(new) or name in step.brings, f"{name}: {new}"


def test_every_check_has_three_hints():
    for step in STEPS:
        text = (ROOT / "checks" / step.name / "test_behavior.py").read_text(encoding="utf-8")
        checks = re.findall(r"^async def (test_\w+)", text, re.MULTILINE)
        assert checks == list(hints.of_step(step))
        for name in checks:
            hint = hints.of_step(step)[name]
            assert set(hint) == {"nudge", "pointer", "slide", "code"}
            assert "?" in hint["nudge"]
            assert "https://" in hint["pointer"] or "workshop" in hint["pointer"]
            code = hints.code_of(step, hint)
            assert code.strip()
            for line in code.splitlines():  # no rung shows more than its own
                if len(line.strip()) > 40:
                    assert line.strip() not in hint["nudge"] + hint["pointer"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.short)
def test_the_slide_of_a_hint_is_in_the_deck_before_the_step(step):
    deck = (ROOT / "slides" / f"{step.name}.md").read_text(encoding="utf-8")
    for hint in hints.of_step(step).values():
        assert re.search(rf"^##? {re.escape(hint['slide'])}$", deck, re.MULTILINE), hint["slide"]


def test_the_manifest_names_what_is_there():
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))
    assert [track.name for track in manifest.tracks()] == ["core", "take-home"]
    for step in STEPS:
        assert manifest.track(step.track)
        assert (ROOT / "checks" / step.short).is_file()
        assert step.minutes > 0 and step.cut
        for name in step.files:
            assert (step.solution / name).is_file()
    folders = {path.name for path in (ROOT / "solutions").iterdir() if path.is_dir()}
    assert folders == {step.name for step in STEPS}


def test_links_in_readmes_lead_somewhere():
    for readme in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("steps/*/README.md")]:
        text = readme.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            if not target.startswith("http"):
                assert (readme.parent / target).exists(), f"{readme}: {target}"
