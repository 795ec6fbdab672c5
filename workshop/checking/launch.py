"""How a Python program is started: plainly, or forked from a warm process, which is quicker.

    with WarmProcess(FOR_PROGRAMS) as warm:
        process = start([script, *arguments], folder, environment, warm=warm.address)

A warm process (warm.py) has imported what programs need, but nothing of the programs themselves.
It is used where Python can fork and hand over open files. Where it cannot be used, for whatever
reason, `start` starts plainly, so nobody needs to ask.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from workshop.checking.warm import NUMBER, REFUSED, exactly
from workshop.manifest import ROOT

SCRIPT = Path(__file__).with_name("warm.py")
ANSWERS_WITHIN = 10  # seconds; it imports for half a second before its first answer
LOST = -1  # the exit code of a program whose warm process was gone before it could tell
CRASHES = [
    -number
    for name in ("SIGABRT", "SIGBUS", "SIGILL", "SIGSEGV", "SIGTRAP")
    if (number := getattr(signal, name, 0))
]

Stream = int | IO | None  # as of subprocess.Popen

# The variable that tells a check of the warm process for the programs that it starts.
VARIABLE = "WORKSHOP_WARM"

# What the programs of the attendee's import. Not daphne.server, which makes an event loop as it is
# imported, and nothing that asks for Django's settings.
FOR_PROGRAMS = (
    "django.core.management.commands.runserver",
    "django.core.management.commands.migrate",
    "django.core.asgi",
    "django.core.cache.backends.locmem",
    "django.conf.urls.static",
    "django.contrib.auth.apps",
    "django.contrib.auth.decorators",
    "django.contrib.auth.hashers",
    "django.contrib.auth.password_validation",
    "django.contrib.auth.tokens",
    "django.contrib.auth.validators",
    "django.contrib.contenttypes.apps",
    "django.contrib.sessions.apps",
    "django.contrib.sessions.backends.signed_cookies",
    "django.contrib.sessions.middleware",
    "django.contrib.staticfiles.apps",
    "django.contrib.staticfiles.checks",
    "django.contrib.staticfiles.finders",
    "django.contrib.staticfiles.handlers",
    "django.contrib.staticfiles.storage",
    "django.db.backends.dummy.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.shortcuts",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.utils.translation.reloader",
    "django.views.debug",
    "django.views.defaults",
    "django.views.csrf",
    "channels.generic.websocket",
    "channels.routing",
    "channels.security.websocket",
    "channels_redis.core",
    "daphne.endpoints",
    "daphne.http_protocol",
    "daphne.management.commands",
    "daphne.ws_protocol",
    "twisted.internet.asyncioreactor",
    "twisted.internet.endpoints",
)
# What a check imports: its own modules, and what pytest and httpx import only when they run.
FOR_CHECKS = (
    "workshop.checking.command",
    "workshop.checking.exhibition",
    "workshop.checking.groups",
    "workshop.checking.hints",
    "workshop.environment",
    "workshop.redis_server",
    "_pytest.faulthandler",
    "_pytest.helpconfig",
    "_pytest.junitxml",
    "_pytest.pastebin",
    "_pytest.setuponly",
    "_pytest.setupplan",
    "_pytest.skipping",
    "_pytest.threadexception",
    "_pytest.tracemalloc",
    "_pytest.unittest",
    "_pytest.unraisableexception",
    "_pytest.warnings",
    "anyio._backends._asyncio",
    "certifi",
    "encodings.idna",
    "httpcore._backends.anyio",
    "pdb",
)


def is_possible() -> bool:
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


class WarmProcess:
    """A warm process that has imported `modules`; it ends when this object or its process does."""

    def __init__(self, modules: tuple[str, ...], environment: dict[str, str]):
        self.address: str | None = None
        if not is_possible():
            return
        self._folder = tempfile.mkdtemp(prefix="workshop-")  # only its owner may enter
        self.address = os.path.join(self._folder, "warm")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(listener.fileno()), str(ROOT), *modules],
                env=environment,
                stdin=subprocess.PIPE,
                # Nothing is written here. A pipe, because Python keeps for its streams whether they
                # can be sought, and those of the programs cannot.
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for whoever made this
            )

    def close(self) -> None:
        if self.address:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self.address = None

    def __enter__(self) -> "WarmProcess":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def start(
    command: list[str],
    folder: Path,
    environment: dict[str, str],
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = None,
    stderr: Stream = None,
    warm: str | None = None,
) -> "subprocess.Popen | Forked":
    """Start `python COMMAND…` in `folder`, in a session of its own.

    `stdin`, `stdout` and `stderr` are as for subprocess.Popen; `warm` is a warm process's address.
    """
    if warm:
        with contextlib.suppress(OSError, EOFError):
            streams = (stdin, stdout, stderr)
            if forked := _fork(warm, command, folder, environment, streams):
                return forked
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=os.name == "posix",
    )


def kill(process: "subprocess.Popen | Forked") -> None:
    """End a program that `start` started, and all it started. Returns at once."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)


