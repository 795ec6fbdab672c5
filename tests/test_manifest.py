"""The list of steps, also with a take-home step in it: what is next, what belongs to the core."""

import re
from datetime import datetime

import pytest

from workshop import console, manifest
from workshop.checking.reporting import progress
from workshop.commands import catchup, overview, slides

ROOT = manifest.ROOT
AFTERWARDS = """
[[steps]]
name = "step4_small"
title = "Something small"
track = "take-home"
minutes = 50
files = ["chat/consumers.py"]
teaches = ["small"]
continues = true
servers = 1
redis = false
cut = ""
"""


@pytest.fixture
def listing(tmp_path, monkeypatch):
    """A function that lists the core's steps, and what is added, in place of workshop.toml."""
    real = manifest._read

    def read(added: str = "") -> None:
        text = (ROOT / "workshop.toml").read_text(encoding="utf-8")
        head, *entries = text.split("[[steps]]\n")
        # The decks of steps that are not listed would be about nothing.
        head = re.sub(r'(name = "take-home"\n.*\ndecks = ).*', r"\1[]", head)
        core = [entry for entry in entries if 'track = "core"' in entry]
        listed = "[[steps]]\n".join([head, *core]) + added
        (tmp_path / "workshop.toml").write_text(listed, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(manifest, "ROOT", tmp_path)
            content = real.__wrapped__()  # not what is remembered of the real one
        monkeypatch.setattr(manifest, "_read", lambda: content)

    return read


@pytest.fixture
def a_take_home_step(listing) -> manifest.Step:
    """A fourth step, which continues the finished chat, and no other after the core."""
    listing(AFTERWARDS)
    return manifest.find("step4")


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """What commands print, line by line."""
    lines = []
    for module in (slides, overview, catchup):
        monkeypatch.setattr(module, "say", lambda text="", **_: lines.extend(text.split("\n")))
    monkeypatch.setattr(console.console, "print", lambda text, **_: lines.append(text))
    return lines


def test_each_step_knows_its_neighbors():
    every = manifest.steps()
    assert every[0].previous is None and every[-1].next is None
    for step, after in zip(every, every[1:], strict=False):
        assert step.next == after and after.previous == step


def test_the_core_is_the_first_three_steps():
    assert [step.short for step in manifest.steps("core")] == ["step1", "step2", "step3"]
    assert manifest.track("core").minutes == 180


def test_the_finished_chat_is_the_last_of_the_core_that_has_groups(a_take_home_step):
    assert "groups" in a_take_home_step.capabilities
    assert manifest.finished_chat() == manifest.find("step3")


def test_a_take_home_step_follows_the_core(a_take_home_step):
    last = manifest.steps("core")[-1]
    assert last.next == a_take_home_step and a_take_home_step.previous == last
    assert manifest.steps("take-home") == (a_take_home_step,)
    assert a_take_home_step not in manifest.steps("core")
    assert a_take_home_step.capabilities == last.capabilities | {"small"}


def test_who_is_done_with_the_core_is_told_of_the_take_home_step(a_take_home_step):
    class Report:
        step = manifest.steps("core")[-1]
        folder = step.starter
        passed, stretch = True, False

    assert progress.offer(Report) == "Done. Next: step 4, in steps/step4_small/README.md"
    Report.step, Report.folder = a_take_home_step, a_take_home_step.starter
    assert progress.offer(Report).startswith("Done. That was the last step.")


@pytest.fixture
def nothing_is_done(monkeypatch):
    monkeypatch.setattr(progress, "of", lambda step: {})


def test_the_map_shows_take_home_steps_apart(a_take_home_step, nothing_is_done, said):
    overview.show_map()
    headings = [said.index(f"{track.title}:") for track in manifest.tracks()]
    rows = [next(row for row in said if step.title in row) for step in manifest.steps()]
    assert headings[0] < said.index(rows[2]) < headings[1] < said.index(rows[3])


def test_without_take_home_steps_the_map_has_no_headings(listing, nothing_is_done, said):
    listing()
    overview.show_map()
    assert not any(f"{track.title}:" in said for track in manifest.tracks())


def test_the_plan_is_that_of_the_core_and_names_what_comes_afterwards(listing, said, request):
    listing()
    slides.show_plan(datetime(2000, 1, 1, 9))
    before = said[:]
    said.clear()
    step = request.getfixturevalue("a_take_home_step")
    slides.show_plan(datetime(2000, 1, 1, 9))
    added = [line for line in said if line and line not in before]
    assert added == [f"{manifest.track('take-home').title}:", f"   50 min  {step.title} (step4)"]
    assert [line for line in said if line and line not in added] == [
        line for line in before if line
    ]


def test_a_step_without_slides_names_its_task(a_take_home_step, said):
    assert slides.run("step4", plan=False, start=datetime(2000, 1, 1)) == 2
    assert "steps/step4_small/README.md" in said[0]
