"""A starter against its solution, and against the solution that it continues."""

from collections.abc import Iterator

from workshop.developing.problem import TODO, Problem, changes, is_todo, texts
from workshop.manifest import ROOT, Step

# Lines of code that an attendee writes in a step. (At home there is more time.)
MOST_LINES = {"core": 15, "take-home": 25}


def other_files(step: Step) -> Iterator[Problem]:
    """Files that only one of the two has."""
    starter, solution = texts(step.starter), texts(step.solution)
    for name in sorted(starter.keys() ^ solution.keys()):
        has, lacks = step.starter, step.solution
        if name in solution:
            has, lacks = lacks, has
        yield Problem(
            has / name,
            None,
            f"{lacks.relative_to(ROOT).as_posix()} does not have "
            "this file: copy it there, or remove it here.",
        )


def differs_outside_of_todos(step: Step) -> Iterator[Problem]:
    solution = texts(step.solution)
    for name, text in texts(step.starter).items():
        if name == "README.md":
            continue  # the tasks in the one, and in the other why it is written that way
        for change in changes(text, solution.get(name, text)):
            if not is_todo(change.before):
                yield Problem(
                    step.starter / name,
                    change.before_line,
                    "The starter differs from the solution here, but no TODO says so: "
                    'begin the block with "# TODO n: ", or write the same in both.',
                )


def todo_in_a_file_not_named(step: Step) -> Iterator[Problem]:
    for name, line, _ in todos_of(step):
        if name not in step.files:
            yield Problem(
                step.starter / name,
                line,
                f'There is a TODO here: name {name} in "files" of workshop.toml.',
            )


def todos_not_numbered(step: Step) -> Iterator[Problem]:
    """They count from 1, without a gap, in the order of the files; one may take several blocks."""
    found = [one for file in step.files for one in todos_of(step) if one[0] == file]
    if not found:
        yield Problem(
            step.starter, None, 'The starter has no TODO: begin a block with "# TODO 1: ".'
        )
    wanted = 1
    for name, line, number in found:
        if number > wanted:
            yield Problem(
                step.starter / name,
                line,
                f"TODO {number} comes where TODO {wanted} is "
                "expected: number them in the order of the tasks.",
            )
        wanted = max(wanted, number + 1)


def todos_of(step: Step) -> list[tuple[str, int, int]]:
    """Each TODO of the starter: its file, its line and its number."""
    return [
        (name, line, int(found[1]))
        for name, text in texts(step.starter).items()
        if name != "README.md"
        for line, code in enumerate(text.splitlines(), 1)
        if (found := TODO.search(code))
    ]


def solution_with_a_todo(step: Step) -> Iterator[Problem]:
    for name, text in texts(step.solution).items():
        for number, line in enumerate(text.splitlines(), 1):
            if "# TODO" in line and name != "README.md":
                yield Problem(
                    step.solution / name,
                    number,
                    "A solution must not have a TODO: write what it asks for.",
                )


def too_many_lines(step: Step) -> Iterator[Problem]:
    starter, solution = texts(step.starter), texts(step.solution)
    written = [
        line
        for name in step.files
        if name in starter and name in solution
        for change in changes(starter[name], solution[name])
        for line in change.after
        if line.strip() and not line.strip().startswith("#")
    ]
    most = MOST_LINES.get(step.track, min(MOST_LINES.values()))
    if not written:
        yield Problem(
            step.solution,
            None,
            "The solution has nothing where the starter has its TODOs: write it.",
        )
    if len(written) > most:
        yield Problem(
            step.solution,
            None,
            f"An attendee would write {len(written)} lines, but {most} is the maximum for "
            f"a step of the track {step.track}: put some of them in the starter.",
        )


def breaks_with_the_step_before(step: Step) -> Iterator[Problem]:
    """A starter that continues a step is that step's solution, plus its TODOs and what it
    brings."""
    if not step.continues:
        return
    if step.previous is None:
        yield Problem(ROOT / "workshop.toml", None, f"{step.short} has no step before it.")
        return
    before, starter = texts(step.previous.solution), texts(step.starter)
    for name in sorted(before.keys() | starter.keys()):
        if name in step.brings:
            continue
        for change in changes(before.get(name, ""), starter.get(name, "")):
            if not is_todo(change.after):
                yield Problem(
                    step.starter / name,
                    change.after_line,
                    f"This is not how {step.previous.short} ended: copy it from "
                    f'solutions/{step.previous.name}, or name {name} in "brings".',
                )


FINDERS = (
    other_files,
    differs_outside_of_todos,
    todo_in_a_file_not_named,
    todos_not_numbered,
    solution_with_a_todo,
    too_many_lines,
    breaks_with_the_step_before,
)
