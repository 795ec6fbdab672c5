"""Lean is enough: what attendees type works without any package of another group."""

import os
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workshop import groups, manifest

from .copied import Workshop

# Imported at the start of every Python below: the modules that are left out cannot be found.
BLOCKS = """\
import sys

class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}, for it is not lean", name=name)

sys.meta_path.insert(0, Absent)
"""


def absent_modules() -> set[str]:
    """What can be imported of the packages that are pinned for other groups alone."""
    lean = pinned(groups.LEAN)
    others = set.union(*(pinned(group) for group in groups.requirements())) - lean
    of = metadata.packages_distributions()
    return {
        module
        for module, packages in of.items()
        if all(canonicalize_name(package) in others for package in packages)
    }


def pinned(group: str) -> set[str]:
    lines = (groups.PINS / f"{group}.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.removesuffix("\\") for line in lines if line[:1] not in ("#", " ", "")]
    return {canonicalize_name(Requirement(pin).name) for pin in pins}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("lean") / "a workshop")
    made.type()  # as everybody does first: it keeps the untouched starters
    return made


@pytest.fixture
def lean(workshop, tmp_path):
    """A function that types a command where only lean is installed."""
    absent = absent_modules()
    assert {"jupyterlab", "matplotlib", "jupytext", "nbconvert", "IPython", "yaml"} <= absent
    code = BLOCKS.format(absent=absent)
    (workshop.root / "sitecustomize.py").write_text(code, encoding="utf-8")
    # It keeps a PYTHONPATH that leads into the workshop's folder.
    variables = {**os.environ, "PYTHONPATH": str(workshop.root), "WORKSHOP_PATIENCE": "2"}

    def typed(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *words],
            cwd=workshop.root,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,  # for a test that hangs; not a measurement
        )

    return typed


FIRST = manifest.steps()[0].short
COMMANDS = [
    "",
    "doctor",
    f"check {FIRST} --solution",
    f"diff {FIRST}",
    "look step3 --solution --once",
]
COMMANDS += [f"reset {FIRST}", "stop", "--help", "run --help", "notebooks --help"]


def test_what_is_left_out_cannot_be_imported(lean):
    done = lean("-c", "import jupytext")
    assert done.returncode == 1 and "not lean" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_it_needs_no_package_of_another_group(lean, command):
    done = lean("-m", "workshop", *command.split())
    assert "not lean" not in done.stdout and "Traceback" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("step", [step.short for step in manifest.steps()])
def test_a_check_and_its_hint_need_none(lean, step):
    done = lean(f"checks/{step}", "--hint")
    assert "not lean" not in done.stdout and "Hint" in done.stdout, done.stdout
