"""Every benchmark runs, reports what it found, notices what is lost, and leaves nothing behind."""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from types import SimpleNamespace

import psutil
import pytest

from benchmarks import check_loop, results, set_up, suite
from benchmarks.programs import Program
from benchmarks.room import measuring, share, summary
from benchmarks.room.browsers import Browsers
from benchmarks.room.chats import CHATS
from tests.conftest import ROOT

LIMIT = 600  # seconds, which only a benchmark that hangs takes
MARK = "BENCHMARK_OF_THE_TESTS"  # in the environment of all that a benchmark starts
COSTS = {"server_us_per_delivery", "redis_us_per_delivery", "deliveries_per_cpu_second"}
OWN_TESTS = "the step's own tests, pytest"
OUTCOME = {"messages", "expected", "delivered", "heard_by_all", "p50_ms", "p99_ms", "client_busy"}


@pytest.fixture
def marked(tmp_path):
    """An environment that identifies a process as the test's, with results in a folder of their
    own."""
    return {**os.environ, MARK: uuid.uuid4().hex, "BENCHMARK_RESULTS": str(tmp_path)}


def benchmark(name: str, *options: str, environment: dict, codes=(0,)) -> dict:
    """Runs it to its end and returns what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, *options],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    assert not left_of(environment)
    with open(f"{environment['BENCHMARK_RESULTS']}/{name}.json", encoding="utf-8") as file:
        return json.load(file)


def left_of(environment: dict) -> list[psutil.Process]:
    """The processes that have the mark of this environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == environment[MARK]:
                found.append(process)
        except psutil.Error:  # it ended in the meantime, or it is another user's
            continue
    return found


