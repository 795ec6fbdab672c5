"""The first `python3 -m workshop`: what it makes, and what it leaves behind when it fails.

The network is never used: a `uv` of the test's own is on the PATH and does what is needed.
"""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from workshop import environment, manifest, set_up_failures

from .copied import Workshop, python_with_nothing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a POSIX script")

# Installs by pointing at the packages of the tests' own environment.
INSTALLS = f"""\
import pathlib, subprocess, sys
python = sys.argv[sys.argv.index("--python") + 1]
ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
there = subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip()
pathlib.Path(there, "tests.pth").write_text({sysconfig.get_path("purelib")!r})
print("Installed 2 packages in 1ms", file=sys.stderr)
"""
FAILS = "import sys; print({words!r}, file=sys.stderr); sys.exit(2)"


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory) -> Path:
    return python_with_nothing(tmp_path_factory.mktemp("bare") / "python")


@pytest.fixture
def workshop(tmp_path, bare_python) -> Workshop:
    """A copy in a place with spaces and non-ASCII letters, on a machine with nothing."""
    return Workshop(tmp_path / "mein Übungsraum 教室", bare_python)


@pytest.fixture
def uv(tmp_path, monkeypatch):
    """Puts a `uv` that runs the given code on a PATH that has nothing else."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def behaves(code: str) -> None:
        (folder / "uv").write_text(script(tmp_path, code))
        (folder / "uv").chmod(0o755)

    return behaves


def script(folder: Path, code: str) -> str:
    """A shell script that runs the Python code. (A #! line would not bear spaces in a path.)"""
    (folder / "uv.py").write_text(code)
    return f'#!/bin/sh\nexec "{sys.executable}" "{folder / "uv.py"}" "$@"\n'


def tree(folder: Path) -> dict[str, int]:
    """Every file with the time of its last change, in nanoseconds."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_one_command_sets_up_and_shows_the_map(workshop, uv):
    uv(INSTALLS)
    done = workshop.type()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Set up in \d+ seconds", done.stdout)
    assert "in .venv" in done.stdout
    for step in manifest.steps():
        assert step.title in done.stdout and f"{step.minutes} min" in done.stdout
    assert "checks/step1" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert (workshop.root / ".workshop" / "starters").is_dir()


def test_a_second_call_changes_nothing(workshop, uv):
    uv(INSTALLS)
    assert workshop.type().returncode == 0
    before = tree(workshop.root)
    uv(FAILS.format(words="nobody should ask"))
    done = workshop.type()
    assert done.returncode == 0
    assert "Setting up" not in done.stdout
    assert tree(workshop.root) == before
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("error: Failed to fetch: `https://example.org/simple/daphne/`\n dns error", "daphne"),
        ("error: Failed to fetch: `http://x/simple/rich/`\n Connection refused", "online"),
        ("error: failed to write: No space left on device (os error 28)", "disk is full"),
        ("  Because only daphne<=4.2.3 is available and you require daphne>=9", "no daphne"),
        ("  Because djangoo was not found in the package registry", "no djangoo"),
        ("  cause: Because there are no versions of django and you require", "login page"),
        ("  cause: HTTP status server error (511 Network Authentication Required)", "login page"),
        ("  cause: invalid peer certificate: certificate expired: verification", "clock says"),
        ("error sending request\n cause: operation timed out", "nothing for 20 seconds"),
    ],
)
def test_when_it_fails_it_says_why_and_leaves_nothing(workshop, uv, words, told):
    uv(FAILS.format(words=words))
    done = workshop.type()
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "Then type again" in done.stderr
    assert not (workshop.root / ".venv").exists()
    assert "not set up yet" in entering(workshop).stderr


def entering(workshop: Workshop) -> subprocess.CompletedProcess:
    """What checks/stepN does first, then it prints the interpreter that it ended up in."""
    code = "import sys; from workshop import environment as e; e.enter(); print(sys.prefix)"
    return subprocess.run(
        [workshop.python, "-c", code], cwd=workshop.root, capture_output=True, text=True
    )


def test_pip_steps_in_when_uv_fails_for_a_reason_of_its_own(workshop, uv, monkeypatch):
    uv(FAILS.format(words="thread 'main' panicked"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    done = workshop.type()
    assert done.returncode == 2
    assert "so pip installs them" in done.stdout
    assert "could not be reached to get django" in done.stderr
    assert not (workshop.root / ".venv").exists()


def test_without_uv_pip_brings_it(workshop, tmp_path, monkeypatch):
    packages = tmp_path / "packages"
    packages.mkdir()
    with zipfile.ZipFile(packages / "uv-1.0-py3-none-any.whl", "w") as wheel:
        program = zipfile.ZipInfo("uv-1.0.data/scripts/uv")
        program.external_attr = 0o100755 << 16  # a regular file that can be executed
        wheel.writestr(program, script(tmp_path, INSTALLS))
        wheel.writestr("uv-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 1.0")
        wheel.writestr(
            "uv-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr("uv-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", packages.as_uri())
    done = workshop.type()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in .venv" in done.stdout


def test_a_python_without_ensurepip_is_told_what_to_install(monkeypatch):
    """As on Debian and Ubuntu without the package python3-venv, and without uv."""
    monkeypatch.setattr(set_up_failures, "find_spec", lambda name: None)
    words = "The virtual environment was not created: ensurepip is not available."
    assert "apt install python3-venv" in set_up_failures.explain(words)


def test_the_environment_that_it_runs_in_is_stepped_out_of(workshop, uv):
    """`python3 -m venv .venv`, activate, and then our command: a habit."""
    venv.create(workshop.root / ".venv", symlinks=True)
    (workshop.root / ".venv" / "mine").touch()
    workshop.python = workshop.root / ".venv" / "bin" / "python"
    uv(INSTALLS)
    done = workshop.type()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is already a .venv, made by python -m venv" in done.stdout
    assert "kept as .venv-before." in done.stdout
    assert (workshop.root / ".venv-before" / "mine").exists()
    assert "in .venv" in done.stdout


def test_another_tools_environment_is_named_and_kept(workshop, uv):
    theirs = workshop.root / ".venv"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").write_text("home = /usr/bin\nvirtualenv = 20.29.1\n")
    uv(FAILS.format(words="dns error"))
    assert workshop.type().returncode == 2
    assert (theirs / "pyvenv.cfg").exists(), "it is back in its place"
    uv(INSTALLS)
    (workshop.root / ".venv-before").mkdir()  # from another day
    done = workshop.type()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "made by virtualenv 20.29.1" in done.stdout
    assert (workshop.root / ".venv-before-2" / "pyvenv.cfg").exists()


def test_ctrl_c_leaves_nothing(workshop, uv):
    uv("import os, signal; os.kill(os.getppid(), signal.SIGINT)")
    done = workshop.type()
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert not (workshop.root / ".venv").exists()


def test_what_a_kill_left_is_made_anew(workshop, uv):
    uv("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    workshop.type()
    assert (workshop.root / ".venv").exists()
    assert "not set up yet" in entering(workshop).stderr
    uv(INSTALLS)
    assert workshop.type().returncode == 0
    assert Path(entering(workshop).stdout.strip()) == workshop.root / ".venv"


def test_two_terminals_at_once_set_it_up_once(workshop, uv):
    uv(INSTALLS)
    terminals = [
        subprocess.Popen(
            workshop.command(), cwd=workshop.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(3)
    ]
    said = [terminal.communicate()[0].decode() for terminal in terminals]
    assert [terminal.returncode for terminal in terminals] == [0, 0, 0], said
    assert sum("Installed 2 packages" in words for words in said) == 1


def test_it_is_set_up_again_when_the_requirements_change(workshop, uv):
    uv(INSTALLS)
    workshop.type()
    with open(workshop.root / "requirements.txt", "a") as file:
        file.write("# one more\n")
    done = workshop.type()
    assert done.returncode == 0
    assert "changed" in done.stdout and "Set up in" in done.stdout
    assert "Setting up" not in workshop.type().stdout


def test_it_is_set_up_again_when_the_folder_has_moved(workshop, uv, tmp_path):
    uv(INSTALLS)
    workshop.type()
    workshop.root = workshop.root.rename(tmp_path / "moved")
    assert "Set up in" in workshop.type().stdout
    assert "Setting up" not in workshop.type().stdout


def test_it_is_set_up_again_when_its_python_is_gone(workshop, uv):
    uv(INSTALLS)
    workshop.type()
    (workshop.root / ".venv" / "bin" / "python").unlink()
    assert "not set up yet" in entering(workshop).stderr
    assert "Set up in" in workshop.type().stdout


@pytest.mark.parametrize("activated", [False, True])
def test_an_environment_that_cannot_be_brought_up_to_date_is_kept(workshop, uv, activated):
    uv(INSTALLS)
    workshop.type()
    with open(workshop.root / "requirements.txt", "a") as file:
        file.write("# one more\n")
    uv(FAILS.format(words="error: dns error"))
    if activated:
        workshop.python = workshop.root / ".venv" / "bin" / "python"
    done = workshop.type()
    assert done.returncode == 0
    assert "Continuing with the packages from before" in done.stderr
    assert "in .venv" in done.stdout
    uv(INSTALLS)
    assert "Set up in" in workshop.type().stdout


def test_help_needs_no_set_up(workshop):
    done = workshop.type("--help")
    assert done.returncode == 0
    assert not (workshop.root / ".venv").exists()
    for name in ("doctor", "run", "check", "diff", "reset", "catchup", "test", "stop"):
        assert f"\n    {name} " in done.stdout
        assert workshop.type(name, "--help").returncode == 0


@pytest.mark.parametrize("version", [(3, 6), (3, 8), (3, 10)])
def test_an_old_python_can_read_what_tells_it_so(version):
    for name in ("__init__.py", "__main__.py", "environment.py"):
        source = (manifest.ROOT / "workshop" / name).read_text(encoding="utf-8")
        ast.parse(source, name, feature_version=version)


def test_an_old_python_gets_one_clear_sentence(workshop):
    pretend = (
        "import runpy, sys; sys.version_info = (3, 8, 1);runpy.run_module('workshop', "
        "run_name='__main__')"
    )
    done = subprocess.run(
        [workshop.python, "-c", pretend], cwd=workshop.root, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workshop.root / ".venv").exists()


def test_entering_is_no_business_of_an_environment_made_by_hand():
    """Where the packages are installed and there is no .venv, enter() returns."""
    assert environment.has_packages()
