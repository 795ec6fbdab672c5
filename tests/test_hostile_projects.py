"""Whatever the code under check does: the check ends in time, says why, and leaves nothing
behind."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import ALL_THE_TIME, ROOT, check, copy_of, edit
from workshop import manifest
from workshop.checking import patience

RUN_WITHIN = 20  # seconds: the design's bound on a whole run, whatever the code does
AROUND_THE_CHECKS = 5  # of them: what comes before and after
GIVEN_UP_AFTER = 600  # seconds, for a test that hangs; not a measurement
STEP2 = manifest.find("step2")
RECEIVE = '        message = json.loads(text_data)["message"]\n'
CONNECT = "        await self.accept()\n"

# What the code does; the edit; the diagnosis; the line it names.
HOSTILE = {
    "sleeps forever in receive": (
        ("chat/consumers.py", RECEIVE, RECEIVE + "        import time\n        time.sleep(9999)\n"),
        "blocked",
        "time.sleep(9999)",
    ),
    "awaits forever in connect": (
        (
            "chat/consumers.py",
            CONNECT,
            "        import asyncio\n        await asyncio.sleep(9999)\n",
        ),
        "blocked",
        "await asyncio.sleep(9999)",
    ),
    "loops forever in connect": (
        ("chat/consumers.py", CONNECT, "        while True:\n            pass\n"),
        "blocked",
        None,
    ),
    "sleeps forever while it is imported": (
        ("chat/consumers.py", "import json\n", "import json\nimport time\n\ntime.sleep(9999)\n"),
        "never_started",
        "time.sleep(9999)",
    ),
    "exits in receive": (
        ("chat/consumers.py", RECEIVE, RECEIVE + "        import sys\n        sys.exit(3)\n"),
        "program_ends_itself",
        None,
    ),
    "exits at once, hard": (
        ("mysite/settings.py", "DEBUG = True\n", "import os\n\nos._exit(7)\nDEBUG = True\n"),
        "program_ends_itself",
        None,
    ),
    "sends without end": (
        (
            "chat/consumers.py",
            "        await self.send(",
            "        import asyncio\n"
            "        while True:\n"
            "            await asyncio.sleep(0)\n"
            "            await self.send(",
        ),
        "sent_in_a_loop",
        None,
    ),
    "sends without end, and lets nobody else go on": (
        (
            "chat/consumers.py",
            "        await self.send(",
            "        while True:\n            await self.send(",
        ),
        "blocked",
        None,
    ),
    "prints megabytes and fails": (
        ("chat/consumers.py", RECEIVE, '        print("x" * 20_000_000)\n        nobody\n'),
        "name_unknown",
        "nobody",
    ),
    "has a syntax error": (
        ("chat/consumers.py", RECEIVE, "        message = json.loads(text_data\n"),
        "bracket_not_closed",
        None,
    ),
    "has an import error": (
        ("chat/consumers.py", "import json\n", "import json\nimport jsonn\n"),
        "wrong_import",
        "import jsonn",
    ),
    "closes the log": (
        (
            "chat/consumers.py",
            RECEIVE,
            "        import os\n        os.close(1)\n        os.close(2)\n",
        ),
        None,
        None,
    ),
    "starts a child that stays": (
        (
            "chat/consumers.py",
            RECEIVE,
            "        import subprocess, sys\n"
            "        subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', "
            "'CHILD-OF-THE-CONSUMER'])\n",
        ),
        None,
        None,
    ),
    "reads from the terminal": (
        ("chat/consumers.py", RECEIVE, '        message = input("message? ")\n'),
        "asks_at_the_keyboard",
        'input("message? ")',
    ),
}


# These wait for the longest limits, or keep a core busy until then.
LONG = {
    "sleeps forever while it is imported",
    "awaits forever in connect",
    "loops forever in connect",
    "sends without end, and lets nobody else go on",
}
EACH = [pytest.param(what, marks=pytest.mark.slow if what in LONG else ()) for what in HOSTILE]


@pytest.mark.parametrize("what", EACH)
def test_it_ends_in_time_and_says_why(what, tmp_path):
    change, diagnosis, line = HOSTILE[what]
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    edit(copy, *change)
    began = time.monotonic()
    done = check("step2", "--project", copy, "--json")
    assert_in_time(time.monotonic() - began)
    assert done.code == 1, done.out + done.err
    assert done.failed["message"]
    if diagnosis:
        assert done.failed["diagnosis"] == diagnosis, done.failed
    if line:
        file = copy / "chat" / "consumers.py"
        assert line in file.read_text(encoding="utf-8").splitlines()[done.failed["line"] - 1]
    assert not left_behind(copy)


def assert_in_time(seconds: float) -> None:
    """That a check which took `seconds` kept to the bound. Where the machine is so busy that
    everything takes longer, that is measured too: a check of a right answer takes 1 s at most."""
    if seconds < patience.seconds(RUN_WITHIN):
        return
    began = time.monotonic()
    assert check("step2", "--solution").code == 0
    ordinary = time.monotonic() - began
    checks = patience.seconds(RUN_WITHIN - AROUND_THE_CHECKS)
    assert seconds < checks + ordinary * AROUND_THE_CHECKS


def left_behind(folder) -> list[str]:
    """The processes that have the folder as their working directory."""
    found = []
    for process in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            if process.isdigit() and os.readlink(f"/proc/{process}/cwd").startswith(str(folder)):
                with open(f"/proc/{process}/cmdline", encoding="utf-8") as cmdline:
                    found.append(cmdline.read())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("name", ["manage.py", "chat/consumers.py", "mysite/settings.py"])
def test_a_file_is_missing(name, tmp_path):
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    (copy / name).unlink()
    done = check("step2", "--project", copy, "--json")
    assert done.code == 1, done.out + done.err
    assert done.failed["diagnosis"] in {"manage_py_missing", "wrong_import", "exception"}, (
        done.failed
    )
    missing = name.removesuffix(".py").rpartition("/")[2]
    assert missing in done.failed["message"]


def test_nothing_is_left_when_the_check_is_killed(tmp_path):
    """Not even after SIGKILL, which nothing can catch: the server's lifeline breaks."""
    if not os.path.isdir("/proc"):
        pytest.skip("needs /proc to look for processes")
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    edit(copy, *HOSTILE["sleeps forever in receive"][0])
    running = subprocess.Popen(
        [sys.executable, ROOT / "checks" / "step2", "--project", copy],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: left_behind(copy))
    running.kill()
    running.wait()
    wait_until(lambda: not left_behind(copy))


def wait_until(true) -> None:
    end = time.monotonic() + GIVEN_UP_AFTER
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_two_checks_at_once_do_not_disturb_each_other():
    with ThreadPoolExecutor(2) as both:
        for done in both.map(lambda step: check(step, "--solution"), ["step3", "step3"]):
            assert done.code == 0, done.out + done.err


def test_a_path_with_spaces_and_other_letters(tmp_path):
    copy = copy_of(STEP2.solution, tmp_path / "mein Übungs raum 教室" / "copy")
    done = check("step2", "--project", copy, "--json", **ALL_THE_TIME)
    assert done.code == 0, done.out + done.err


def test_no_port_is_left_open(tmp_path):
    done = check("step2", "--solution", "--log")
    assert done.code == 0
    port = int(done.out.rpartition("server at http://127.0.0.1:")[2].partition("/")[0])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