def wait_until(is_so, otherwise: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def test_the_room(marked, tmp_path):
    options = ("--only", "step3,tutorial,limit", "--browsers", "2,3", "--seconds", "0.2")
    found = benchmark("room", *options, environment=marked)
    rows = {(row["chat"], row["browsers"]): row for row in found["rows"]}
    assert rows.keys() == {(chat, n) for chat in ("step3", "tutorial", "limit") for n in (2, 3)}
    for (_, count), row in rows.items():
        for phase in ("rate", "saturation", "at_once"):
            assert row[phase].keys() >= COSTS | OUTCOME
            assert row[phase]["delivered"] == row[phase]["expected"] > 0
            assert 0 < row[phase]["p50_ms"] <= row[phase]["p99_ms"]
        assert row["rate"]["messages"] == 4  # 20 a second
        assert row["at_once"]["expected"] == count * count
        assert row["memory_kib"] is not None and row["connect_cpu_ms"] >= 0
    assert {line["chat"] for line in found["growth"]} == {"step3", "tutorial", "limit"}
    assert found["machine"]["packages"]["channels"]
    assert (tmp_path / "room.png").read_bytes().startswith(b"\x89PNG")


def test_a_chat_is_compared_with_the_tutorials_the_limit_and_itself_in_one_process():
    names = {"relay-uvicorn-pubsub": 60, "relay-2-uvicorn-pubsub": 45, "tutorial": 3, "limit": 120}
    chats = [chat for chat in CHATS if chat.name in names]
    rows = [
        {
            "chat": name,
            "browsers": 5,
            "saturation": {
                "deliveries_per_cpu_second": rate + more,
                "deliveries_per_second": (rate + more) * (2 if "-2-" in name else 1),
            },
        }
        for name, rate in names.items()
        for more in (0, -1, 1)  # the median is what counts
    ]
    found = {(one["chat"], one["of"]): one for one in summary.ratios(chats, rows)}
    titles = {chat.name: chat.title for chat in chats}
    one, two = "relay-uvicorn-pubsub", "relay-2-uvicorn-pubsub"
    wanted = {(relay, titles[other]) for relay in (one, two) for other in ("tutorial", "limit")}
    assert found.keys() == wanted | {(two, titles[one])}
    assert found[one, titles["tutorial"]]["ratio"] == 20
    alone = found[two, titles[one]]
    assert (alone["ratio"], alone["processes"], alone["faster"]) == (0.75, 2, 1.5)


@pytest.mark.skipif(not share.is_possible(), reason="needs root's rights, on Linux")
def test_a_server_gets_no_more_than_its_share_of_a_core():
    command = [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"]
    with Program(*command) as server:
        with share.limited([server.pids()], 0.2):
            began, used = time.monotonic(), server.cpu()
            while time.monotonic() < began + 1:
                with contextlib.suppress(OSError), socket.create_connection(server.address) as one:
                    one.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    one.recv(1)
            part = (server.cpu() - used) / (time.monotonic() - began)
        assert part < 0.3
        assert not list(share.ROOT.glob(f"**/workshop-{os.getpid()}-*"))


def test_the_room_of_those_who_are_logged_in(marked):
    chats = {"relay-daphne-core", "relay-daphne-pubsub"}
    options = ("--only", ",".join(chats), "--browsers", "2", "--seconds", "0.2")
    found = benchmark("room", *options, environment=marked)
    assert {row["chat"] for row in found["rows"]} == chats
    for row in found["rows"]:
        for phase in ("rate", "saturation", "at_once"):
            assert row[phase]["delivered"] == row[phase]["expected"] > 0
            assert row[phase]["disconnected"] == 0


def test_the_wait(marked, tmp_path):
    options = ("--requests", "1,3", "--thinking", "0.05", "--repeat", "1")
    found = benchmark("wait", *options, environment=marked)
    seconds = {(row["what"], row["requests"]): row["seconds"] for row in found["rows"]}
    assert len(seconds) == 2 * 5 and all(len(found) == 1 for found in seconds.values())
    assert seconds["a view that blocks", 3][0] >= 3 * 0.05  # one after another
    assert seconds["a sync consumer that blocks", 3][0] >= 3 * 0.05
    assert min(seconds["an async consumer that awaits", 3]) >= 0.05
    assert (tmp_path / "wait.png").read_bytes().startswith(b"\x89PNG")


def test_what_being_joined_costs(marked):
    found = benchmark("joined", "--runs", "2", "--within", "60000", environment=marked)["rows"]
    assert 0 <= found["not joined"]["cpu_ms"] < found["joined"]["cpu_ms"]


@pytest.mark.skipif(os.name == "nt", reason="on Windows, server processes cannot share a port")
def test_hostile_seats_are_refused(marked):
    options = ("--codes", "100", "--times", "20", "--processes", "2")
    found = benchmark("hostile", *options, environment=marked)
    rows = {row["what"]: row["answers"] for row in found["rows"]}
    assert rows["wrong codes"].keys() == {"403", "429"} and found["log_lines"] > 0
    assert rows["a forged key"] == {"401": 20}
    assert rows["the same result again"] == {"1 stored": 1, "0 stored": 19}
    assert rows["a foreign Origin"] == {"403": 20}
    assert sum(rows["frames of 1 MiB"].values()) == 20
    assert all(row["refused"] and row["p50_ms"] > 0 for row in found["rows"])


def test_the_check_loop(marked, tmp_path):
    # No program is on this PATH: the tutorial's tests, which need a browser, are left out.
    environment = {**marked, "PATH": str(tmp_path)}
    found = benchmark("check-loop", "--runs", "1", environment=environment, codes=(0, 1))
    rows = {(row["what"], row["step"]): row for row in found}
    assert len(rows) == len(found) == 5 + 5 + 3  # cold, watched, and the step's own tests
    for (what, step), row in rows.items():
        assert row["median"] > 0
        if what == OWN_TESTS:
            assert row["ratio"] is row["bound"] is None
            continue
        own = rows[OWN_TESTS, row["ratio_to"]]["median"]
        others = {"step1": "step2", "step4": "step3", "step5": "step3"}
        assert row["ratio_to"] == others.get(step, step)
        assert row["ratio"] == pytest.approx(row["median"] / own)
        assert row["holds"] is (row["ratio"] <= row["bound"])


@pytest.mark.parametrize(("seconds", "code"), [(2.0, 0), (2.1, 1)])
def test_a_check_that_takes_too_long_fails_the_check_loop(seconds, code, monkeypatch, tmp_path):
    own = check_loop.Row("the step's own tests, pytest", "step2", float, times=[4.0])
    checked = check_loop.Row("check, cold", "step2", float, own, bound=0.5, times=[seconds])
    store = SimpleNamespace(port=6379)
    monkeypatch.setenv("REDIS_URL", "")  # main() sets it
    monkeypatch.setattr(check_loop, "redis", lambda: contextlib.nullcontext(store))
    monkeypatch.setattr(check_loop, "measure", lambda _: [checked, own])
    monkeypatch.setattr(check_loop, "RESULT", tmp_path / "check-loop.json")
    assert check_loop.main([]) == code


def test_the_suite(marked):
    found = benchmark("suite", "tests/test_pins.py", environment=marked)
    assert found["tests"] == ["tests/test_pins.py"] and len(found["own"]) == 6
    assert found["ratio"] == pytest.approx(found["seconds"] / statistics.median(found["own"]))


def test_a_suite_that_fails_is_not_measured():
    with pytest.raises(RuntimeError, match="not pass"):
        suite.suite(["tests/test_that_is_not_there.py"])


@pytest.mark.parametrize(("seconds", "code"), [(419, 0), (421, 1)])
def test_a_suite_that_takes_too_long_fails(seconds, code, monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "")  # main() sets it
    store = SimpleNamespace(port=6379)
    monkeypatch.setattr(suite, "redis", lambda: contextlib.nullcontext(store))
    monkeypatch.setattr(suite, "own_tests", lambda _: 1.4)
    monkeypatch.setattr(suite, "suite", lambda _: seconds)
    monkeypatch.setattr(results, "BUILD", tmp_path)
    assert suite.main([]) == code


@pytest.mark.skipif(os.name != "posix", reason="the packages are borrowed with a shell script")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="there is nothing to clone")
def test_the_set_up(monkeypatch, tmp_path):
    def borrow(clone, _):
        python = clone / set_up.INSIDE
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)

    monkeypatch.setattr(set_up.results, "BUILD", tmp_path)
    monkeypatch.setattr(set_up, "WAYS", {"borrowed": ("packages that are there", borrow)})
    assert set_up.main(["--only", "borrowed"]) == 0
    rows = json.loads((tmp_path / "set-up.json").read_text(encoding="utf-8"))["rows"]
    assert [row["cache"] for row in rows] == ["cold", "warm"]
    for row in rows:
        parts = row["clone_s"] + row["install_s"] + row["check_s"]
        assert row["seconds"] == pytest.approx(parts) and row["check_s"] > 0


