"""README.md tells of the steps what workshop.toml says, and of commands that are there."""

import os
import re
import subprocess
import sys

import pytest

from workshop import cli, manifest

from .conftest import ROOT
from .todos import with_done

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_map_is_that_of_the_manifest():
    rows = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+?) \| (\d+) \|$", README, re.MULTILINE)
    assert [(int(number), path, title, int(minutes)) for number, path, title, minutes in rows] == [
        (step.number, f"steps/{step.name}/README.md", step.title, step.minutes)
        for step in manifest.steps()
    ]


def test_the_report_that_is_shown_is_what_the_check_prints(a_redis, tmp_path):
    """Of step 3 when TODO 1 is done, but for times, the room's name and the lines left out by …"""
    step = manifest.find("step3")
    project = with_done(step, [1], tmp_path / "steps" / step.name)
    done = subprocess.run(
        [sys.executable, ROOT / "checks/step3", "--project", project],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    told = re.search(r"^    step 3 · .*?^      More help: .*?$", README, re.M | re.S)[0]
    printed = [changing(line) for line in done.stdout.splitlines()]
    for line in told.splitlines():
        if line.strip() not in ("…", "More help: checks/step3 --hint"):
            assert changing(line) in printed, done.stdout


def changing(line: str) -> str:
    """The line without what is different in each run."""
    line = re.sub(r"[\d.]+ s\b|/ws/chat/\w+/|\S+(?=/chat/consumers\.py)", "…", line)
    return re.sub(r"\d+$", "…", line.strip())


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^\| `python3 -m workshop (\w+)", README, re.MULTILINE)))
)
def test_a_command_of_the_table_is_one(command):
    assert command in cli.parser().format_help()
