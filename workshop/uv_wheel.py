"""Takes uv out of its wheel: with the standard library, which needs neither pip nor ensurepip and
saves their seconds.

Imports only the standard library: this runs before anything is installed.
"""

import hashlib
import io
import os
import platform
import re
import sys
import sysconfig
import urllib.parse
import urllib.request
import zipfile
from html import unescape
from pathlib import Path

from .groups import PINS, hashes
from .set_up_failures import silence_limit

UV = [PINS / "uv.txt"]  # its files for all machines
PYPI = "https://pypi.org/simple"
# Of the variables that name an index for pip or uv, the first that is set.
INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
LINK = re.compile(r"""<a\s[^>]*?href=["']([^"'#]+)#sha256=([0-9a-f]{64})""")


class NotPinned(Exception):
    """What should have been uv's wheel is another file."""


def from_index() -> bytes:
    """uv's wheel for this machine, from the package index. Raises OSError or ValueError."""
    index = next(filter(None, map(os.environ.get, INDEXES)), PYPI)
    page = index.rstrip("/") + "/uv/"
    with urllib.request.urlopen(page, timeout=silence_limit()) as answer:
        links = LINK.findall(answer.read().decode("utf-8", "replace"))
    pinned = hashes(UV)
    for link, digest in links:
        address = urllib.parse.urljoin(page, unescape(link))
        if digest in pinned and suits_this_machine(address.rpartition("/")[2]):
            with urllib.request.urlopen(address, timeout=silence_limit()) as answer:
                return answer.read()
    raise ValueError("the package index has no such uv for this machine")


def unpack(wheel: bytes, program: Path) -> None:
    """Writes the program that is in the wheel. Raises NotPinned unless it is one of pins/."""
    if hashlib.sha256(wheel).hexdigest() not in hashes(UV):
        raise NotPinned
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        (inside,) = (n for n in archive.namelist() if n.endswith(f".data/scripts/{program.name}"))
        program.write_bytes(archive.read(inside))
    program.chmod(0o755)


def suits_this_machine(wheel: str) -> bool:
    """Whether a wheel with that name runs here, by its platform tags alone: uv asks for no Python.
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/"""
    tags = wheel.removesuffix(".whl").rpartition("-")[2].split(".")
    machine = platform.machine().lower()
    if sys.platform == "win32":
        return ("win32" if machine == "x86" else f"win_{machine}") in tags
    if sys.platform == "darwin":
        system = "macosx"
    elif "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        system = "musllinux"
    else:
        system = "manylinux"
    return "any" in tags or any(t.startswith(system) and t.endswith(f"_{machine}") for t in tags)
