"""What surrounds the workshop: continuous integration, the dev container, the licenses."""

import json
import os
import re

import pytest
import yaml

from workshop import manifest

ROOT = manifest.ROOT


@pytest.fixture(scope="module")
def jobs() -> dict:
    (workflow,) = (ROOT / ".github" / "workflows").glob("*.yml")
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]


def test_ci_runs_what_anybody_can_type():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "python3 -m workshop test"
    assert "set -eu" in lines


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission")
def test_ci_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_system_is_tested_with_the_oldest_and_the_newest_python(jobs):
    matrix = jobs["all"]["strategy"]["matrix"]
    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.x"]}
    assert jobs["all"]["steps"][-1] == {"run": ".ci/run"}


def test_what_windows_runs_is_there(jobs):
    assert jobs["windows"]["runs-on"] == "windows-latest"
    commands = [step.get("run", "") for step in jobs["windows"]["steps"]]
    checked = re.findall(r"python checks/(step\d+) --solution", "\n".join(commands))
    assert checked == [step.short for step in manifest.steps()]


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
