"""A program forked from a warm process is as isolated as one that was started plainly."""

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from workshop.checking.processes import launch
from workshop.checking.processes import preloaded as quick
from workshop.checking.processes.variables import WARM, program_environment
from workshop.manifest import ROOT

pytestmark = pytest.mark.skipif(not quick.is_possible(), reason="this platform does not fork")

# What a program finds when it starts, except for what must differ: its process ID.
PROBE = """
import json, os, random, signal, sys, threading
signals = {s.name: str(signal.getsignal(s)).split(" at ")[0] for s in signal.valid_signals()
           if isinstance(s, signal.Signals)}
descriptors = []
for number in range(256):
    try:
        os.fstat(number)
    except OSError:
        continue
    try:
        place = os.readlink(f"/proc/self/fd/{number}")
    except OSError:  # not Linux
        place = ""
    if "libffi" not in place:  # it keeps its own, from the first callback that ctypes makes on
        descriptors.append(number)
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv[1:], "path": sys.path, "name": __name__,
    "file": __file__, "cwd": os.getcwd(), "environment": dict(os.environ), "flags": str(sys.flags),
    "bytecode": sys.dont_write_bytecode, "signals": signals,
    "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "wakeup": signal.set_wakeup_fd(-1), "descriptors": descriptors,
    "stdin": sys.stdin.read(), "out": [sys.stdout.line_buffering, sys.stdout.write_through],
    "leads": [os.getpid() == os.getpgrp(), os.getpid() == os.getsid(0)],
    "threads": [thread.name for thread in threading.enumerate()],
    "filters": [str(f) for f in __import__("warnings").filters],
    "hooks": [str(sys.excepthook), str(sys.unraisablehook), sys.gettrace(),
              [str(f).split(" at ")[0] for f in sys.meta_path + sys.path_hooks]],
    "umask": os.umask(0), "recursion": sys.getrecursionlimit(),
}, default=str, sort_keys=True))
"""


