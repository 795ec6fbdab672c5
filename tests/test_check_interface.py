"""checks/stepN as DESIGN describes it: its options, its JSON, its exit codes, its texts."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from tests.conftest import ROOT, check, copy_of, edit
from workshop import manifest, ports, redis_server
from workshop.checking.reporting import hints
from workshop.commands import check as check_command


def test_json_is_one_object_and_nothing_else():
    done = check("step2", "--solution", "--json")
    assert done.code == 0 and done.err == ""
    report = done.report
    assert report["step"] == "step2" and report["passed"] is True and report["seconds"] > 0
    assert report["total"] == len(report["checks"]) == 7
    for row in report["checks"]:
        assert row["passed"] is True and row["diagnosis"] is None and row["message"] is None
        assert row["name"].startswith("test_") and row["title"] and row["seconds"] >= 0


def test_a_failed_check_in_json(tmp_path):
    step = manifest.find("step3")
    copy = copy_of(step.starter, tmp_path / "copy")
    done = check("step3", "--project", copy, "--json")
    assert done.code == 1
    assert done.report["passed"] is False
    assert done.report["checks"][-1] == done.failed
    assert done.failed["message"].startswith("TODO 1 is next.")
    assert done.failed["line"]
    states = [(task["number"], task["state"]) for task in done.report["tasks"]]
    assert states == [(1, "next"), *((number, "not begun") for number in range(2, 6))]
    assert done.report["tasks"][0]["file"] == str(copy / "chat" / "consumers.py")
    heard = [line for line in done.failed["timeline"] if line["direction"] == "in"]
    assert heard[0]["who"] == "Ana" and json.loads(heard[0]["text"]) == {"message": "hello"}


def test_a_failed_check_in_words(tmp_path):
    copy = copy_of(manifest.find("step3").starter, tmp_path / "copy")
    done = check("step3", "--project", copy)
    assert done.code == 1 and "\x1b" not in done.out
    lines = done.out.splitlines()
    assert lines[0].startswith("step 3 · ") and lines[0].endswith("2 of 6 ✓")
    assert lines[2:4] == [
        "✓ The sender hears its own message",
        "  TODO 2 is not begun: receive() still echoes, as in the step before",
    ]
    assert lines[4].startswith("✗ Everyone in the room")
    assert lines[-1] == "  Next: TODO 1, chat/consumers.py:8"
    assert any("Ana  ─▶ server" in line and '{"message": "hello"}' in line for line in lines)
    assert any("Ben  ◀─" in line and "nothing for" in line for line in lines)
    assert str(copy / "chat" / "consumers.py") in done.out
    assert "Traceback" not in done.out and not done.err


@pytest.mark.slow
def test_the_rest_is_one_flag_away(tmp_path):
    copy = copy_of(manifest.find("step3").starter, tmp_path / "copy")
    report = check("step3", "--project", copy, "--all", "--json").report
    assert len(report["checks"]) == report["total"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--project", "/no/such/folder"], "There is no folder"),
        (["--nonsense"], "usage:"),
        (["--json", "--hint"], "--json cannot be combined with"),
    ],
)
def test_a_check_that_cannot_be_made(arguments, said):
    done = check("step2", *arguments)
    assert done.code == 2 and said in done.err and "Traceback" not in done.err


def test_no_redis():
    port, holder = ports.reserve()
    done = check("step3", "--solution", "--json", REDIS_URL=f"redis://127.0.0.1:{port}")
    if holder:
        holder.close()
    assert done.code == 2
    assert done.report["passed"] is False
    assert f"{port}" in done.report["error"] and "python3 -m workshop" in done.report["error"]
    assert "No Redis answers" in done.err


def test_step_2_needs_no_redis():
    done = check("step2", "--solution", REDIS_URL="redis://127.0.0.1:1")
    assert done.code == 0, done.out


def test_redis_is_stopped_during_a_check(tmp_path):
    """The consumer itself ends the Redis, in the middle of a check."""
    with redis_server.private() as redis:
        copy = copy_of(manifest.find("step3").solution, tmp_path / "copy")
        stop = (
            "        import os, signal\n"
            f"        os.kill({redis.pid}, signal.SIGKILL)\n"
            "        message = json.loads"
        )
        edit(copy, "chat/consumers.py", "        message = json.loads", stop)
        done = check("step3", "--project", copy, "--json", REDIS_URL=redis.url)
    assert done.code == 1, done.out + done.err
    assert done.failed["diagnosis"] == "redis_does_not_answer", done.failed["message"]


def test_from_any_folder(tmp_path):
    done = check("step2", "--solution", cwd=tmp_path)
    assert done.code == 0, done.out + done.err


def test_a_copy_named_relative_to_where_one_stands(tmp_path):
    copy_of(manifest.find("step2").solution, tmp_path / "copy")
    done = check("step2", "--project", "copy", "--json", cwd=tmp_path)
    assert done.code == 0, done.out + done.err


def test_without_the_packages_it_says_what_to_type(tmp_path):
    """A clone that was not set up, with a Python that has no packages."""
    bare = tmp_path / "clone"
    for name in ("checks", "workshop"):
        copy_of(ROOT / name, bare / name)
    for name in ("workshop.toml", "requirements.txt"):
        (bare / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-S", "-I", bare / "checks" / "step2"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 2
    assert "python3 -m workshop" in done.stderr and "Traceback" not in done.stderr


def test_the_table_of_all_steps_is_whole_at_any_width(monkeypatch, capsys):
    title = "Asynchronous: all opponents think at the same moment"
    checks = [{"title": title, "passed": False, "seen": "", "message": "", "timeline": []}]
    checks[0] |= {"file": None, "line": None}
    report = {"step": "step1", "passed": False, "seconds": 12.3, "total": 8, "checks": checks}
    for width in (40, 80, 200):
        monkeypatch.setattr(check_command.console, "width", width)
        check_command.show([(manifest.find("step1"), {**report, "advice": []})])
        row = capsys.readouterr().out.splitlines()[-1]
        assert all(part in row for part in ("step1", "12.3", "0 of 8", "✗ not yet", title)), row


def test_what_a_shell_sets_for_pytest_is_not_for_the_checks():
    done = check("step2", "--solution", "--json", PYTEST_ADDOPTS="--no-such-option")
    assert done.code == 0, done.out + done.err


class TestHints:
    """The three levels, in a copy of the workshop, since it remembers them."""

    @pytest.fixture
    def workshop(self, tmp_path):
        clone = tmp_path / "workshop"
        for name in ("checks", "workshop", "steps", "solutions", "page"):
            copy_of(ROOT / name, clone / name)
        for name in ("workshop.toml", "requirements.txt"):
            (clone / name).write_bytes((ROOT / name).read_bytes())
        return clone

    def check(self, workshop, *arguments):
        return subprocess.run(
            [sys.executable, workshop / "checks" / "step2", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    def test_each_call_goes_up_one_level_and_a_pass_starts_over(self, workshop):
        first, second, third = (self.check(workshop, "--hint").stdout for _ in range(3))
        assert "Hint 1 of 3" in first and "Hint 2 of 3" in second and "Hint 3 of 3" in third
        assert "INSTALLED_APPS = [" in third and "INSTALLED_APPS = [" not in first + second
        assert "Hint 3 of 3" in self.check(workshop, "--hint").stdout

        starter = workshop / "steps" / "step2_echo" / "mysite" / "settings.py"
        before = starter.read_bytes()
        solved = workshop / "solutions" / "step2_echo" / "mysite" / "settings.py"
        starter.write_bytes(solved.read_bytes())
        assert "Hint 1 of 3" in self.check(workshop, "--hint").stdout  # another check fails now
        starter.write_bytes(before)
        assert "Hint 1 of 3" in self.check(workshop, "--hint").stdout

    def test_after_three_failures_in_a_row_it_is_offered(self, workshop):
        """Three attempts, that is: nothing was tried if nothing was saved."""
        settings = workshop / "steps" / "step2_echo" / "mysite" / "settings.py"
        said = []
        for attempt in range(3):
            settings.write_text(
                settings.read_text(encoding="utf-8") + f"# attempt {attempt}\n", encoding="utf-8"
            )
            said += [self.check(workshop).stdout for _ in range(2)]
        assert "three times" not in "".join(said[:4])
        assert "The same check failed three times" in said[4] and "--hint" in said[4]

    @pytest.mark.slow
    def test_a_failure_with_nothing_saved_in_between_does_not_count(self, workshop):
        said = [self.check(workshop).stdout for _ in range(4)]
        assert "was saved since" not in said[0]
        assert all("Nothing in steps/step2_echo was saved" in one for one in said[1:])
        assert "three times" not in "".join(said)

    def test_work_in_the_solution_is_told(self, workshop):
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "The workshop"]):
            who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
            subprocess.run(["git", *who, *command], cwd=workshop, check=True)
        copy_of(workshop / "steps", workshop / ".workshop" / "starters")
        solution = workshop / "solutions" / "step2_echo" / "chat" / "consumers.py"
        solution.write_text(solution.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
        said = self.check(workshop).stdout
        assert "solutions/step2_echo/chat/consumers.py has changed" in said

    @pytest.mark.parametrize("width", [40, 80, 200])
    def test_the_code_is_whole_at_any_width(self, width, monkeypatch):
        """So that it can be copied."""
        monkeypatch.setattr(hints.progress, "next_level", lambda step, check: 3)
        for step in manifest.steps():
            for name, hint in hints.of_step(step).items():
                console = Console(width=width, force_terminal=True, color_system=None)
                failed = SimpleNamespace(name=name, diagnosis=None)
                report = SimpleNamespace(step=step, failed=failed)
                with console.capture() as captured:
                    hints.print_hint(report, console)
                assert hints.code_of(step, hint) in captured.get()

    def test_what_is_remembered_may_be_damaged(self, workshop):
        (workshop / ".workshop").mkdir()
        (workshop / ".workshop" / "progress.json").write_text("{broken", encoding="utf-8")
        done = self.check(workshop, "--hint")
        assert done.returncode == 1 and "Hint 1 of 3" in done.stdout and not done.stderr
