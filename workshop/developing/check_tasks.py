"""The tasks of a step: each has its TODO, serves a check, and can be recognized as begun or not."""

from collections.abc import Iterator

from workshop.checking import tasks
from workshop.checking.explaining.project import Project
from workshop.checking.references import named
from workshop.checking.tasks import Places, TaskInProject, file_of
from workshop.developing.check_hints import checks_of
from workshop.developing.check_rules import every_rule
from workshop.developing.check_starter import todos_of
from workshop.developing.problem import Problem, line_of
from workshop.manifest import Step

PARTS = {"number", "checks", "code", "todo", "try"}
MORE_PARTS = {"given", "diagnoses", "meanwhile"}  # which not every task has


def _problem(step: Step, row: dict, message: str) -> Problem:
    file = file_of(step)
    return Problem(file, line_of(file, f"number = {row.get('number')}"), message)


def task_that_lacks_a_part(step: Step) -> Iterator[Problem]:
    for row in tasks.rows(step):
        if lacks := sorted(PARTS - row.keys()):
            yield _problem(
                step, row, f"TODO {row.get('number')} lacks {', '.join(lacks)}: add it here."
            )
        for name in sorted(row.keys() - PARTS - MORE_PARTS):
            yield _problem(step, row, f"A task has no part {name!r}: remove or fix it.")


def todo_without_a_task(step: Step) -> Iterator[Problem]:
    listed = {row.get("number") for row in tasks.rows(step)}
    missing = {}
    for name, line, number in todos_of(step):
        if number not in listed:
            missing.setdefault(number, (name, line))
    for number, (name, line) in missing.items():
        yield Problem(
            step.starter / name,
            line,
            f"TODO {number} is not a task of {file_of(step).name}: say there which checks it "
            "serves.",
        )


def task_without_a_todo(step: Step) -> Iterator[Problem]:
    numbers = {number for _, _, number in todos_of(step)}
    for row in tasks.rows(step):
        if row.get("number") not in numbers:
            yield _problem(
                step, row, f"The starter has no TODO {row.get('number')}: add it, or remove this."
            )


def task_that_serves_no_check(step: Step) -> Iterator[Problem]:
    known = {check.name for check in checks_of(step)[1]}
    for row in tasks.rows(step):
        if not row.get("checks"):
            yield _problem(
                step,
                row,
                f"TODO {row.get('number')} serves no check: name those that need it, or write one.",
            )
        for name in sorted({*row.get("checks", ()), *row.get("meanwhile", ())} - known):
            yield _problem(step, row, f"There is no check {name}: name one of this step.")


def task_that_names_no_rule(step: Step) -> Iterator[Problem]:
    known = {rule.id for rule in every_rule()}
    for row in tasks.rows(step):
        for id in sorted(set(row.get("diagnoses", ())) - known):
            yield _problem(step, row, f"No rule is called {id!r}: name the id of one.")


def task_that_is_not_told(step: Step) -> Iterator[Problem]:
    """The starter's own code must count as not begun, and the solution's as begun."""
    complete = not any(task_that_lacks_a_part(step))
    for task in tasks.of_step(step) if complete else ():
        row = {"number": task.number}
        solution = TaskInProject(task, Places(Project(step.solution, edited=step.files)))
        if not solution.source or not named(solution.source.tree, task.name):
            yield _problem(step, row, f"The solution has no {task.code}: name what is there.")
        elif solution.is_untouched:
            yield _problem(
                step,
                row,
                f'In the solution, {task.title} looks as if it was not begun: "given" is '
                "a statement of the starter that the solution does not have.",
            )
        elif not TaskInProject(task, Places(Project(step.starter, edited=step.files))).is_untouched:
            yield _problem(
                step,
                row,
                f"In the starter, {task.title} looks as if it was begun: "
                'say under "given" what the starter has there.',
            )


FINDERS = (
    task_that_lacks_a_part,
    todo_without_a_task,
    task_without_a_todo,
    task_that_serves_no_check,
    task_that_names_no_rule,
    task_that_is_not_told,
)
