"""A Python that is too old says so in one line, whichever it is; and a newer one is found."""

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from workshop import manifest, oldest

from .copied import Workshop, as_on_windows, python_with_nothing

TYPED = [["-m", "workshop"], ["-m", "workshop", "run", "step2"], ["checks/step1", "--hint"]]
READ_FIRST = [
    "workshop/__init__.py",
    "workshop/__main__.py",
    "workshop/oldest.py",
    *(f"checks/{step.short}" for step in manifest.steps()),
    "workshop/developing/template/script",
]


def of_this_machine(version: str) -> Path | None:
    """The Python of that version: pyenv's, or the one on the PATH that runs."""
    kept = Path.home() / ".pyenv" / "versions"
    for found in [*kept.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]:
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    return None


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("old") / "workshop")


@pytest.mark.parametrize("name", READ_FIRST)
@pytest.mark.parametrize("version", [(3, 4), (3, 6), (3, 10)])
def test_an_old_python_can_read_what_tells_it_so(name, version):
    source = (manifest.ROOT / name).read_text(encoding="utf-8")
    tree = ast.parse(source, name, feature_version=version)
    assert source.isascii()  # Python 2.7 refuses anything else
    # Nor does it know these, which no feature_version finds.
    new = (ast.JoinedStr, ast.arg, ast.AnnAssign)
    found = [node for node in ast.walk(tree) if isinstance(node, new)]
    assert not [node for node in found if not isinstance(node, ast.arg) or node.annotation]


def test_an_old_python_can_read_what_goes_on_in_the_environment():
    source = (manifest.ROOT / "workshop" / "environment.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=oldest.READS_ENVIRONMENT)


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8", "3.10"])
def test_it_says_so_in_one_line(workshop, version, words):
    python = of_this_machine(version)
    if not python:
        pytest.skip(f"there is no Python {version} on this machine")
    done = subprocess.run(
        [python, *words],
        cwd=workshop.root,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"Python 3.11 or newer, but this is {version}" in line
    assert line.endswith("https://www.python.org/downloads/ and type: python3.12 -m workshop")
    assert not (workshop.root / ".venv").exists()


@pytest.fixture
def old(monkeypatch):
    """Pretends that this Python is one that is too old."""
    monkeypatch.setattr(oldest.sys, "version_info", (3, 5, 1))


@pytest.mark.skipif(os.name == "nt", reason="the other Pythons are POSIX scripts")
@pytest.mark.parametrize(
    ("there", "typed"),
    [
        ({"python3.12": 0, "python3.11": 0}, "python3.12 -m workshop"),
        ({"python3.13": 127, "python3.11": 0}, "python3.11 -m workshop"),  # one of pyenv's
    ],
)
def test_a_newer_one_beside_it_is_named(tmp_path, monkeypatch, capsys, old, there, typed):
    for name, code in there.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="2"):
        oldest.refuse()
    assert capsys.readouterr().err.endswith(f"A newer one is beside it. Type: {typed}\n")


def test_on_windows_the_launcher_is_asked(monkeypatch, capsys, old):
    asked = []
    monkeypatch.setattr(oldest, "os", as_on_windows(os))
    monkeypatch.setattr(oldest, "_runs", lambda command: asked.append(command) or len(asked) == 3)
    with pytest.raises(SystemExit, match="2"):
        oldest.refuse()
    assert asked == [["py", "-3.14"], ["py", "-3.13"], ["py", "-3.12"]]
    assert capsys.readouterr().err.endswith("Type: py -3.12 -m workshop\n")


def test_a_new_one_goes_on():
    assert oldest.refuse() is None


def test_an_old_one_goes_on_in_the_environment(monkeypatch, tmp_path):
    python = python_with_nothing(tmp_path / "python")
    began = []
    monkeypatch.setattr(oldest.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr("workshop.environment.is_usable", lambda: True)
    monkeypatch.setattr("workshop.environment.python", lambda: python)
    monkeypatch.setattr("workshop.environment.run_again", began.append)
    with pytest.raises(SystemExit):  # the stand-in returned
        oldest.refuse()
    assert began == [python]
