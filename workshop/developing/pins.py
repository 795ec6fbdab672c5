"""Makes pins/: the version of every package that a kit holds, and the hashes of its files.

What comes out of a kit is checked against them. The hashes come with the clone, so whoever hands
out a kit cannot slip in another file.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..environment import COMMAND, uv
from ..groups import LEAN, PINS, requirements
from ..kit import choosing, making
from ..kit.pairs import pairs
from ..oldest import PYTHON

HEADER = f"# Made by `{COMMAND} dev pins`. Do not edit.\n"
# For every platform and Python at once, with markers; only what needs no compiler on a laptop.
OPTIONS = ["--universal", "--generate-hashes", "--only-binary=:all:"]
OPTIONS += ["--python-version", "{}.{}".format(*PYTHON)]
OPTIONS += ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url"]


class NotPinned(Exception):
    """uv found no versions that fit together. The message is uv's."""


def make() -> list[Path]:
    """Writes the files anew, with the newest versions that fit, and returns them."""
    groups = requirements()
    everything = _compile([line for lines in groups.values() for line in lines])
    files = {"uv": _compile(["uv"])}
    for group, lines in groups.items():
        files[group] = _compile(lines, everything)
        if group != LEAN:  # each is installed beside it
            files[group] = _without(files[LEAN], files[group])
    PINS.mkdir(exist_ok=True)
    return [_write(PINS / f"{name}.txt", pins) for name, pins in files.items()]


def lacking() -> list[str]:
    """For which of the machines that a kit is for a pinned version has no wheel, a sentence each.
    uv sees to that for the machine that it runs on, and for the others only that there is one."""
    return choosing.choose(making.pins(lean=False), pairs(None, None)).lacking


def _compile(requirements: list[str], constraints: str = "") -> str:
    with tempfile.TemporaryDirectory() as folder:
        asked, fixed = Path(folder, "requirements.in"), Path(folder, "constraints.txt")
        asked.write_text("\n".join(requirements), encoding="utf-8")
        fixed.write_text(constraints, encoding="utf-8")
        done = subprocess.run(
            [
                shutil.which("uv") or str(uv()),
                "pip",
                "compile",
                *OPTIONS,
                "--constraint",
                str(fixed),
                str(asked),
            ],
            capture_output=True,
            encoding="utf-8",
        )
    if done.returncode:
        raise NotPinned(done.stderr.strip())
    return done.stdout


def _without(others: str, pins: str) -> str:
    """The pins that are not among the others. A pin is a line and the indented ones below it."""
    known = set(_apart(others))
    return "".join(pin for pin in _apart(pins) if pin not in known)


def _apart(pins: str) -> list[str]:
    return re.findall(r"^\S.*\n(?:[ \t].*\n)*", pins, re.MULTILINE)


def _write(file: Path, pins: str) -> Path:
    file.write_text(HEADER + pins, encoding="utf-8", newline="\n")
    return file