def end(process: "subprocess.Popen | Forked") -> None:
    """End a program that `start` started, and all it started. Returns when it is gone."""
    kill(process)
    process.wait()


def is_suspect(process: "subprocess.Popen | Forked") -> bool:
    """Whether a fork may be what ended it: some systems (macOS) let none of their libraries be
    used after one. Started plainly, it will show."""
    return isinstance(process, Forked) and (process.poll() in CRASHES or process.is_lost)


def _fork(address, command, folder, environment, streams) -> "Forked | None":
    """The program, forked; None when the warm process says that a plain start would differ."""
    request = {"command": command, "folder": str(folder), "environment": environment}
    data = json.dumps(request).encode()
    ours: list[IO[bytes] | None] = []
    theirs: list[int] = []
    connection = socket.socket(socket.AF_UNIX)
    pid = REFUSED
    try:
        for number, wanted in enumerate(streams):
            end, mine = _stream(number, wanted, theirs)
            theirs.append(end)
            ours.append(mine)
        connection.settimeout(ANSWERS_WITHIN)
        connection.connect(address)
        socket.send_fds(connection, [NUMBER.pack(len(data))], theirs)
        connection.sendall(data)
        pid = NUMBER.unpack(exactly(connection, NUMBER.size))[0]
    finally:
        for end in theirs:
            os.close(end)
        if pid == REFUSED:
            for resource in filter(None, (connection, *ours)):
                resource.close()
    return Forked(pid, connection, *ours) if pid != REFUSED else None


def _stream(number: int, wanted: Stream, before: list[int]) -> tuple[int, IO[bytes] | None]:
    """The program's end of one of its streams, and ours where that is a pipe."""
    if wanted == subprocess.PIPE:
        readable, writable = os.pipe()
        if number == 0:
            return readable, open(writable, "wb")
        return writable, open(readable, "rb")
    if wanted == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if wanted == subprocess.STDOUT:
        return os.dup(before[1]), None
    if wanted is None:
        return os.dup(number), None
    return os.dup(wanted if isinstance(wanted, int) else wanted.fileno()), None


class Forked:
    """A program that a warm process forked: what a check needs of subprocess.Popen's interface."""

    def __init__(self, pid: int, connection: socket.socket, stdin, stdout, stderr):
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self.is_lost = False  # the warm process was killed
        self._connection = connection

    def poll(self) -> int | None:
        """The exit code, as of subprocess.Popen; None while it runs."""
        if self.returncode is None and not self.is_lost:
            self._connection.setblocking(False)
            try:
                self.returncode = NUMBER.unpack(exactly(self._connection, NUMBER.size))[0]
            except BlockingIOError:
                return None
            except (OSError, EOFError):
                self.is_lost = True
            self._connection.close()
        if self.is_lost and not _runs(self.pid):
            self.returncode = LOST
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            if self.is_lost:
                time.sleep(0.01)
            else:
                self._connection.setblocking(True)
                with contextlib.suppress(OSError):
                    self._connection.recv(1, socket.MSG_PEEK)
        return self.returncode


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
