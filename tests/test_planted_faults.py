"""The faults that step 6 plants are faults: step 5's check, or step 6's own solution, finds each;
and what a learner is shown of it names what is there."""

import pytest

from checks.step6_tests.trying.faults import faults
from checks.step6_tests.trying.runner import make_copy
from tests.catalogue import written
from tests.conftest import ALL_THE_TIME, check
from workshop import manifest
from workshop.checking.observers.timeline import Timeline
from workshop.developing import catalogue
from workshop.developing.check_hints import checks_of
from workshop.developing.problem import texts

STEP5, STEP6 = manifest.find("step5"), manifest.find("step6")
FAULTS = list(faults().values())
in_step5 = [fault for fault in FAULTS if fault.step5]
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
def test_what_is_shown_of_it_can_be_put_into_a_timeline(fault):
    timeline = Timeline()
    for who, direction, text in fault.browser:
        timeline.add(who, direction, text)
    assert {line.direction for line in timeline.lines} <= {"out", "in", "silence", "note"}
    assert fault.does.endswith(".") and not fault.look.endswith(".")


@pytest.mark.parametrize("fault", in_step5, ids=lambda fault: fault.name)
def test_the_check_of_step_5_finds_it(fault, tmp_path):
    assert fault.step5 in {one.name for one in checks_of(STEP5)[1]}
    files = catalogue.edited(texts(STEP5.solution), fault.edits)
    project = written(files, tmp_path / "project", {})
    done = check("step5", "--project", project, "--all", "--json", **ALL_THE_TIME)
    failed = {one["name"] for one in done.report["checks"] if not one["passed"]}
    assert fault.step5 in failed, done.out


def test_the_solution_of_step_6_notices_all_of_them():
    done = check("step6", "--solution", "--json")
    assert done.code == 0, done.out + done.err
    passed = {one["name"] for one in done.report["checks"] if one["passed"]}
    assert len([name for name in passed if name.endswith("_is_noticed")]) == 12
