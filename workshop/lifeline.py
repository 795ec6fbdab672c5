"""Ends a program with the one that started it, however that one ends, even by SIGKILL.

The two share a pipe, which is the standard input of the started one: it ends when the other does.
A program that knows nothing of this is run by `python lifeline.py COMMAND…`, until it ends itself
or the standard input does.

Imports only the standard library.
"""

import subprocess
import sys
import threading
from collections.abc import Callable


def listen(pipe, end: Callable, asked: Callable[[bytes], None] = lambda byte: None) -> None:
    """In a thread of its own: call `asked` with each byte that comes through `pipe`, an unbuffered
    binary file, and `end` when the program at its other end is gone."""

    def read():
        while byte := pipe.read(1):
            asked(byte)
        end()

    threading.Thread(target=read, daemon=True).start()


def start(*command: str, **options) -> subprocess.Popen:
    """Start a program that ends with this one, or with end(). `options` are Popen's; the Popen is
    that of a watcher, which has the program as its only child and its exit code as its own.

    In a session of its own: Ctrl-C reaches this program, which then ends it.
    """
    # -I -S: starts in half the time. The Python that .venv was made with, because that of .venv
    # starts another process on Windows.
    watcher = [sys._base_executable, "-I", "-S", __file__, *command]
    return subprocess.Popen(watcher, stdin=subprocess.PIPE, start_new_session=True, **options)


def end(watcher: subprocess.Popen) -> None:
    """End what start() started, and return when it has ended."""
    watcher.stdin.close()
    watcher.wait()


if __name__ == "__main__":
    # close_fds=False: a socket that was passed to this one with pass_fds goes on to the program.
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, close_fds=False)
    # Unbuffered: Python cannot end while a thread holds the lock of its buffered standard input.
    listen(open(0, "rb", buffering=0), program.kill)
    sys.exit(program.wait())
