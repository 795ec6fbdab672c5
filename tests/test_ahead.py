"""A program whose interpreter was started ahead is as one that was started plainly."""

import json
import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

from tests.conftest import run_coroutine
from tests.test_fork_server import PROBE
from workshop.checking.processes import ahead
from workshop.checking.processes.program import Program
from workshop.checking.processes.variables import WARM
from workshop.manifest import ROOT


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    ahead.give_up()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    (tmp_path / "answers.py").write_text("input()", encoding="utf-8")
    return tmp_path


def found(folder, **environment) -> dict:
    """What a program finds, as it says itself."""
    program = Program(folder, "probe.py", "a", "b", **environment)
    try:
        assert run_coroutine(program.ended(60)), program.log.text
        return json.loads(re.sub(" at 0x[0-9a-f]+", "", program.log.text))
    finally:
        program.stop()


def is_waiting() -> bool:
    return ahead._waiting is not None


def test_it_finds_what_a_plain_one_finds(folder):
    plain = found(folder, EXTRA="ü")
    ahead.begin()
    assert found(folder, EXTRA="ü") == plain
    assert not is_waiting()  # it was used
    assert plain["environment"]["EXTRA"] == "ü" and plain["cwd"] == os.path.realpath(folder)


def test_only_the_first_program_uses_it(folder):
    ahead.begin()
    process = ahead._waiting
    first, second = Program(folder, "answers.py"), Program(folder, "answers.py")
    try:
        assert first._process is process and second._process is not process
    finally:
        first.stop()
        second.stop()


def test_it_answers_what_is_asked_at_once(folder):
    """The question may come before the interpreter has read what it is to run."""
    (folder / "waits.py").write_text("import time; time.sleep(600)", encoding="utf-8")
    ahead.begin()
    program = Program(folder, "waits.py")
    try:
        assert run_coroutine(program.report_busy())
    finally:
        program.stop()


def test_where_python_itself_is_to_start_otherwise_it_is_not_used(folder):
    ahead.begin()
    assert found(folder, PYTHONHASHSEED="7")["environment"]["PYTHONHASHSEED"] == "7"
    assert is_waiting()


def test_where_programs_are_forked_none_is_started(monkeypatch):
    monkeypatch.setenv(WARM, "somewhere")
    ahead.begin()
    assert not is_waiting()


def test_where_a_path_depends_on_the_folder_none_is_started(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "beside")
    ahead.begin()
    assert not is_waiting()


def test_one_that_has_ended_is_no_loss(folder):
    ahead.begin()
    psutil.Process(ahead._waiting.pid).kill()
    ahead._waiting.wait()
    assert found(folder)["argv"] == ["probe.py", "a", "b"]


def test_it_ends_when_it_is_given_up():
    ahead.begin()
    process = ahead._waiting
    ahead.give_up()
    assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_it_ends_with_the_check_however_that_ends(tmp_path):
    script = (
        "import sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from workshop.checking.processes import ahead\n"
        "ahead.begin()\n"
        "print(ahead._waiting.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as check:
        waiting = psutil.Process(int(check.stdout.readline()))
        check.send_signal(signal.SIGKILL)
    psutil.wait_procs([waiting], timeout=60)
    assert not waiting.is_running() or waiting.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("arguments", [["--help"], ["--project", "nowhere"], ["--no-such"]])
def test_a_check_that_starts_nothing_has_ended_it(arguments, tmp_path):
    command = [sys.executable, str(ROOT / "checks" / "step2"), *arguments]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "always"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode in (0, 2)
    assert "Warning" not in done.stderr and "Traceback" not in done.stderr  # of a Popen left alone