# Broadcasts what it hears, but the first browser doesn't get the messages with odd numbers.
LOSSY = """
import asyncio, re, sys
from websockets.asyncio.server import serve

browsers = []

async def chat(browser):
    browsers.append(browser)
    async for text in browser:
        odd = int(re.search(r"[0-9]+", text)[0]) % 2
        for one in browsers[odd:]:
            await one.send(text)

async def main():
    async with serve(chat, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
        await server.serve_forever()

asyncio.run(main())
"""


def test_what_is_lost_is_counted():
    with Program(sys.executable, "-c", LOSSY, "{port}") as server:
        room = measuring.Room([server], server)
        with Browsers([server.port], 3) as room.browsers:
            found = measuring.phase(room, lambda: measuring.at_rate(room, 100, 0.1))
    assert (found["messages"], found["expected"]) == (10, 30)
    assert (found["delivered"], found["heard_by_all"]) == (25, 5)


def test_nothing_outlives_a_benchmark_that_is_killed(marked):
    running = psutil.Popen(
        [sys.executable, "-m", "benchmarks", "room", "--only", "step3", "--seconds", "600"],
        cwd=ROOT,
        env=marked,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = []

    def all_are_there():
        """A server, its Redis, and a watcher for each."""
        started[:] = running.children(recursive=True)
        return len(started) >= 4

    try:
        wait_until(all_are_there, "The servers did not start.")
    finally:
        running.kill()
        running.wait()
    _, alive = psutil.wait_procs(started, timeout=LIMIT)
    assert not alive
