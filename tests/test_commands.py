"""Every command of `python3 -m workshop`, typed in a copy of the workshop."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop import manifest
from workshop.commands import check

from .conftest import ALL_THE_TIME
from .copied import Workshop

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and terminals are POSIX's")
STEP2 = manifest.find("step2").name


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "mein Übungsraum 教室")


@pytest.fixture
def git(workshop, monkeypatch):
    """The copy as a clone, whose starters somebody else committed."""
    if not shutil.which("git"):
        pytest.skip("there is no git")
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=workshop.root, check=True, capture_output=True)

    def commit(who: str) -> None:
        git("add", "--all", "--force", ".")
        git("-c", f"user.name={who}", "-c", f"user.email={who}", "commit", "--message", "A change")

    git("init", "--quiet")
    git("config", "user.email", "attendee@example.org")
    git("config", "commit.gpgsign", "false")
    commit("author@example.org")
    return commit


def a_file(workshop: Workshop) -> Path:
    """A file of step 2 that attendees edit."""
    return workshop.root / "steps" / STEP2 / manifest.find("step2").files[-1]


def saved_copies(workshop: Workshop) -> list[Path]:
    return sorted((workshop.root / ".workshop" / "saved").glob("*"))


# The map


def test_the_map_tells_what_is_done_and_what_is_next(workshop):
    state = workshop.root / ".workshop"
    state.mkdir()
    (state / "progress.json").write_text(json.dumps({"step1": {"passed": True}}), encoding="utf-8")
    done = workshop.type()
    assert done.returncode == 0, done.stdout
    rows = {step.short: row for step in manifest.steps() for row in done.stdout.splitlines()
            if step.title in row}  # fmt: skip
    assert rows["step1"].endswith("done") and rows["step2"].endswith("next")
    assert rows["step3"].endswith("min")
    assert f"steps/{STEP2}/README.md" in done.stdout
    assert done.stdout.rstrip().endswith("step2")


def test_a_pipe_gets_no_colors_and_a_page_that_cannot_show_a_tick_no_crash(workshop):
    done = workshop.type(PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout and "✓" in done.stdout


@posix_only
@pytest.mark.parametrize(("variables", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colors_unless_they_are_not_wanted(workshop, variables, colored):
    ours, theirs = os.openpty()
    wanted = {**os.environ, "TERM": "xterm", **variables}
    kept = {k: v for k, v in wanted.items() if k in variables or k != "NO_COLOR"}
    process = subprocess.Popen(
        workshop.command("diff", "step2"), cwd=workshop.root, env=kept, stdout=theirs, stdin=theirs
    )
    os.close(theirs)
    output = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal's output with an error
        while chunk := os.read(ours, 65536):
            output += chunk
    os.close(ours)
    assert process.wait() == 0
    assert b"+++ solutions/" in output.replace(b"\x1b[1m", b"")
    assert (b"\x1b[32m" in output) == colored


@pytest.mark.parametrize("command", ["run", "check", "diff", "reset", "catchup"])
def test_a_step_that_is_not_there(workshop, command):
    done = workshop.type(command, "step99")
    assert done.returncode == 2
    assert "no step called 'step99'. The steps are: step1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_is_not_there(workshop):
    assert workshop.type("dance").returncode == 2


# check


def test_check_hands_its_arguments_on(workshop):
    done = workshop.type("check", "step2", "--project", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "--hint" in workshop.type("check", "step2", "--help").stdout


@pytest.mark.slow
def test_check_without_a_step_checks_every_one(workshop):
    done = workshop.type("check", "--solution", **ALL_THE_TIME)
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout.splitlines()[-len(manifest.steps()) :]
    for step, row in zip(manifest.steps(), table, strict=True):
        assert row.startswith(step.short) and " of " in row and "✓ passes" in row
        assert f"step {step.number} · {step.title}" in done.stdout


def test_check_without_a_step_leaves_out_what_is_not_installed(monkeypatch, capsys):
    checked = []

    def report(step, process):
        checked.append(step.short)
        return {"step": step.short, "passed": True}

    monkeypatch.setattr(check.groups, "is_installed", lambda group: False)
    process = subprocess.Popen([sys.executable, "-c", ""])
    monkeypatch.setattr(check, "start", lambda step, arguments: process)
    monkeypatch.setattr(check, "report_of", report)
    monkeypatch.setattr(check, "show", lambda found: None)
    assert check.run(["--solution"]) == 0
    process.wait()
    left = [step.short for step in manifest.steps() if step.group]
    assert left and sorted(checked + left) == [step.short for step in manifest.steps()]
    said = capsys.readouterr().out
    assert all(f"python3 -m workshop run {name}" in said for name in left)


@pytest.mark.slow
def test_check_without_a_step_says_what_fails(workshop):
    shutil.rmtree(workshop.root / "steps" / manifest.find("step3").name)
    done = workshop.type("check")
    assert done.returncode == 1
    table = done.stdout.splitlines()[-len(manifest.steps()) :]
    first, second, third = table[:3]
    told = first.startswith("step1") and "✗ not yet" in first and "Asynchronous" in first
    assert told, done.stdout
    assert second.startswith("step2") and "✗ not yet" in second and "The server" in second
    assert third.startswith("step3") and "? could not be checked" in third
    assert "step 3 was not checked" in done.stdout


@pytest.mark.slow
def test_check_without_a_step_as_json(workshop):
    done = workshop.type("check", "--solution", "--json", **ALL_THE_TIME)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["passed"] is True
    assert [report["step"] for report in found["steps"]] == [s.short for s in manifest.steps()]


def test_check_without_a_step_takes_no_hint(workshop):
    done = workshop.type("check", "--hint")
    assert done.returncode == 2 and "check step2 --hint" in done.stdout


# diff, reset, catchup


def test_diff_leads_to_the_solution_until_nothing_differs(workshop):
    done = workshop.type("diff", "step2")
    assert done.returncode == 0
    name = manifest.find("step2").files[-1]
    assert f"--- steps/{STEP2}/{name}\n+++ solutions/{STEP2}/{name}\n" in done.stdout
    assert "\n-" in done.stdout and "\x1b" not in done.stdout
    for name in manifest.find("step2").files:
        shutil.copy(
            workshop.root / "solutions" / STEP2 / name, workshop.root / "steps" / STEP2 / name
        )
    assert "Nothing differs" in workshop.type("diff", "step2").stdout


def test_reset_brings_the_starter_back_and_saves_what_was_there(workshop):
    workshop.type()  # which keeps the untouched starters
    original = a_file(workshop).read_bytes()
    mine = a_file(workshop).parent / "mine ümlaut.py"
    a_file(workshop).write_text("my work", encoding="utf-8")
    mine.write_text("more of it", encoding="utf-8")
    done = workshop.type("reset", "step2")
    assert done.returncode == 0, done.stderr
    assert a_file(workshop).read_bytes() == original
    assert not mine.exists()
    (saved,) = saved_copies(workshop)
    assert f".workshop/saved/{saved.name}" in done.stdout
    below = a_file(workshop).relative_to(workshop.root / "steps" / STEP2)
    assert (saved / below).read_text(encoding="utf-8") == "my work"
    assert (saved / below).with_name(mine.name).read_text(encoding="utf-8") == "more of it"


def test_what_does_not_differ_is_not_saved(workshop):
    workshop.type()
    done = workshop.type("reset", "step2")
    assert done.returncode == 0 and "Nothing to do" in done.stdout
    assert saved_copies(workshop) == []


def test_after_a_reset_the_step_is_not_done(workshop):
    workshop.type()
    progress = workshop.root / ".workshop" / "progress.json"
    progress.write_text(json.dumps({"step2": {"passed": True}}), encoding="utf-8")
    a_file(workshop).write_text("my work", encoding="utf-8")
    workshop.type("reset", "step2")
    assert json.loads(progress.read_text(encoding="utf-8"))["step2"]["passed"] is False


def test_two_saves_within_a_second_do_not_meet(tmp_path, monkeypatch):
    from workshop import folders

    monkeypatch.setattr(manifest, "STATE", tmp_path)
    (tmp_path / "step").mkdir()
    saved = []
    for text in "abc":
        (tmp_path / "step" / "file").write_text(text, encoding="utf-8")
        saved.append(folders.save(tmp_path / "step"))
    assert [(copy / "file").read_text(encoding="utf-8") for copy in saved] == ["a", "b", "c"]


def test_without_a_starter_nothing_is_done(workshop):
    """Edited before the first command, and no git to ask: this must not be mistaken for a
    starter."""
    a_file(workshop).write_text("my work", encoding="utf-8")
    done = workshop.type("reset", "step2")
    assert done.returncode == 2
    assert "no copy of the untouched starter" in done.stdout
    assert a_file(workshop).read_text(encoding="utf-8") == "my work"


def test_catchup_puts_the_solution_before_a_step_in_place(workshop):
    a_file(workshop).write_text("my work", encoding="utf-8")
    done = workshop.type("catchup", "step3")
    assert done.returncode == 0
    for name in manifest.find("step2").files:
        there = (workshop.root / "steps" / STEP2 / name).read_bytes()
        assert there == (workshop.root / "solutions" / STEP2 / name).read_bytes()
    tasks = (manifest.find("step2").starter / "README.md").read_bytes()
    assert (workshop.root / "steps" / STEP2 / "README.md").read_bytes() == tasks
    (saved,) = saved_copies(workshop)
    assert saved.name in done.stdout
    below = a_file(workshop).relative_to(workshop.root / "steps" / STEP2)
    assert (saved / below).read_text(encoding="utf-8") == "my work"
    again = workshop.type("catchup", "step3")
    assert "Nothing to do" in again.stdout and saved_copies(workshop) == [saved]


def test_there_is_nothing_before_the_first_step(workshop):
    done = workshop.type("catchup", "step1")
    assert done.returncode == 2
    assert "no step comes before step1" in done.stdout
    assert saved_copies(workshop) == []


# The untouched starters, where git knows them


def test_with_git_work_done_before_set_up_is_not_taken_for_a_starter(workshop, git):
    original = a_file(workshop).read_bytes()
    a_file(workshop).write_text("my work", encoding="utf-8")
    workshop.type()
    workshop.type("reset", "step2")
    assert a_file(workshop).read_bytes() == original


def test_a_newer_published_starter_replaces_the_copy(workshop, git):
    workshop.type()
    a_file(workshop).write_text("published later", encoding="utf-8")
    git("author@example.org")
    workshop.type()
    a_file(workshop).write_text("my work", encoding="utf-8")
    workshop.type("reset", "step2")
    assert a_file(workshop).read_text(encoding="utf-8") == "published later"


def test_work_that_an_attendee_commits_is_not_taken_for_a_starter(workshop, git):
    workshop.type()
    original = a_file(workshop).read_bytes()
    a_file(workshop).write_text("my work", encoding="utf-8")
    git("attendee@example.org")
    workshop.type()
    a_file(workshop).with_name("published.py").write_text("published later", encoding="utf-8")
    git("author@example.org")
    workshop.type()
    workshop.type("reset", "step2")
    assert a_file(workshop).read_bytes() == original


# test


def test_test_hands_its_arguments_to_pytest(workshop):
    done = workshop.type("test", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("pytest ")
    assert workshop.type("test", "-n", "0", "tests/no_such_file.py").returncode == 4  # wrong usage


def test_another_working_directory_needs_the_folder_on_the_path_alone(workshop, tmp_path):
    done = subprocess.run(
        workshop.command("diff", "step2"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(workshop.root)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0 and f"--- steps/{STEP2}/" in done.stdout