@pytest.fixture(scope="module")
def warm():
    """A warm process for programs."""
    with quick.WarmProcess(quick.FOR_PROGRAMS, program_environment()) as process:
        yield process


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def run(folder: Path, script: str, *arguments: str, warm=None, code: int = 0, **environment) -> str:
    """What `python SCRIPT ARGUMENTS…` prints in `folder`."""
    process = launch.start(
        [str(folder / script), *arguments],
        folder,
        {**program_environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        warm=warm and warm.address,
    )
    assert isinstance(process, launch.Forked if warm else subprocess.Popen)
    with process.stdout:
        text = process.stdout.read().decode()
    assert process.wait() == code, text
    return text


def test_a_forked_program_finds_what_a_plain_one_finds(folder, warm):
    (folder / "probe.py").write_text(PROBE, encoding="utf-8")
    found = [
        json.loads(run(folder, "probe.py", "a", "b", warm=how, EXTRA="ü")) for how in (None, warm)
    ]
    assert found[1] == found[0]
    assert found[0]["environment"]["EXTRA"] == "ü" and found[0]["leads"] == [True, True]


def test_nothing_that_forks_must_not_share_was_made(folder, warm):
    (folder / "made.py").write_text(
        "import asyncio, gc, json, sys\n"
        "loops = [o for o in gc.get_objects() if isinstance(o, asyncio.AbstractEventLoop)]\n"
        "names = ['twisted.internet.reactor', 'daphne.server']\n"
        "print(json.dumps([len(loops), [n for n in names if n in sys.modules], 'django' in "
        "sys.modules, sys.modules['django.conf'].settings.configured]))\n",
        encoding="utf-8",
    )
    assert json.loads(run(folder, "made.py", warm=warm)) == [0, [], True, False]


def test_every_module_that_it_is_to_import_is_there(folder, warm):
    (folder / "names.py").write_text("import sys; print(*sys.modules)", encoding="utf-8")
    imported = run(folder, "names.py", warm=warm).split()
    assert set(quick.FOR_PROGRAMS) <= set(imported)


def test_nothing_of_a_program_stays(folder, warm):
    script = "import os, sys; print('theirs' in sys.modules)"
    # As instrumented/start.py does for every program under check
    script += "; sys.dont_write_bytecode = True; import theirs; print(theirs.WHAT)"
    (folder / "main.py").write_text(
        f"{script}; os.environ['LEFT'] = '1'; os.chdir('/')", encoding="utf-8"
    )
    for what in ("1", "2", "3"):  # of the same size, and within the same second
        (folder / "theirs.py").write_text(f"WHAT = {what}", encoding="utf-8")
        assert run(folder, "main.py", warm=warm).split() == ["False", what]
    assert not (folder / "__pycache__").exists()


@pytest.mark.parametrize("name", ["redis.py", "channels/__init__.py"])
def test_a_file_that_hides_a_package_hides_it_as_ever(folder, warm, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("", encoding="utf-8")
    (folder / "main.py").write_text(
        "import redis, channels; print(redis.__file__)", encoding="utf-8"
    )
    process = launch.start(
        [str(folder / "main.py")], folder, program_environment(), warm=warm.address
    )
    assert isinstance(process, subprocess.Popen)
    assert process.wait() == 0


def test_a_program_with_other_settings_of_python_is_started_plainly(folder, warm):
    (folder / "main.py").write_text("import sys; print(sys.flags.optimize)", encoding="utf-8")
    environment = {**program_environment(), "PYTHONOPTIMIZE": "2"}
    process = launch.start(
        [str(folder / "main.py")],
        folder,
        environment,
        stdout=subprocess.PIPE,
        warm=warm.address,
    )
    with process.stdout:
        assert process.stdout.read() == b"2\n"
    assert process.wait() == 0


@pytest.mark.parametrize(
    "end, code",
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit(259)", 3),
        ("import sys; sys.exit('words')", 1),
        ("print('in a buffer', end='')", 0),
        ("1 / 0", 1),
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import atexit; atexit.register(print, 'bye')", 0),
        ("import threading; threading.Thread(target=lambda: print('late')).start()", 0),
    ],
)
def test_it_ends_as_a_plain_one_ends(folder, warm, end, code):
    (folder / "main.py").write_text(end, encoding="utf-8")
    plain, forked = (run(folder, "main.py", warm=how, code=code) for how in (None, warm))
    assert forked.splitlines()[-1:] == plain.splitlines()[-1:]


@contextmanager
def waiting(folder, warm):
    """A forked program that waits for its input to end, with a child of its own."""
    (folder / "wait.py").write_text(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n",
        encoding="utf-8",
    )
    process = launch.start(
        [str(folder / "wait.py")],
        folder,
        program_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        warm=warm.address,
    )
    assert isinstance(process, launch.Forked)
    with process.stdin, process.stdout:
        grandchild = psutil.Process(int(process.stdout.readline()))
        yield process, psutil.Process(process.pid), grandchild


def test_it_is_ended_with_all_it_started(folder, warm):
    with waiting(folder, warm) as (process, child, grandchild):
        assert process.poll() is None
        launch.kill(process)
        process.wait()
        assert process.poll() == -signal.SIGKILL
        psutil.wait_procs([child, grandchild])
        assert not launch.is_suspect(process)


def test_it_ends_when_the_warm_process_is_closed(folder):
    with quick.WarmProcess((), program_environment()) as own:
        with waiting(folder, own) as (_, child, grandchild):
            own.close()
            psutil.wait_procs([child, grandchild])


def test_it_is_forked_no_more_when_the_warm_process_is_gone(folder):
    (folder / "main.py").write_text("print('here')", encoding="utf-8")
    with quick.WarmProcess((), program_environment()) as own:
        with waiting(folder, own) as (process, _, _):
            own._process.kill()
            own._process.wait()
            plain = launch.start(
                [str(folder / "main.py")],
                folder,
                program_environment(),
                stdout=subprocess.PIPE,
                warm=own.address,
            )
            with plain.stdout:
                assert plain.stdout.read() == b"here\n"
            assert plain.wait() == 0
            launch.kill(process)
            process.wait()
            assert process.poll() == launch.LOST and launch.is_suspect(process)


def test_it_ends_when_whoever_asked_for_it_is_killed(folder, warm):
    (folder / "sleeps.py").write_text("import signal; signal.pause()", encoding="utf-8")
    (folder / "asks.py").write_text(
        "import os, sys\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from workshop.checking.processes import launch, program\n"
        "command, environment = [os.path.abspath('sleeps.py')], program.program_environment()\n"
        "process = launch.start(command, Path.cwd(), environment, warm=sys.argv[1])\n"
        "print(process.pid, type(process).__name__, flush=True)\n"
        "process.wait()\n",
        encoding="utf-8",
    )
    asking = subprocess.Popen(
        [sys.executable, "asks.py", warm.address, ROOT], cwd=folder, stdout=subprocess.PIPE
    )
    with asking.stdout:
        pid, kind = asking.stdout.readline().split()
        forked = psutil.Process(int(pid))
        assert kind == b"Forked"
        asking.send_signal(signal.SIGKILL)
        asking.wait()
        psutil.wait_procs([forked])


def test_many_are_started_at_once(folder, warm):
    (folder / "main.py").write_text("import os; print(os.getpid())", encoding="utf-8")
    programs = [
        launch.start(
            [str(folder / "main.py")],
            folder,
            program_environment(),
            stdout=subprocess.PIPE,
            warm=warm.address,
        )
        for _ in range(20)
    ]
    for program in programs:
        with program.stdout:
            assert program.stdout.read() == b"%d\n" % program.pid
        assert program.wait() == 0


def test_two_servers_of_a_check_agree_on_nothing_that_is_random(folder, warm, monkeypatch):
    (folder / "main.py").write_text(
        "import random; print(hash('lobby'), random.random())", encoding="utf-8"
    )
    with quick.WarmProcess(quick.FOR_PROGRAMS, program_environment()) as other:
        monkeypatch.setenv(WARM, os.pathsep.join([warm.address, other.address]))
        monkeypatch.setattr(launch, "_turn", itertools.count())
        used = [launch.next_address() for _ in range(3)]
        assert used == [warm.address, other.address, warm.address]
        first, second = (run(folder, "main.py", warm=process).split() for process in (warm, other))
    again = run(folder, "main.py", warm=warm).split()
    assert first[0] != second[0] and len({first[1], second[1], again[1]}) == 3


def test_the_warm_process_and_its_folder_are_gone_in_the_end(folder):
    with quick.WarmProcess((), dict(os.environ)) as own:
        process, place = psutil.Process(own._process.pid), Path(own.address).parent
        assert place.stat().st_mode & 0o077 == 0
    assert not process.is_running() and not place.exists()


def test_without_a_place_for_its_socket_all_is_started_plainly(folder, monkeypatch):
    place = folder / ("long" * 30)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with quick.WarmProcess((), dict(os.environ)) as own:
        assert own.address is None
    assert not list(place.iterdir())


def test_what_is_imported_in_advance_only_defines_something():
    """A script would do its work, or end the process that imports it."""
    code = "import importlib; from workshop.checking.command import content\n"
    code += "for name in content():\n    importlib.import_module(name)\nprint('all')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.stdout == "all\n", done.stdout + done.stderr
