"""What surrounds the workshop: continuous integration, the dev container, the licenses."""

import json
import os
import shlex

import pytest
import yaml

from tests.conftest import own_files
from workshop import manifest, oldest

ROOT = manifest.ROOT


@pytest.fixture(scope="module")
def jobs() -> dict:
    (workflow,) = (ROOT / ".github" / "workflows").glob("*.yml")
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]


def test_ci_runs_what_anybody_can_type():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == 'python3 -m workshop test "$@"'
    assert "set -eu" in lines


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission")
def test_ci_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_system_is_tested_from_the_oldest_python_to_the_newest(jobs):
    matrix = jobs["all"]["strategy"]["matrix"]
    versions = [f"3.{minor}" for minor in sorted(oldest.TESTED)]
    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": versions}
    assert jobs["all"]["steps"][-1] == {"run": ".ci/run"}
    assert versions[0] == "{}.{}".format(*oldest.PYTHON)
    windows = jobs["windows"]["strategy"]["matrix"]["python"]
    assert windows == [versions[0], versions[-1]]


def test_every_slow_test_is_run_on_linux_by_one_of_the_jobs(jobs):
    assert jobs["slow"]["runs-on"] == "ubuntu-latest"
    assert jobs["slow"]["steps"][-1] == {"run": ".ci/run -m slow ${{ matrix.tests }}"}
    parts = [shlex.split(tests) for tests in jobs["slow"]["strategy"]["matrix"]["tests"]]
    *some, rest = parts
    ignored = [option.partition("=")[2] for option in rest]
    assert ignored == [path for part in some for path in part]
    assert all((ROOT / path).exists() for path in ignored)


def test_windows_runs_everything_but_what_a_comment_exempts(jobs):
    assert jobs["windows"]["runs-on"] == "windows-latest"
    commands = [step["run"] for step in jobs["windows"]["steps"] if "run" in step]
    assert 'grep -q "Pocket Redis" map.txt' in commands[0]
    assert "python -m workshop check --solution" in commands
    assert commands[-1] == 'python -m workshop test -m "" --ignore tests/browser'


def test_ci_prints_as_a_console_does(jobs):
    """With PYTHONUTF8, a print() that ends a consumer on Windows would pass."""
    settings = [job.get("env", {}) for job in jobs.values()]
    settings += [step.get("env", {}) for job in jobs.values() for step in job["steps"]]
    assert not any("PYTHONUTF8" in each for each in settings)
    assert "unset PYTHONUTF8" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_dev_container_sets_the_workshop_up():
    lines = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8").splitlines()
    settings = json.loads("\n".join(line for line in lines if not line.startswith("//")))
    assert settings["postCreateCommand"] == settings["postStartCommand"] == "python3 -m workshop"
    assert 8000 in settings["forwardPorts"]


def test_code_and_text_have_their_licenses():
    code = (ROOT / "LICENSE").read_text(encoding="utf-8")
    text = (ROOT / "LICENSE-text").read_text(encoding="utf-8")
    assert "MIT License" in code and "LICENSE-text" in code
    assert "CC BY 4.0" in text and "SPDX-License-Identifier: CC-BY-4.0" in text
    assert all("the workshop's authors" in license for license in (code, text))


def test_what_the_workshop_makes_is_not_committed():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".venv", ".workshop"} <= {line.rstrip("/") for line in ignored}


def test_every_checkout_ends_its_lines_alike():
    """Whatever core.autocrlf says: with CRLF, `#!/usr/bin/env python3` names no program in WSL."""
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "* text=auto eol=lf" in lines
    binary = {line.split()[0].removeprefix("*") for line in lines if line.endswith(" binary")}
    for file in own_files():
        content = file.read_bytes()
        if file.suffix in binary:
            continue
        assert b"\0" not in content, f"{file} is binary, and .gitattributes doesn't say so"
        assert b"\r\n" not in content, f"{file} ends its lines with CRLF"
