"""Where a learner is: each step is done TODO by TODO, from its starter to its solution, and after
each the report says how far it is."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from tests.conftest import PATIENT, check, copy_of, edit, quick_check, side_by_side
from tests.todos import with_done, without_comments
from workshop import manifest
from workshop.checking import tasks
from workshop.checking.explaining.evidence import Diagnosis
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Where
from workshop.checking.reporting import html
from workshop.checking.reporting.report import Report, how_far, print_report
from workshop.developing.problem import changes

STEP1, STEP2, STEP3 = map(manifest.find, ("step1", "step2", "step3"))


def in_turn(step: manifest.Step) -> list[set[int]]:
    """Which TODOs are done: none, the first of them, the first two …"""
    numbers = [task.number for task in tasks.of_step(step)]
    return [set(numbers[:count]) for count in range(len(numbers) + 1)]


def alone(step: manifest.Step) -> list[set[int]]:
    return [{task.number} for task in tasks.of_step(step)[1:]]


WAYS = [(step, done) for step in manifest.steps() for done in in_turn(step)]
OTHER_WAYS = [(step, done) for step in manifest.steps() for done in alone(step)]
ALL_WAYS = [*WAYS, *OTHER_WAYS]


def name_of(way) -> str:
    return f"{way[0].short}-{''.join(map(str, sorted(way[1]))) or 'none'}"


# Most of these wait for what is not there.
WITH_REPORTS = pytest.mark.parametrize(
    "way", [*WAYS, *(pytest.param(way, marks=pytest.mark.slow) for way in OTHER_WAYS)], ids=name_of
)


@pytest.fixture(scope="module")
def reports(request, tmp_path_factory):
    """A function from a way to its report."""
    folder = tmp_path_factory.mktemp("todos")

    def run(checks, way) -> dict:
        project = with_done(*way, folder / name_of(way))
        return quick_check(checks, way[0].short, "--project", project, "--json").report

    with pytest.MonkeyPatch.context() as patch:
        for name, value in PATIENT.items():
            patch.setenv(name, value)
        with side_by_side(request, "way", run) as result_of:
            yield result_of


@WITH_REPORTS
def test_each_task_that_is_done_moves_the_report(way, reports):
    step, done = way
    found = {task["number"]: task["state"] for task in reports(way)["tasks"]}
    first_left = min(found.keys() - done, default=None)
    for number, state in found.items():
        if number in done:  # begun: its checks come after one that fails for another TODO
            later = first_left is not None and number > first_left
            assert state in ({"done", "begun"} if later else {"done"}), (number, found)
        else:
            assert state == ("next" if number == first_left else "not begun"), (number, found)
    assert reports(way)["passed"] or first_left is not None


@WITH_REPORTS
def test_what_is_not_begun_is_named_without_its_code(way, reports):
    """And nothing else is said: there is no other fault in these projects."""
    step, done = way
    left = [task for task in tasks.of_step(step) if task.number not in done]
    failed = next((check for check in reports(way)["checks"] if not check["passed"]), None)
    if failed is None:
        return
    about = next(task for task in left if task.title in failed["message"])
    assert failed["name"] in about.checks or about is left[0]
    assert failed["diagnosis"] in about.diagnoses
    assert ("is next" in failed["message"]) == (about is left[0])
    for name in step.files:
        before, after = (
            (folder / name).read_text(encoding="utf-8") for folder in (step.starter, step.solution)
        )
        for line in (line.strip() for change in changes(before, after) for line in change.after):
            assert len(line) < 12 or line not in failed["message"], line


@WITH_REPORTS
def test_a_check_that_passes_before_its_task_is_begun_says_why(way, reports):
    step, done = way
    for one in reports(way)["checks"]:
        needs = [task for task in tasks.of_step(step) if one["name"] in task.checks]
        left = [task for task in needs if task.number not in done]
        assert bool(one["note"]) == bool(one["passed"] and left), one
        if one["note"]:
            reasons = [task.meanwhile.get(one["name"]) for task in left]
            assert any(why in one["note"] for why in reasons if why)


@WITH_REPORTS
def test_after_a_pass_a_todo_that_is_left_is_named_with_how_to_try_it(way, reports):
    step, done = way
    left = [task for task in tasks.of_step(step) if task.number not in done]
    said = [one["message"] for one in reports(way)["advice"] if one["id"] == tasks.NOT_BEGUN_YET]
    assert len(said) == (len(left) if reports(way)["passed"] else 0)
    for task, message in zip(left, said, strict=False):
        assert task.title in message and task.try_it in message


# What is begun, from the files alone


def untouched(step: manifest.Step, folder) -> set[int]:
    found = tasks.find_all(step, Project(folder, edited=step.files))
    return {one.task.number for one in found if one.is_untouched}


@pytest.mark.parametrize("way", ALL_WAYS, ids=name_of)
def test_a_comment_proves_nothing(way, tmp_path):
    step, done = way
    left = {task.number for task in tasks.of_step(step)} - done
    project = with_done(step, done, tmp_path / "project")
    assert untouched(step, project) == left
    assert untouched(step, without_comments(project, step)) == left, "the comments were deleted"


@pytest.mark.parametrize("step", manifest.steps(), ids=lambda step: step.short)
def test_comments_that_were_left_behind_are_no_tasks(step, tmp_path):
    project = copy_of(step.solution, tmp_path / "project")
    numbers = [task.number for task in tasks.of_step(step)]
    with (project / step.files[0]).open("a", encoding="utf-8") as file:
        file.write("".join(f"\n# TODO {number}: as it was\n" for number in numbers))
    assert untouched(step, project) == set()
    found = states(step, project, passed=every_check(step))
    assert {one.state for one in found} == {"done"}
    (advice,) = tasks.still_there(found)
    assert advice.id == tasks.LEFT_BEHIND and tasks.listed(numbers) in advice.message
    assert advice.where.file == project / step.files[0]


def test_other_names_and_places(tmp_path):
    """A consumer in another file and class, with other methods than the solution's."""
    project = copy_of(STEP2.solution, tmp_path / "project")
    consumers = (project / "chat/consumers.py").read_text(encoding="utf-8")
    (project / "chat/consumers.py").unlink()
    (project / "chat/echo.py").write_text(
        consumers.replace("ChatConsumer", "Echo").replace("def receive", "def websocket_receive"),
        encoding="utf-8",
    )
    edit(project, "chat/routing.py", "from . import consumers", "from . import echo")
    edit(project, "chat/routing.py", "consumers.ChatConsumer", "echo.Echo")
    assert untouched(STEP2, project) == set()


