"""A server that starts again at every save, and outlives files that are saved half done.

Django's own reloader ends with the server it has started when the settings cannot be loaded, and
watches no file that it could not import (django/utils/autoreload.py). So this one starts the server
without it and watches the step's folder itself.
"""

import contextlib
import subprocess
import sys
from pathlib import Path
from queue import Empty, Queue

import psutil

from . import pidfiles
from .checking.watching.saves import Saved, Saves
from .console import console, say
from .folders import shown

LOOK_EVERY = 0.1  # seconds, at whether the server still runs
WATCHED = ".py"  # templates and static files are read anew at every request


def serve(command: list[str], folder: Path) -> int:
    """Runs the command in the folder until Ctrl-C or until it ends well, and starts it again at
    every save of a Python file. Returns its exit code."""
    saves: Queue[Saved] = Queue()
    with Saves(folder, saves.put):
        server = subprocess.Popen(command, cwd=folder)
        told = False  # that the server has failed
        try:
            while True:
                if name := _saved(saves):
                    _end(server)
                    _tell(f"{shown(folder / name)} was saved: the server starts again.", "cyan")
                    server, told = subprocess.Popen(command, cwd=folder), False
                elif server.poll() is not None and not told:
                    if server.returncode <= 0:  # it ended well, or was ended
                        return server.returncode and 1
                    told = True
                    _tell(
                        f"The server stopped (exit code {server.returncode}); the lines above say "
                        f"why.\nIt starts again when you save a file in {shown(folder)}.",
                        "bold red",
                    )
        except KeyboardInterrupt:  # the server is told by the terminal too, and ends by itself
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(pidfiles.STOP_LIMIT)
            return 0
        finally:
            _end(server)


def _saved(saves: Queue) -> str | None:
    """The name of a Python file that has just been saved; None if there is none."""
    try:
        saved = saves.get(timeout=LOOK_EVERY)
    except Empty:
        return None
    names = (*saved.changed, *saved.others) if isinstance(saved, Saved) else ()
    return next((name for name in names if name.endswith(WATCHED)), None)


def _end(server: subprocess.Popen) -> None:
    if server.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            pidfiles.end(psutil.Process(server.pid))
    server.wait()


def _tell(words: str, style: str) -> None:
    sys.stderr.flush()
    say(words, style=style)
    console.file.flush()
