"""A program ends with the one that started it, however that one ends, and not before."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from workshop import lifeline, manifest

ENDLESS = "import os, threading; print(os.getpid(), flush=True); threading.Event().wait()"
STARTER = f"""
import sys
from workshop import lifeline
lifeline.start(sys.executable, "-c", {ENDLESS!r})
sys.stdin.read()
"""


def test_a_program_ends_by_itself_with_its_own_exit_code():
    watcher = lifeline.start(sys.executable, "-c", "raise SystemExit(7)")
    assert watcher.wait() == 7
    lifeline.end(watcher)


def test_a_program_is_ended():
    watcher = lifeline.start(sys.executable, "-c", ENDLESS, stdout=subprocess.PIPE)
    program = psutil.Process(int(watcher.stdout.readline()))
    lifeline.end(watcher)
    assert not program.is_running()
    watcher.stdout.close()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_program_ends_with_a_starter_that_is_ended(number):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=manifest.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with starter:
        program = psutil.Process(int(starter.stdout.readline()))
        os.killpg(starter.pid, number)
    program.wait()


def test_each_byte_is_a_question_and_the_end_comes_last():
    heard, over = [], threading.Event()
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as pipe:
        lifeline.listen(pipe, over.set, lambda byte: heard.append(over.is_set()))
        os.write(writing, b"??")
        os.close(writing)
        over.wait()
    assert heard == [False, False]
