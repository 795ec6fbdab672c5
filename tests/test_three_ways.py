"""The checks are tested three ways: every solution passes, every untouched starter fails at its
first TODO with that TODO's own advice, and every mistake fails with its own diagnosis. And every
variant, a right answer that looks different from ours, passes."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.diagnoses import general
from tests import told
from tests.catalogue import (
    at_redis,
    at_the_tests_redis,
    code_of,
    entries,
    first_of_each,
    name_of,
    project_of,
    redis_of,
    repair,
)
from tests.conftest import (
    ALL_THE_TIME,
    PATIENT,
    ROOT,
    Checked,
    check,
    copy_of,
    quick_check,
    side_by_side,
)
from tests.resp import Connection
from workshop import manifest
from workshop.checking import tasks
from workshop.checking.explaining.rules import ASK_EVERY_RULE, Rule
from workshop.developing.check_rules import every_rule

MISTAKES, VARIANTS = entries("mistakes"), entries("variants")
FILES = {rule.id: rule.find.__module__ for rule in every_rule()}
# The last resort for what nobody foresaw. They are asked after all others, and match much that the
# others name better.
GENERAL = {rule.id for rule in vars(general).values() if isinstance(rule, Rule)}


def of_a_mistake(entry) -> set:
    """The file of the rule that explains the mistake."""
    return {FILES[entry[1]["diagnosis"]]}


def of_a_variant(entry) -> set:
    """A step, and each advice."""
    return {entry[0], *entry[1].get("advice", ())}


@dataclass
class Tried:
    """An entry's project, how its check ended, and how it ended after doing what it said: "passed"
    or the next diagnosis; None where nothing could be done."""

    project: Path
    done: Checked
    then: str | None = None


@pytest.fixture(scope="module")
def tried(request, tmp_path_factory):
    """A function from an entry to what was Tried, with every rule asked."""
    folder = tmp_path_factory.mktemp("copies")

    def run(checks, entry) -> Tried:
        with redis_of(entry) as redis:
            return run_at(redis, checks, entry)

    def run_at(redis, checks, entry) -> Tried:
        def checked(project, expected: str) -> Checked:
            """What ends in another way than expected gets all the time it needs, once: on a busy
            machine a limit may have come too early."""
            arguments = entry[0], "--project", project, "--json"
            apart = entry[1].get("unreachable")
            if not apart:
                done = quick_check(checks, *arguments)
                if outcome(done) == expected:
                    return done
            patient = ALL_THE_TIME if expected == "passed" else PATIENT
            variables = {"PYTHONPATH": str(ROOT / "tests" / "unreachable")} if apart else patient
            return check(*arguments, **variables, **{ASK_EVERY_RULE: "1"})

        project = project_of(entry, folder / name_of(entry))
        if redis:
            at_redis(project, redis.port)
        done = checked(project, entry[1]["diagnosis"])
        if typed := entry[1].get("redis_cli"):
            with Connection(redis.port) as connection:
                connection.call(*typed.split())
            return Tried(project, done, outcome(checked(project, "passed")))
        if done.code != 1 or not (done.failed["suggestion"] or entry[1].get("repair")):
            return Tried(project, done)
        repaired = shutil.copytree(project, folder / f"{name_of(entry)}-repaired")
        repair(repaired, done.failed, entry[1], made_for=project)
        if is_right(entry, repaired, folder / f"{name_of(entry)}-right"):
            return Tried(project, done, "passed")
        at_the_tests_redis(repaired)
        return Tried(project, done, outcome(checked(repaired, entry[1].get("then") or "passed")))

    with pytest.MonkeyPatch.context() as patch:
        # The quick checks keep the variables from when they started.
        patch.setenv(ASK_EVERY_RULE, "1")
        with side_by_side(request, "entry", run) as result_of:
            yield result_of


@pytest.fixture(scope="module")
def checked_variant(request, tmp_path_factory):
    """A function from a variant to how its check ended, with every rule asked."""
    folder = tmp_path_factory.mktemp("variants")

    def run(checks, variant) -> Checked:
        project = project_of(variant, folder / name_of(variant))
        return quick_check(checks, variant[0], "--project", project, "--json")

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {ASK_EVERY_RULE: "1", **ALL_THE_TIME}.items():
            patch.setenv(name, value)
        with side_by_side(request, "variant", run) as result_of:
            yield result_of


def outcome(done: Checked) -> str:
    """The diagnosis, or how else it ended."""
    if done.code != 1:
        return "passed" if done.code == 0 else "not made"
    return str(done.failed["diagnosis"])


def is_right(entry, project: Path, folder: Path) -> bool:
    """Whether the project is, except for its layout and comments, the solution or the variant that
    the mistake was made in: these pass."""
    right = {"edits": [], **{key: entry[1][key] for key in ("of", "alone") if key in entry[1]}}
    try:
        return code_of(project) == code_of(project_of((entry[0], right), folder))
    except SyntaxError:  # a second one
        return False


@pytest.mark.parametrize("step", manifest.steps(), ids=lambda step: step.short)
def test_the_solution_passes(step):
    done = check(step.short, "--solution", "--json")
    assert done.code == 0, done.out + done.err
    assert done.report["passed"]


@pytest.mark.parametrize("step", manifest.steps(), ids=lambda step: step.short)
def test_the_untouched_starter_fails_at_its_first_todo(step, tmp_path):
    copy = copy_of(step.starter, tmp_path / "starter")
    first = tasks.of_step(step)[0]
    done = check(step.short, "--project", copy, "--json")
    if outcome(done) not in first.diagnoses:
        done = check(step.short, "--project", copy, "--json", **ALL_THE_TIME)
    assert done.code == 1, done.out + done.err
    assert done.failed["diagnosis"] in first.diagnoses
    assert done.failed["message"] == f"TODO 1 is next. {first.todo}"


@pytest.mark.parametrize("step", manifest.steps(), ids=lambda step: step.short)
def test_a_solution_copied_over_its_starter_passes(step, tmp_path):
    copy = copy_of(step.starter, tmp_path / "starter")
    for name in step.files:
        (copy / name).write_bytes((step.solution / name).read_bytes())
    done = check(step.short, "--project", copy, "--json", **ALL_THE_TIME)
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize("entry", first_of_each(MISTAKES, of_a_mistake), ids=name_of)
def test_a_mistake_gets_its_own_diagnosis(entry, tried):
    step, row = entry
    if "before" in row and sys.version_info[:2] >= tuple(map(int, row["before"].split("."))):
        pytest.skip(f"Since Python {row['before']} this is not a mistake.")
    found = tried(entry)
    done = found.done
    assert done.code == 1, f"The check passed or could not be made:\n{done.out}{done.err}"
    failed = done.failed
    assert failed["diagnosis"] == row["diagnosis"], f"{failed['message']}\n{failed['seen']}"
    if "file" in row:
        assert Path(failed["file"]).match(row["file"]), failed
    if "line" in row:
        text = Path(failed["file"]).read_text(encoding="utf-8", errors="replace")
        text = text.split("\n")[failed["line"] - 1]
        assert row["line"] in text, f"The report names line {failed['line']}: {text}"
    wrong = told.faults(failed["message"], failed["file"], told.is_plain_at(found.project, failed))
    assert not wrong, failed["message"]
    wrong = set(failed.get("also", ())) - set(row.get("also", ())) - GENERAL
    assert not wrong, f"These match too, but it is not their mistake: {wrong}"
    assert failed["suggestion"] or "repair" in row, f"Neither says what helps: {failed['message']}"
    assert row.get("redis_cli", "") in failed["message"]
    if "then" in row:  # there is more to do, and the report gets further
        assert found.then not in ("passed", failed["diagnosis"]), failed["suggestion"]
    elif failed["suggestion"] or row["repair"] or "redis_cli" in row:
        assert found.then == "passed", failed["suggestion"] or row["repair"]


def test_most_mistakes_get_an_edit_of_the_learners_own_lines():
    """An entry without `repair` has a suggestion: see above."""
    others = [entry for entry in MISTAKES if "repair" in entry[1]]
    assert len(others) <= 0.4 * len(MISTAKES)


@pytest.mark.parametrize("variant", first_of_each(VARIANTS, of_a_variant), ids=name_of)
def test_a_variant_passes(variant, checked_variant):
    done = checked_variant(variant)
    assert done.code == 0, f"A right answer was rejected: {done.failed}\n{done.err}"
    advice = {one["id"] for one in done.report["advice"]}
    assert advice == set(variant[1].get("advice", ())), done.report["advice"]
