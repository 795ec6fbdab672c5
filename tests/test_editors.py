"""What editors read: the tasks of VS Code, and where the diagnosis of a check is shown."""

import json
import os
import re
import subprocess
import sys

import pytest

from workshop import manifest
from workshop.environment import VENV

from .conftest import check, first_of

TASKS = json.loads((manifest.ROOT / ".vscode" / "tasks.json").read_text(encoding="utf-8"))["tasks"]
MATCHING = [task for task in TASKS if task["problemMatcher"]]


@pytest.mark.parametrize("step", first_of(manifest.steps()), ids=lambda step: step.short)
@pytest.mark.parametrize("task", MATCHING, ids=lambda task: task["label"])
def test_the_problem_matcher_finds_the_diagnosis(task, step):
    matcher = task["problemMatcher"]
    pattern = matcher["pattern"]
    report = check(step.short, "--json").failed
    shown = check(step.short, **task["options"]["env"]).out
    (found,) = re.findall(pattern["regexp"], shown, re.MULTILINE)
    assert found[pattern["file"] - 1] == report["file"]
    assert found[pattern["line"] - 1] == str(report["line"])
    assert found[pattern["message"] - 1] == " ".join(report["message"].split())
    assert (manifest.ROOT / report["file"]).is_file(), "relative to the workspace's folder"
    if background := matcher.get("background"):
        first, last = background["beginsPattern"], background["endsPattern"]
        lines = [line for line in shown.splitlines() if line.strip()]
        assert re.search(first, lines[0]) and re.search(last, lines[-1])


def test_a_pass_has_no_problem_and_nobody_else_gets_such_lines():
    passed = check("step2", "--solution", WORKSHOP_PROBLEMS="1").out
    assert "problem:" not in passed and passed.endswith("checked\n")
    assert "checked" not in check("step2", "--solution").out.splitlines()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["label"])
def test_every_task_is_a_command(task):
    words = [word.replace("${relativeFile}", "step2") for word in task["args"]]
    assert words[:2] == ["-m", "workshop"]
    command = [sys.executable, *words[:3], "--help"]
    done = subprocess.run(command, cwd=manifest.ROOT, capture_output=True)
    assert done.returncode == 0


def test_the_interpreter_is_found_on_every_platform():
    """The folder of an environment is understood on each of them; its interpreter's path differs.
    https://code.visualstudio.com/docs/python/settings-reference"""
    settings = json.loads((manifest.ROOT / ".vscode" / "settings.json").read_text("utf-8"))
    assert settings["python.defaultInterpreterPath"] == f"${{workspaceFolder}}/{VENV.name}"


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_a_step_is_found_by_a_file_of_it(separator):
    for step in manifest.steps():
        path = separator.join(["steps", step.name, "chat", "consumers.py"])
        assert manifest.find(path) == step
    with pytest.raises(manifest.UnknownStep):
        manifest.find(separator.join(["workshop", "manifest.py"]))


def test_a_codespace_trusts_its_own_host_name():
    code = (
        "import django; django.setup(); from django.conf import settings; "
        "print(*settings.ALLOWED_HOSTS)"
    )
    for variables, trusted in (({}, False), ({"CODESPACE_NAME": "fuzzy-lamp-7"}, True)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=manifest.finished_chat().solution,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "mysite.settings", **variables},
            capture_output=True,
            encoding="utf-8",
        )
        assert ("fuzzy-lamp-7-8000.app.github.dev" in done.stdout.split()) == trusted, done.stderr
        assert "127.0.0.1" in done.stdout.split()
