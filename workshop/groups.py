"""The groups of requirements.txt: what is installed at once, and what when a command needs it.

Imports only the standard library: the set-up reads them before anything is installed.
"""

import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from .environment import ROOT

LEAN = "lean"  # what everything but notebooks, slides and tests needs
HEADING = "# Group "
PINS = ROOT / "pins"  # a file for each group, and one for uv: `dev pins` makes them


def requirements() -> dict[str, list[str]]:
    """The requirements of each group, in the order of the file."""
    groups: dict[str, list[str]] = {}
    group = None
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(HEADING):
            name = line.removeprefix(HEADING).partition(":")[0]
            group = groups.setdefault(name, [])
        elif requirement := line.partition("#")[0].strip():
            if group is None:
                raise ValueError(f"requirements.txt: {requirement} is in no group")
            group.append(requirement)
    return groups


def hashes(files: Iterable[Path]) -> set[str]:
    """The SHA-256 of all that these files of pins/ allow, in hexadecimal digits."""
    pattern = r"--hash=sha256:([0-9a-f]{64})\b"
    return {digest for file in files for digest in re.findall(pattern, file.read_text("utf-8"))}


def is_installed(group: str) -> bool:
    """Whether this interpreter has the packages of a group, of whatever versions."""
    return all(map(_is_there, names(group)))


def names(group: str) -> list[str]:
    """The packages of a group that this machine needs."""
    from packaging.requirements import Requirement  # lean: no other group is installed before it

    asked = map(Requirement, requirements()[group])
    return [one.name for one in asked if not one.marker or one.marker.evaluate()]


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
