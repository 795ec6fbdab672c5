"""How a Python program is started: plainly, or forked from a warm process, which is quicker.

A warm process (fork_server.py; preloaded.py starts one) has imported what programs need, but
nothing of the programs themselves. Where it cannot be used, for whatever reason, `start` starts
plainly, so callers don't need to ask.
"""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from workshop.checking.processes.fork_server import NUMBER, REFUSED, exactly
from workshop.checking.processes.variables import WARM

ANSWERS_WITHIN = 60  # seconds; it imports for half a second before its first answer, and a warm
# process that ended is noticed at once: only a machine under load takes longer
LOST = -1  # the exit code of a program whose warm process was gone before it could report one
CRASHES = [
    -number
    for name in ("SIGABRT", "SIGBUS", "SIGILL", "SIGSEGV", "SIGTRAP")
    if (number := getattr(signal, name, 0))
]

Stream = int | IO | None  # as of subprocess.Popen

_turn = itertools.count()


def next_address() -> str | None:
    """The warm process for the next program of this check, None for none.

    Servers that are forked from one process would agree on every hash(), as two servers do not.
    """
    addresses = os.environ.get(WARM, "").split(os.pathsep)
    return addresses[next(_turn) % len(addresses)] or None


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


def is_suspect(process: "subprocess.Popen | Forked") -> bool:
    """Whether a fork may be what ended it: some systems (macOS) don't allow their libraries to be
    used after one. A plain start will show."""
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