def test_a_file_that_cannot_be_parsed_is_no_work_undone(tmp_path):
    project = with_done(STEP2, {1, 2, 3, 4}, tmp_path / "project")
    edit(project, "chat/consumers.py", "async def connect(self):", "async def connect(self)")
    assert untouched(STEP2, project) == {5, 6}  # whose comments are there


# States, from what is begun, the checks and the diagnosis


def every_check(step: manifest.Step) -> set[str]:
    return {check for task in tasks.of_step(step) for check in task.checks}


def states(step, project, passed=(), failed=None, id="x", where=None) -> list[tasks.TaskState]:
    results = [SimpleNamespace(name=name, passed=True, diagnosis=None) for name in passed]
    if failed:
        diagnosis = Diagnosis(id, "", where)
        results.append(SimpleNamespace(name=failed, passed=False, diagnosis=diagnosis))
    return tasks.states(tasks.find_all(step, Project(project, edited=step.files)), results)


def said(found: list[tasks.TaskState]) -> str:
    return " ".join(f"{one.task.number}:{one.state}" for one in found)


def test_the_task_in_which_the_fault_is_comes_next(tmp_path):
    """TODO 1 was done wrong, TODOs 2 and 3 are not begun."""
    project = with_done(STEP3, {1}, tmp_path / "project")
    edit(project, "chat/consumers.py", '["room_name"]', '["room"]')
    lines = (project / "chat/consumers.py").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '["room"]' in text)
    where = Where(project / "chat/consumers.py", line)
    found = states(STEP3, project, failed="test_the_sender_hears_itself", where=where)
    assert said(found) == "1:next 2:not begun 3:not begun 4:not begun 5:not begun"


