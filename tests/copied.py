"""A copy of the whole workshop, in which a test types commands as an attendee does."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

from workshop import manifest

LEFT_OUT = (".git", ".venv*", ".workshop", "__pycache__", "build", "node_modules", ".*_cache")


def as_on_windows(os):
    """A module `os` that says it is one of Windows, for one module to use. (All others go on with
    the real one: pathlib, for example, could not.)"""
    return SimpleNamespace(**{**vars(os), "name": "nt"})


class Workshop:
    """The copy, and what is typed there."""

    def __init__(self, root: Path, python: Path | str = sys.executable):
        shutil.copytree(manifest.ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.root = root
        self.python = python

    def command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "workshop", *arguments]

    def type(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Runs `python3 -m workshop ARGUMENTS` without a terminal, and waits until it ends."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=600,  # for a test that hangs; not a measurement
        )


def python_with_nothing(folder: Path) -> Path:
    """A Python as it comes: without any package, pip included."""
    venv.create(folder, symlinks=os.name == "posix")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
