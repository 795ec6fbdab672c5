"""The groups of requirements.txt: what is installed at once, and what when a command needs it.

Imports only the standard library: the set-up reads them before anything is installed.
"""

import re
from importlib import metadata

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


def is_installed(group: str) -> bool:
    """Whether this interpreter has the packages of a group, of whatever versions."""
    from packaging.requirements import Requirement  # lean, without which no group is asked for

    asked = [Requirement(requirement) for requirement in requirements()[group]]
    return all(_is_there(one.name) for one in asked if not one.marker or one.marker.evaluate())


def names(group: str) -> list[str]:
    """Each of its packages once, whatever the machine."""
    every = [re.match(r"[\w.-]+", requirement)[0] for requirement in requirements()[group]]
    return list(dict.fromkeys(every))


def _is_there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
