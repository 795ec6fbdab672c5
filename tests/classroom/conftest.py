"""A classroom as an instructor starts it, and the seats in it."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from workshop import manifest, pidfiles, ports

HANGS = 600  # seconds, for a test that hangs; not a measurement
# What laptops send, without cookies. One for all: a client without `verify` reads the certificates
# of the system first, which takes longer than to ask.
LAPTOP = httpx.Client(timeout=HANGS, verify=False, limits=httpx.Limits(max_keepalive_connections=0))


# "postgres://user@127.0.0.1": the rooms' databases are made there. Needs psycopg.
POSTGRES = os.environ.get("WORKSHOP_POSTGRES")


def new_database() -> str:
    """The URL of an empty one."""
    import psycopg

    name = f"room_{uuid4().hex}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as server:
        server.execute(f"create database {name}")
    return f"{POSTGRES}/{name}"


def said_by_a_server(folder: Path, script: str) -> str:
    """What a script prints that runs as a server process does; an empty database is in `folder`."""
    start = "import classroom.asgi\nfrom django.core.management import call_command\n"
    return subprocess.run(
        [sys.executable, "-c", f"{start}call_command('migrate', verbosity=0)\n{script}"],
        cwd=manifest.ROOT,
        env={
            **os.environ,
            "CLASSROOM_FOLDER": str(folder),
            "DJANGO_SETTINGS_MODULE": "classroom.settings",
            **({"DATABASE_URL": new_database()} if POSTGRES else {}),
        },
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout


# For such a script: join(3) makes three seats, with a result in each step and a message.
JOIN = """
from uuid import uuid4
from classroom import actions, catalog, messages

def join(count):
    for _ in range(count):
        seat = actions.join()
        sent = [
            messages.Result(uuid4().hex, step, [], len(entry.checks), "blocked", 1.0)
            for step, entry in catalog.steps().items()
        ]
        actions.store([actions.Sent(seat.id, sent)])
        actions.say(seat, "hello", "x")
"""


class Page:
    """A page's WebSocket."""

    def __init__(self, socket):
        self.socket = socket
        self.seats = {}  # of a board, which hears only what has changed
        self.lines = []  # what it has heard of the room, and no test has asked for yet

    def tell(self, type: str, **fields) -> None:
        self.socket.send(json.dumps({"type": type, **fields}))

    def hear(self, type: str, when=lambda message: True) -> dict:
        """The next message of that type for which `when` holds; others are skipped."""
        deadline = time.monotonic() + HANGS
        while True:
            message = json.loads(self.socket.recv(timeout=deadline - time.monotonic()))
            if message["type"] == "board_state":
                self.seats |= {row["id"]: row for row in message["seats"]}
                for number in message["left"]:
                    del self.seats[number]
                message["seats"] = [*self.seats.values()]
            if message["type"] == type and when(message):
                return message

    def hear_line(self, when=lambda line: True) -> dict:
        """The next that was said."""
        while True:
            while self.lines:
                if when(line := self.lines.pop(0)):
                    return line
            self.lines = self.hear("said")["lines"]


@dataclass
class Seat:
    """A seat's laptop and its browser."""

    room: "Room"
    key: str
    label: str
    pair: str

    def send(self, *results: dict, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Seat {self.key if key is None else key}"}
        body = {"type": "results", "results": list(results)}
        return LAPTOP.post(f"{self.room.url}/results/", json=body, headers=headers)

    def leave(self) -> httpx.Response:
        headers = {"Authorization": f"Seat {self.key}"}
        return LAPTOP.delete(f"{self.room.url}/seats/", headers=headers)

    @contextlib.contextmanager
    def page(self, query: str = ""):
        """Its page, connected. The cookie is got as a browser gets it."""
        with httpx.Client(base_url=self.room.url, timeout=HANGS, verify=False) as browser:
            self.room.enter(browser, pair=self.pair)
            with self.room.page(browser, f"/ws/seat/{query}") as page:
                yield page


@dataclass
class Room:
    """The running program."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    variables: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None
    said: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Room":
        if POSTGRES:
            self.variables.setdefault("DATABASE_URL", new_database())
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "workshop",
                "classroom",
                "--port",
                str(self.port),
                *self.options,
            ],
            cwd=manifest.ROOT,
            env={**os.environ, "CLASSROOM_FOLDER": str(self.folder), **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith(("Only this machine", "Anyone in this")):
                break
        assert "The code: " in self.said, self.said
        self.code = re.search(r"^The code: (\w+)$", self.said, re.MULTILINE)[1]
        self.board_url = re.search(r"http\S+/board/\?token=\S+", self.said)[0]
        return self

    def stop(self) -> str:
        """Returns what it printed until its end."""
        with contextlib.suppress(psutil.NoSuchProcess):
            pidfiles.end(psutil.Process(self.process.pid))  # its servers too, on Windows as well
        self.said += self.process.communicate(timeout=HANGS)[0]
        return self.said

    def join(self, **asked) -> Seat:
        answer = self.ask(**asked)
        assert answer.status_code == 200, answer.text
        return Seat(self, **{k: v for k, v in answer.json().items() if k != "name"})

    def ask(self, **asked) -> httpx.Response:
        body = {"type": "join", "code": self.code, **asked}
        return LAPTOP.post(f"{self.url}/seats/", json=body)

    def enter(self, browser: httpx.Client, **fields) -> httpx.Response:
        """Fills in the form of the page."""
        browser.get("/")
        token = {"csrfmiddlewaretoken": browser.cookies["classroom-csrf"]}
        return browser.post("/", data={"code": self.code, **token, **fields})

    @contextlib.contextmanager
    def page(self, browser: httpx.Client | None, path: str, origin: str | None = ""):
        cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items()) if browser else ""
        origin = self.url if origin == "" else origin
        url, headers = f"ws://127.0.0.1:{self.port}{path}", {"Cookie": cookies} if cookies else {}
        waits = {"open_timeout": HANGS, "ping_interval": None}  # a busy machine is late
        with connect(url, origin=origin, additional_headers=headers, **waits) as socket:
            yield Page(socket)

    @contextlib.contextmanager
    def instructor(self, path: str = "/ws/board/"):
        """The board's or the screen's connection."""
        with httpx.Client(follow_redirects=True, timeout=HANGS, verify=False) as browser:
            assert browser.get(self.board_url).status_code == 200
            with self.page(browser, path) as page:
                yield page


@pytest.fixture
def new_room(tmp_path):
    """Starts classrooms, each with a folder and a port of its own: new_room("--processes", "2")"""
    rooms = []

    def new_room(*options: str, **variables: str) -> Room:
        rooms.append(
            Room(tmp_path / f"room{len(rooms)}", ports.any_free(), options, variables).start()
        )
        return rooms[-1]

    yield new_room
    for one in rooms:
        one.stop()


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A classroom for the tests of a module."""
    room = Room(tmp_path_factory.mktemp("room"), ports.any_free()).start()
    yield room
    room.stop()


def result(step="step2", passed=("test_the_server_starts",), total=7, diagnosis="not_accepted"):
    return {
        "uuid": uuid4().hex,
        "step": step,
        "passed": list(passed),
        "total": total,
        "diagnosis": diagnosis,
        "seconds": 1.5,
    }


def row_of(board: dict, label: str) -> dict | None:
    return next((row for row in board["seats"] if row["label"] == label), None)
