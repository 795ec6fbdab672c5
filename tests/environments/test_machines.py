"""What is said on a machine whose disk, loopback interface, locale or variables are in the way."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from workshop import doctor

from ..copied import Workshop
from . import namespaces
from .namespaces import UP, python

WORKSHOP = python("-m", "workshop")


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "a workshop")


def read_only(folder) -> list[str]:
    """Shell lines that make a folder read-only."""
    folder = shlex.quote(str(folder))
    return [f"mount --bind {folder} {folder}", f"mount -o remount,ro,bind {folder}", f"cd {folder}"]


@namespaces.needed
def test_loopback_is_down(workshop):
    done = namespaces.run(
        f"{WORKSHOP} || echo ended with $?",
        "ps ax | grep [v]alkey-server || echo none is left",
        cwd=workshop.root,
        REDIS_URL="redis://127.0.0.1:6379",
    )
    assert "cannot reach itself at 127.0.0.1:6379: its loopback interface is down" in done.stdout
    assert "sudo ip link set lo up" in done.stdout
    assert "ended with 1" in done.stdout and "Traceback" not in done.stdout
    assert not (workshop.root / ".workshop" / "redis.log").exists(), "none was started"


@namespaces.needed
@pytest.mark.parametrize("command", ["", "reset step2", "catchup step3", "run step2", "build"])
def test_a_read_only_checkout(workshop, command):
    if command.startswith("reset"):  # it has a copy, and something to save
        workshop.type()
        (workshop.root / "steps/step2_echo/mine.py").touch()
    lines = [*read_only(workshop.root), UP, f"{WORKSHOP} {command}"]
    done = namespaces.run(*lines, cwd=workshop.root, REDIS_URL="redis://127.0.0.1:6379")
    assert done.returncode == 2, done.stdout
    assert "read-only for you. Copy the workshop's folder" in done.stdout
    assert str(workshop.root) in done.stdout and "Traceback" not in done.stdout


@namespaces.needed
def test_a_step_can_be_checked_in_a_read_only_checkout(workshop):
    lines = [*read_only(workshop.root), UP, python("checks/step2", "--solution")]
    done = namespaces.run(*lines, cwd=workshop.root, WORKSHOP_PATIENCE="2")
    assert done.returncode == 0, done.stdout


@namespaces.needed
def test_a_read_only_home(workshop, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    lines = [*read_only(home), f"cd {shlex.quote(str(workshop.root))}", UP, WORKSHOP]
    lines += [python("checks/step3", "--solution"), f"{WORKSHOP} stop"]
    done = namespaces.run(
        *lines,
        cwd=workshop.root,
        HOME=str(home),
        REDIS_URL="redis://127.0.0.1:6379",
        WORKSHOP_PATIENCE="2",
    )
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout and "6 of 6" in done.stdout


@namespaces.needed
def test_slides_and_notebooks_are_built_with_a_read_only_home(workshop, tmp_path):
    """Jupyter, IPython and Matplotlib would keep their state and caches there."""
    home = tmp_path / "home"
    home.mkdir()
    lines = [*read_only(home), f"cd {shlex.quote(str(workshop.root))}", UP, f"{WORKSHOP} build"]
    done = namespaces.run(*lines, cwd=workshop.root, HOME=str(home))
    assert done.returncode == 0, done.stdout
    assert "Traceback" not in done.stdout
    built = {file.name for file in (workshop.root / "build").rglob("*.html")}
    assert {"step2_echo.html", "handout.html"} <= built, built


@namespaces.needed
def test_a_full_disk_is_not_a_missing_package_of_debian(tmp_path):
    """Python cannot unpack pip onto a full disk, and says no more than that ensurepip failed."""
    small = tmp_path / "small"
    small.mkdir()
    copy = Workshop(tmp_path / "copy").root
    shutil.rmtree(copy / "docs")
    bare = "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]"
    code = f"{bare}; from workshop import cli; sys.exit(cli.main([]))"
    done = namespaces.run(
        f"mount -t tmpfs -o size=3m none {shlex.quote(str(small))}",
        f"cp -r {shlex.quote(str(copy / 'workshop'))} {copy}/requirements.txt {small}",
        f"cd {small}",
        shlex.join([sys._base_executable, "-S", "-c", code]),
        cwd=tmp_path,
        TMPDIR=str(small),
        PATH="/usr/bin:/bin:/usr/sbin:/sbin",
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS="",
    )
    assert done.returncode == 2, done.stdout
    assert "The disk is full. The packages need about 220 MB" in done.stdout
    assert "python3-venv" not in done.stdout and "Traceback" not in done.stdout


def test_pythonpath_with_other_packages(workshop, tmp_path):
    """As ROS and companies' tools set it: another django and rich would be imported."""
    for name in ("django", "rich"):
        (tmp_path / "other" / name).mkdir(parents=True)
        other = tmp_path / "other" / name / "__init__.py"
        other.write_text("raise RuntimeError('the other')", encoding="utf-8")
    done = workshop.type("check", "step2", "--solution", PYTHONPATH=str(tmp_path / "other"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert workshop.type(PYTHONPATH=str(tmp_path / "other")).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="a locale of POSIX")
@pytest.mark.parametrize("command", [["diff", "step2"], ["check", "step2", "--solution"], []])
def test_a_locale_that_cannot_write_what_is_in_the_files(workshop, command):
    done = workshop.type(*command, LC_ALL="C", PYTHONUTF8="0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a locale of POSIX")
def test_checks_write_ticks_in_any_locale(workshop):
    done = subprocess.run(
        [sys.executable, "checks/step2", "--solution"],
        cwd=workshop.root,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "WORKSHOP_PATIENCE": "2"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0 and "✓ The chat page loads" in done.stdout


def test_a_clone_that_belongs_to_another_user(workshop, monkeypatch):
    if os.name == "nt" or os.geteuid():
        pytest.skip("only root can give files away")
    subprocess.run(["git", "init", "-q", workshop.root], check=True)
    monkeypatch.setattr(doctor, "ROOT", workshop.root)
    assert doctor.git() == []
    os.chown(workshop.root, 12345, 12345)
    os.chown(workshop.root / ".git", 12345, 12345)
    (finding,) = doctor.git()
    assert "belongs to another user" in finding.seen and finding.only_a_note
    assert f'git config --global --add safe.directory "{workshop.root}"' in finding.advice
    done = workshop.type()
    assert done.returncode == 0 and "belongs to another user" in done.stdout
