"""How far a learner has got: the state of each task of a step.

Three facts decide. Whether the task's code is still what the starter has, or missing: a comment
proves nothing, because it may be deleted before a line is written, or left behind when everything
is. Which of the checks that the task serves have passed. And where the diagnosis points.
"""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from workshop.checking.explaining.evidence import Diagnosis
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source, Where
from workshop.checking.references import named, names_of
from workshop.manifest import ROOT, Step

TODO = re.compile(r"#\s*TODO\s+(\d+)\b", re.IGNORECASE)
DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
DONE, BEGUN, NEXT, NOT_BEGUN = "done", "begun", "next", "not begun"
NOT_BEGUN_YET, LEFT_BEHIND = "todo_not_begun", "todo_left_behind"  # ids of advice


@dataclass(frozen=True)
class Task:
    """One TODO of a step, as its tasks.toml has it: see there."""

    number: int
    checks: tuple[str, ...]
    code: str
    todo: str
    try_it: str
    given: str = ""
    diagnoses: tuple[str, ...] = ()
    meanwhile: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def file(self) -> str:
        return self.code.partition(":")[0]

    @property
    def name(self) -> str:
        return self.code.partition(":")[2]

    @property
    def title(self) -> str:
        return f"TODO {self.number}"


@dataclass(frozen=True)
class TaskState:
    """A task in a learner's project. `where` is its TODO, or else its code."""

    task: Task
    state: str  # one of the four
    where: Where
    untouched: bool  # nothing was written for it
    todo_is_there: bool

    def note(self, check: str) -> str | None:
        """Why the check passes all the same, while the task is not begun."""
        why = self.task.meanwhile.get(check) if self.untouched else None
        return why and f"{self.task.title} is not begun: {why}"


def file_of(step: Step) -> Path:
    return ROOT / "checks" / step.name / "tasks.toml"


def rows(step: Step) -> list[dict]:
    """The entries of the step's tasks.toml; none where it has no such file."""
    file = file_of(step)
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return tomllib.loads(text).get("task", [])


def of_step(step: Step) -> list[Task]:
    """The tasks of the step, in order."""
    return [
        Task(**{"try_it" if key == "try" else key: value for key, value in row.items()})
        for row in rows(step)
    ]


class Places:
    """Where a project has TODOs, and what it defines where: read once for all tasks."""

    def __init__(self, project: Project):
        self.folder = project.folder
        self.sources = {source.path: source for source in project.sources}

    @cached_property
    def todos(self) -> list[tuple[int, Where]]:
        """Every TODO with its number, in whichever file."""
        return [
            (int(found[1]), Where(source.path, number))
            for source in self.sources.values()
            if TODO.search(source.text)
            for number, line in enumerate(source.text.splitlines(), 1)
            if (found := TODO.search(line))
        ]

    @cached_property
    def definitions(self) -> list[tuple[Source, ast.AST, list[str]]]:
        return [
            (source, node, names_of(node))
            for source in self.sources.values()
            for node in source.nodes(*DEFINING)
        ]


class TaskInProject:
    """A task, looked for in a project."""

    def __init__(self, task: Task, places: Places):
        self.task = task
        self.places = places
        self.source = places.sources.get(places.folder / task.file)
        todos = [where for number, where in places.todos if number == task.number]
        todos.sort(key=lambda where: where.file != self.places.folder / task.file)
        self.todo = next(iter(todos), None)

    @cached_property
    def code(self) -> list[tuple[Source, ast.AST]]:
        """What the task changes or adds: where the starter has it, or under that name in another
        place, or under another of the names that Channels knows for it, such as receive_json."""
        if self.source and self.source.tree:
            if found := named(self.source.tree, self.task.name):
                return [(self.source, node) for node in found]
        last = self.task.name.rpartition(".")[2]
        if not last:
            return []
        alike = re.compile(rf"(\w+_)?{last}(_\w+)?")
        return [
            (source, node)
            for source, node, names in self.places.definitions
            if any(map(alike.fullmatch, names))
        ]

    @cached_property
    def is_untouched(self) -> bool:
        """Whether nothing was written for it."""
        if not self.code:
            home = self.source and self.source.tree
            parent = self.task.name.rpartition(".")[0]
            missing = not self.task.given and home and named(home, parent)
            return bool(missing or self.todo)
        if self.task.given:
            return any(_contains(node, self.task.given) for _, node in self.code)
        return not self.task.name and bool(self.todo)

    def has(self, where: Where | None) -> bool:
        """Whether the place is in the task's code."""
        return bool(where and where.line) and any(
            source.path == where.file and node.lineno <= where.line <= node.end_lineno
            for source, node in self.code
            if isinstance(node, ast.stmt)
        )

    @property
    def where(self) -> Where:
        if self.todo:
            return self.todo
        if self.code:
            source, node = self.code[0]
            return source.where(node)
        return Where(self.places.folder / self.task.file)


def _contains(node: ast.AST, statement: str) -> bool:
    """Whether a statement is somewhere in the node, comments and layout aside."""
    wanted = ast.parse(statement).body[0]
    alike = (child for child in ast.walk(node) if type(child) is type(wanted))
    return any(ast.dump(child) == ast.dump(wanted) for child in alike)