@pytest.mark.parametrize(
    "file, expected", [("chat/views.py", None), ("mysite/settings.py", 5), ("chat/consumers.py", 1)]
)
def test_a_fault_in_another_file_sends_nobody_to_a_todo(tmp_path, file, expected):
    project = copy_of(STEP3.solution, tmp_path / "project")
    where = Where(project / file, 1)
    found = states(STEP3, project, failed="test_the_sender_hears_itself", where=where)
    assert [one.task.number for one in found if one.state == tasks.NEXT] == [
        *filter(None, [expected])
    ]


def test_a_todo_that_nothing_has_tried_yet_is_not_next(tmp_path):
    """All are written, what failed serves none of them, and the fault is elsewhere in the file."""
    step = manifest.find("step5")
    project = copy_of(step.solution, tmp_path / "project")
    failed, untried = "test_two_tabs_are_one_person", "test_after_logging_out_the_socket_closes"
    consumer = (project / "chat/consumers.py").read_text(encoding="utf-8").splitlines()
    where = Where(project / "chat/consumers.py", len(consumer))
    found = states(step, project, every_check(step) - {failed, untried}, failed, where=where)
    assert [one.state for one in found if untried in one.task.checks] == [tasks.BEGUN]
    assert not [one for one in found if one.state == tasks.NEXT]


def test_without_a_next_todo_the_report_says_how_far_each_is(tmp_path):
    project = with_done(STEP3, {1, 2}, tmp_path / "project")
    where = Where(project / "chat/views.py", 1)
    now = states(STEP3, project, failed="test_the_sender_hears_itself", where=where)
    report = Report(STEP3, project, [], [], 0, tasks=now)
    assert how_far(report.as_dict()) == "TODOs 1, 2 done · TODOs 3–5 not begun"


def test_a_todo_is_named_by_its_path_in_the_step(tmp_path):
    project = copy_of(STEP3.starter, tmp_path / "project")
    now = states(STEP3, project, failed="test_the_sender_hears_itself")
    report = Report(STEP3, project, [], [], 0, tasks=now)
    assert how_far(report.as_dict()).startswith("Next: TODO 1, chat/consumers.py:")


def test_all_are_begun_and_nothing_tells_which_is_wrong(tmp_path):
    project = copy_of(STEP3.solution, tmp_path / "project")
    found = states(STEP3, project, failed="test_the_sender_hears_itself")
    assert said(found) == "1:next 2:begun 3:begun 4:begun 5:begun"


def test_deleted_and_not_done(tmp_path):
    """The base class accepts, and the comment that says so was deleted."""
    project = with_done(STEP2, {1, 2, 3, 5, 6}, tmp_path / "project")
    without_comments(project, STEP2)
    found = states(STEP2, project, passed=every_check(STEP2))
    assert said(found) == "1:done 2:done 3:done 4:next 5:done 6:done"
    assert tasks.still_there(found) == []


def test_a_project_of_another_make_is_judged_by_its_checks(tmp_path):
    project = tmp_path / "project"
    (project / "talk").mkdir(parents=True)
    (project / "talk/live.py").write_text(
        "class Live:\n    async def websocket_receive(self): ...\n", encoding="utf-8"
    )
    found = states(STEP2, project, passed=every_check(STEP2))
    assert {one.state for one in found} == {"done"}


# Words


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([2], "TODO 2"),
        ([1, 2], "TODOs 1, 2"),
        ([1, 2, 3], "TODOs 1–3"),
        ([1, 2, 4], "TODOs 1, 2, 4"),
    ],
)
def test_tasks_are_listed(numbers, words):
    assert tasks.listed(numbers) == words


def test_the_terminal_and_the_notebook_say_it_in_one_line(tmp_path):
    project = with_done(STEP1, {1}, tmp_path / "project")
    done = check("step1", "--project", project)
    line = "TODO 1 done · next: TODO 2, exhibition.py:42"
    assert f"\n  {line}\n" in done.out
    report = check("step1", "--project", project, "--json").report
    assert line in html.as_html(report)
    console = Console(width=40, highlight=False)
    with console.capture() as captured:
        print_report(report, console)
    assert line in captured.get()
