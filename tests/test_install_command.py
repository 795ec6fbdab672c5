"""The command that a message says to type for a missing package."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from workshop.environment import install_command


@pytest.mark.slow
def test_it_works_where_it_is_typed(monkeypatch):
    """What is already installed doesn't need the network."""
    monkeypatch.chdir(ROOT / "steps")
    done = subprocess.run(
        install_command("django"), shell=True, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


def test_it_is_this_programs_own_python(monkeypatch):
    monkeypatch.setattr("workshop.environment.find_spec", lambda name: "pip is there")
    monkeypatch.chdir(ROOT)
    interpreter = install_command("django").split(" -m ")[0]
    asked = [ROOT / interpreter, "-c", "import sys; print(sys.prefix)"]
    said = subprocess.run(asked, capture_output=True, text=True, encoding="utf-8").stdout
    assert Path(said.strip()).samefile(sys.prefix)


def test_without_pip_it_is_uv_that_installs(monkeypatch):
    monkeypatch.setattr("workshop.environment.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/uv")
    assert install_command("django").startswith("uv pip install --python ")
