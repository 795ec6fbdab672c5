"""Lean is enough: what attendees type works without any package of another group. And what a group
is for needs no more than lean and that group."""

import ast
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jupytext
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workshop import groups, manifest

from .conftest import first_of
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


def absent_modules(*installed: str) -> set[str]:
    """What can be imported only where other groups than lean and the `installed` ones are."""
    there = set.union(*map(pinned, [groups.LEAN, *installed]))
    others = set.union(*map(pinned, groups.requirements())) - there
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
    # It waits, to see that a quiet WebSocket stays open.
    pytest.param("doctor", marks=pytest.mark.slow),
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


@pytest.mark.parametrize("step", first_of(step.short for step in manifest.steps()))
def test_a_check_and_its_hint_need_none(lean, step):
    done = lean(f"checks/{step}", "--hint")
    assert "not lean" not in done.stdout and "Hint" in done.stdout, done.stdout


def code_of(file: Path) -> str:
    """What a deck or a notebook runs, or a module beside it."""
    if file.suffix == ".py":
        return file.read_text(encoding="utf-8")
    cells = [cell.source for cell in jupytext.read(file).cells if cell.cell_type == "code"]
    lines = "\n".join(cells).splitlines()
    return "\n".join(line for line in lines if not line.startswith(("%", "!")))


def imported(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


RUN = [
    (group, file)
    for group in ("slides", "notebooks")
    for file in sorted((manifest.ROOT / group).iterdir())
    if file.suffix in (".md", ".ipynb", ".py") and file.name != "README.md"
]


@pytest.mark.parametrize(("group", "file"), RUN, ids=lambda value: getattr(value, "name", value))
def test_what_a_group_is_for_imports_nothing_of_another(group, file):
    of_step = [step.group for step in manifest.steps() if step.name == file.stem and step.group]
    installed = [group, *(of_step if group == "notebooks" else [])]
    assert not imported(code_of(file)) & absent_modules(*installed)
