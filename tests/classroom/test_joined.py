"""The attendee's side: join, checks that tell how they ended, leave. Typed in a copy of the
workshop."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from classroom import messages
from workshop import manifest, ports
from workshop.checking.reporting import classroom
from workshop.joined import asking, seat, sending
from workshop.joined.seat import Seat

from ..conftest import ALL_THE_TIME
from ..copied import Workshop
from .conftest import HANGS, Room, row_of

STEP = "step2"
ALLOWED = {"uuid", "step", "passed", "total", "diagnosis", "seconds", "ago"}


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "mein Übungsraum 教室")


def check(workshop: Workshop, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(workshop.root / "checks" / STEP), *arguments],
        cwd=workshop.root,
        env={**os.environ, **ALL_THE_TIME},
        capture_output=True,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; not a measurement
    )


def outbox(workshop: Workshop) -> list:
    return list((workshop.root / ".workshop" / "joined" / "outbox").glob("*.json"))


def has_sent_all(workshop: Workshop) -> bool:
    """Once the sender has ended: nothing waits."""
    deadline = time.monotonic() + HANGS
    while outbox(workshop) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not outbox(workshop)


def standings(board, label: str, count: int = 1) -> list[dict]:
    state = board.hear("board_state", lambda s: len(row_of(s, label)["standings"]) == count)
    return row_of(state, label)["standings"]


def test_from_join_to_leave(room: Room, workshop):
    done = workshop.type("join", f"{room.url}/{room.code}", **ALL_THE_TIME)
    assert done.returncode == 0, done.stdout + done.stderr
    label = re.search(r"You are the (.+)\.", done.stdout)[1]
    assert "Never your code" in done.stdout

    first = check(workshop)
    told = json.loads(re.search(rf"as {label}: (\{{.*\}})", first.stdout)[1])
    assert told.keys() == ALLOWED and told["step"] == STEP
    sent = json.dumps({"type": "results", "results": [told]})
    assert messages.decode(sent, [messages.Results]).results[0].uuid == told["uuid"]
    assert "python3 -m workshop leave" in first.stdout
    with room.instructor() as board:
        (standing,) = standings(board, label)
        assert standing["diagnosis"] == told["diagnosis"]
        assert sum(standing["passed"]) == len(told["passed"])

        shutil.copytree(  # the same step, done: told without a word
            workshop.root / "solutions" / manifest.find(STEP).name,
            workshop.root / "steps" / manifest.find(STEP).name,
            dirs_exist_ok=True,
        )
        second = check(workshop)
        assert second.returncode == 0 and "classroom" not in second.stdout, second.stdout
        board.hear("board_state", lambda s: row_of(s, label)["standings"][0]["done"])
        assert has_sent_all(workshop)

        # What is not the starter is nobody's progress; --json prints one object as always.
        check(workshop, "--solution")
        assert not outbox(workshop)
        assert json.loads(check(workshop, "--json").stdout)["passed"]

        left = workshop.type("leave", **ALL_THE_TIME)
        assert left.returncode == 0 and label in left.stdout
        board.hear("board_state", lambda s: row_of(s, label) is None)
    assert not (workshop.root / ".workshop" / "joined").exists()
    assert "classroom" not in check(workshop).stdout
    assert "Nothing is sent anywhere" in workshop.type("leave").stdout


def test_nothing_is_told_before_anyone_has_joined(workshop):
    check(workshop)
    assert not (workshop.root / ".workshop" / "joined").exists()


def test_a_classroom_that_is_gone_gets_what_it_missed_when_it_is_back(new_room, workshop):
    room = new_room()
    done = workshop.type("join", f"{room.url}/{room.code}", **ALL_THE_TIME)
    label = re.search(r"You are the (.+)\.", done.stdout)[1]
    room.stop()
    first = check(workshop)
    assert first.returncode == 1 and "Traceback" not in first.stderr
    problem = workshop.root / ".workshop" / "joined" / "problem"
    deadline = time.monotonic() + HANGS
    while not problem.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    second = check(workshop).stdout
    assert "It does not answer" in second and len(second.split("The classroom: ")) == 2
    # What waits tells how long it has.
    for number, file in enumerate(sorted(outbox(workshop))):
        earlier = int(file.name.partition("-")[0]) - (number + 1) * 600 * 10**9
        file.rename(file.with_name(f"{earlier:020}-{file.name.partition('-')[2]}"))
    room.start()
    check(workshop)
    with room.instructor() as board:
        standings(board, label)
    assert has_sent_all(workshop)


def test_a_check_does_not_wait_for_a_classroom_that_takes_everything_and_says_nothing(workshop):
    """The check ends, and what it had to tell waits in the outbox."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        folder = workshop.root / ".workshop" / "joined"
        folder.mkdir(parents=True)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        taken = Seat(address, "1:x", "amber otter", "ABCDEFGH", "K7PQXM", told=True)
        (folder / "seat.json").write_text(json.dumps(vars(taken)), encoding="utf-8")
        done = check(workshop)
        assert done.returncode == 1 and "classroom" not in done.stdout
        assert len(outbox(workshop)) == 1
        connection, _ = silent.accept()  # the sender is there, and still waits
        connection.close()
        left = workshop.type("leave")
        assert left.returncode == 1 and "Nothing more is sent" in left.stdout
        check(workshop)
        assert not outbox(workshop)