def find_all(step: Step, project: Project) -> list[TaskInProject]:
    """The step's tasks in a project."""
    places = Places(project)
    return [TaskInProject(task, places) for task in of_step(step)]


def lacking(tasks: Sequence[TaskInProject], diagnosis: Diagnosis | None) -> TaskInProject | None:
    """The first task that nothing was written for, where that is what the diagnosis found."""
    of = (one for one in tasks if diagnosis and diagnosis.id in one.task.diagnoses)
    return next((one for one in of if one.is_untouched), None)


def without_the_code(
    diagnosis: Diagnosis | None, tasks: Sequence[TaskInProject], now: Sequence[TaskState]
) -> Diagnosis | None:
    """The diagnosis; where all that it found is a TODO that is still as the starter has it, that
    TODO instead of what to type. Only hints give the code away."""
    one = lacking(tasks, diagnosis)
    if one is None or one.todo is None:
        return diagnosis
    title, is_next = one.task.title, any(o.task is one.task and o.state == NEXT for o in now)
    said = f"{title} is next. {one.task.todo}" if is_next else f"{one.task.todo} That is {title}."
    return Diagnosis(diagnosis.id, said, one.todo)


def states(tasks: Sequence[TaskInProject], results: Iterable) -> list[TaskState]:
    """The state of every task after a run of the checks with these results. At most one is next."""
    passed = {result.name for result in results if result.passed}
    failed = {result.name: result.diagnosis for result in results if not result.passed}
    untouched = [one for one in tasks if one.is_untouched and not _is_proved(one.task, passed)]
    at_fault = [d.where for d in failed.values() if d and not lacking(untouched, d)]
    blamed = [one for one in tasks if one not in untouched and any(map(one.has, at_fault))]
    found = {}
    for one in tasks:
        checks = set(one.task.checks)
        missed = checks & set(failed)
        excused = missed and all(_others(one, check, [*untouched, *blamed]) for check in missed)
        if one in untouched:
            found[one] = NOT_BEGUN
        elif one not in blamed and (checks <= passed or excused):
            found[one] = DONE
        else:
            found[one] = BEGUN
    first = _next(found, blamed, set(failed), {where.file for where in at_fault if where})
    return [
        TaskState(
            one.task,
            NEXT if one is first else state,
            one.where,
            state == NOT_BEGUN,
            bool(one.todo),
        )
        for one, state in found.items()
    ]


def _is_proved(task: Task, passed: set[str]) -> bool:
    """Whether the checks alone prove that it is done, however it was done."""
    telling = set(task.checks) - set(task.meanwhile)
    return bool(telling) and set(task.checks) <= passed


def _others(one: TaskInProject, check: str, lacking: list[TaskInProject]) -> bool:
    """Whether one of those that lack something explains why the check failed."""
    return any(other is not one and check in other.task.checks for other in lacking)


def _next(
    found: dict[TaskInProject, str],
    blamed: list[TaskInProject],
    failed: set[str],
    files: set[Path],
) -> TaskInProject | None:
    """The one to work on now: where a diagnosis points; else one of the same file, one that has to
    do with what failed first, or else one that was not begun, or is the only one of that file.
    Where no diagnosis names a place, the first that is not done and has to do with what failed, or
    has not been begun. None where it is none of these: the fault is in what the step provides, or
    outside the step."""
    unfinished = [one for one, state in found.items() if state != DONE]
    serving = [one for one in unfinished if failed & set(one.task.checks)]
    not_begun = [one for one in unfinished if found[one] == NOT_BEGUN]
    if files:
        homes = Counter(one.where.file for one in found)
        alone = [one for one in unfinished if homes[one.where.file] == 1]
        near = [one for one in [*serving, *not_begun, *alone] if one.where.file in files]
    else:
        near = [one for one in unfinished if one in serving or one in not_begun]
    return next(iter([*blamed, *near]), None)


def still_there(tasks: Sequence[TaskState]) -> list[Diagnosis]:
    """What to say of the TODOs that are still in the files when every check has passed."""
    advice = [
        Diagnosis(
            NOT_BEGUN_YET,
            f"{one.task.title} is still to do. {one.task.todo} How to try it: {one.task.try_it}",
            one.where,
        )
        for one in tasks
        if one.untouched and one.todo_is_there
    ]
    left = [one for one in tasks if one.todo_is_there and not one.untouched]
    if left:
        which = listed([one.task.number for one in left])
        one_of_them = f" How to try it: {left[0].task.try_it}" if len(left) == 1 else ""
        said = f"{which} done, but the comment is still in the file.{one_of_them}"
        advice.append(Diagnosis(LEFT_BEHIND, said, left[0].where))
    return advice


def listed(numbers: Sequence[int]) -> str:
    """ "TODO 2", "TODOs 1–3", "TODOs 1, 3": the tasks of those numbers."""
    one_by_one = ", ".join(map(str, numbers))
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        one_by_one = f"{numbers[0]}–{numbers[-1]}"
    return f"TODO{'s' if len(numbers) > 1 else ''} {one_by_one}"
