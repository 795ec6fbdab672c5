"""README.md tells of the steps what workshop.toml says, and of commands that are there."""

import re

import pytest

from workshop import cli, manifest

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_map_is_that_of_the_manifest():
    rows = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+?) \| (\d+) \|$", README, re.MULTILINE)
    assert [(int(number), path, title, int(minutes)) for number, path, title, minutes in rows] == [
        (step.number, f"steps/{step.name}/README.md", step.title, step.minutes)
        for step in manifest.steps("core")
    ]


def test_the_report_that_is_shown_is_of_a_step_that_is_there():
    number, title = re.search(r"^    step (\d+) · (.+?)  ", README, re.MULTILINE).groups()
    assert manifest.find(number).title == title


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"^\| `python3 -m workshop (\w+)", README, re.MULTILINE)))
)
def test_a_command_of_the_table_is_one(command):
    assert command in cli.parser().format_help()