def test_a_check_opens_no_connection_itself(tmp_path, monkeypatch):
    """What it pays for being joined, `python3 -m benchmarks joined`, can't depend on a network: it
    writes a file and starts a program, and doesn't wait for it."""
    monkeypatch.setattr(seat, "FOLDER", tmp_path)
    seat.write(Seat("http://192.0.2.1:8800", "1:x", "amber otter", "ABCDEFGH", "K7PQXM", told=True))
    started = []

    class Program:
        """wait() and communicate() are not there to be called."""

        def __init__(self, command, **options):
            started.append(command)

    def connects(*_, **__):
        raise AssertionError("the check itself connects")

    monkeypatch.setattr(subprocess, "Popen", Program)
    monkeypatch.setattr(socket.socket, "connect", connects)
    monkeypatch.setattr(socket, "getaddrinfo", connects)
    step = SimpleNamespace(short=STEP)
    ended = SimpleNamespace(step=step, results=[], titles=["one"], failed=None, seconds=1.5)
    assert classroom.report(ended) == ""
    assert [command[-1] for command in started] == [sending.__file__]
    assert len(seat.waiting()) == 1


@pytest.mark.parametrize(
    "address",
    ["", "hello", "https://192.168.1.20:8800/K7PQXM", "http://192.168.1.20:8800", "ftp://x/K7PQXM",
     "http://a@b:1/K7PQXM", "http://192.168.1.20:99999/K7PQXM"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_an_example(workshop, address):
    done = workshop.type("join", address)
    assert done.returncode == 2 and "For example" in done.stdout and not done.stderr


def test_a_wrong_code_and_a_second_seat_are_refused(new_room, workshop):
    room = new_room()
    done = workshop.type("join", f"{room.url}/AAAAAA", **ALL_THE_TIME)
    assert done.returncode == 2 and "not the room's code" in done.stdout
    assert workshop.type("join", f"{room.url}/{room.code}", **ALL_THE_TIME).returncode == 0
    again = workshop.type("join", f"{room.url}/{room.code}", **ALL_THE_TIME)
    assert again.returncode == 2 and "You have a seat already" in again.stdout


def test_what_answers_and_is_not_a_classroom(workshop):
    port = ports.any_free()
    done = workshop.type("join", f"http://127.0.0.1:{port}/K7PQXM")
    assert done.returncode == 2 and "No classroom answers" in done.stdout
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answers():
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

        threading.Thread(target=answers, daemon=True).start()
        with pytest.raises(asking.NoAnswer):
            asking.ask("POST", f"http://127.0.0.1:{other.getsockname()[1]}/seats/", {})
