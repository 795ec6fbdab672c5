"""The faults that step 6 plants are faults: the check of an earlier step finds each, and what a
learner is shown of it is what that check saw. Step 6's own solution notices all of them."""

import json

import pytest

from checks.step6_tests.recording import seen_with
from checks.step6_tests.trying.copies import make_copy
from checks.step6_tests.trying.faults import TIMELINES, faults
from tests.catalogue import written
from tests.conftest import check
from workshop import manifest
from workshop.commands import dev
from workshop.developing.problem import texts

STEP6 = manifest.find("step6")
FAULTS = list(faults().values())
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


def test_there_are_twelve_and_each_has_a_check():
    source = STEP6.behavior.read_text(encoding="utf-8")
    assert [source.count(f'trial.notices("{fault.name}")') for fault in FAULTS] == [1] * 12


@every_fault
def test_it_is_planted_in_the_copy_and_nowhere_else(fault, tmp_path):
    right = make_copy(STEP6.solution, tmp_path / "right", [])
    wrong = make_copy(STEP6.solution, tmp_path / "wrong", fault.edits)
    differs = {name for name, text in texts(right).items() if texts(wrong)[name] != text}
    assert differs == {edit["file"] for edit in fault.edits}
    assert texts(right).keys() == texts(wrong).keys()


def test_the_copy_has_the_learners_tests_and_not_the_learners_chat(tmp_path):
    files = {**texts(STEP6.solution), "chat/tests.py": "# theirs\n", "chat/test_more.py": "# too\n"}
    files["chat/consumers.py"] = "# broken\n"
    project = written(files, tmp_path / "project", {})
    copy = texts(make_copy(project, tmp_path / "copy", []))
    assert copy["chat/tests.py"] == "# theirs\n" and copy["chat/test_more.py"] == "# too\n"
    assert copy["chat/consumers.py"] == texts(STEP6.solution)["chat/consumers.py"]


@every_fault
def test_it_is_told_and_shown(fault):
    assert fault.does.endswith(".") and not fault.look.endswith(".")
    assert fault.timeline, "python3 -m workshop dev record step6"


def test_without_a_redis_nothing_is_recorded_and_it_says_why(monkeypatch, capsys):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    before = TIMELINES.read_bytes()
    assert dev.record("step6") == 1
    assert "No Redis answers at 127.0.0.1:1" in capsys.readouterr().out
    assert TIMELINES.read_bytes() == before


@pytest.mark.slow
@every_fault
def test_what_is_shown_of_it_is_what_the_check_of_an_earlier_step_sees(fault):
    recorded = json.loads(TIMELINES.read_text(encoding="utf-8"))[fault.name]
    now = seen_with(fault, 5)
    assert done_in(now) == done_in(recorded)
    assert heard_in(recorded) & heard_in(now) or not heard_in(recorded)


def done_in(found):
    """What browsers do, and what they wait for in vain: the same each time, unlike the order in
    which they hear something, and whether one more frame comes before the check has failed."""
    lines = (tuple(line.values())[1:] for line in found)
    return {line for line in lines if line[1] != "in" and not line[2].startswith("closed")}


def heard_in(found):
    """Without the lists of people, which may come after the check has failed."""
    heard = {line["text"] for line in found if line["direction"] == "in"}
    return {text for text in heard if not text.startswith('{"people"')}


def test_the_solution_of_step_6_notices_all_of_them():
    done = check("step6", "--solution", "--json")
    assert done.code == 0, done.out + done.err
    passed = {one["name"] for one in done.report["checks"] if one["passed"]}
    assert len([name for name in passed if name.endswith("_is_noticed")]) == 12
