"""What messages tell to type is spelled for the machine that shows them."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from workshop import environment, manifest
from workshop.checking.reporting import report

from .conftest import ROOT, check
from .copied import Workshop, as_on_windows

POSIX = "Type `python3 -m workshop diff step1`, `checks/step1 --hint` or checks/stepN. Not code:"
PATHS = "checks/step2_echo/hints.toml, steps/step2_echo, ../checks/step2"
WINDOWS = (
    "Type `py -m workshop diff step1`, `py checks\\step1 --hint` or py checks\\stepN. Not code:"
)


@pytest.fixture
def on_windows(monkeypatch):
    """A Windows, as far as spelling goes, with the launcher that python.org's installer brings."""
    monkeypatch.setattr(environment, "os", as_on_windows(os))
    monkeypatch.setattr(shutil, "which", lambda name: rf"C:\Windows\{name}.exe")


def test_here_scripts_are_typed_by_their_name():
    assert environment.typed(f"{POSIX} {PATHS}") == f"{POSIX} {PATHS}"
    assert manifest.find("step2").check_command == "checks/step2"


def test_windows(on_windows):
    text = f"{POSIX} {PATHS}"
    assert environment.typed(text) == f"{WINDOWS} {PATHS}"
    assert environment.typed(environment.typed(text)) == environment.typed(text)
    assert environment.typed(environment.COMMAND) == "py -m workshop"
    assert manifest.find("step2").check_command == "py checks\\step2"


def test_windows_without_its_launcher(on_windows, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert environment.typed(POSIX) == WINDOWS.replace("py ", "python ")


def test_every_message_of_a_report_goes_through_it(on_windows):
    step = manifest.find("step2")
    found = report.Report(step, step.starter, titles=[], results=[], seconds=1)
    found.advice = [report.Diagnosis("an_id", "See `python3 -m workshop diff step2`.")]
    assert found.as_dict()["advice"][0]["message"] == "See `py -m workshop diff step2`."


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission")
def test_from_a_zip_file_without_permissions(tmp_path):
    """There `checks/step1` says "Permission denied"."""
    workshop = Workshop(tmp_path / "workshop")
    for script in (workshop.root / "checks").glob("step?"):
        script.chmod(0o644)
    told = workshop.type().stdout
    (command,) = re.findall(r"^  (.*checks/step1)$", told, re.MULTILINE)
    assert command == "python3 checks/step1"
    done = subprocess.run(
        [sys.executable, *command.split()[1:]],
        cwd=workshop.root,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1 and "python3 checks/step1 --hint" in done.stdout
    done = subprocess.run(
        [sys.executable, "checks/step1", "--help"],
        cwd=workshop.root,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.startswith("usage: python3 checks/step1 ")


def test_no_message_is_spelled_for_windows_by_hand():
    """All go through environment.typed(). (README files and slides tell both.)"""
    by_hand = re.compile(r"""["'`(\s]py(thon)? (-m workshop(?!\.)|checks\\)""")
    for folder in ("workshop", "checks"):
        for file in (ROOT / folder).rglob("*.py"):
            assert not by_hand.search(file.read_text(encoding="utf-8")), file


def test_a_check_that_could_not_be_made_is_spelled_too():
    done = check("step2", "--project", "nowhere", "--json")
    assert done.code == 2 and "no folder" in done.report["error"]
