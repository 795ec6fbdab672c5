"""A kit: the workshop's packages as files, in a folder or at an address of the room's network.

Whoever hands it out need not be trusted: what is taken out of it has one of the hashes in pins/,
which came with the clone.

Imports only the standard library: this runs before anything is installed.
"""

import platform
import re
import urllib.error
import urllib.request
from pathlib import Path

from .environment import COMMAND, ROOT
from .groups import PINS
from .set_up_failures import silence_limit
from .uv_wheel import suits_this_machine

REMEMBERED = ROOT / ".workshop" / "kit"  # where the packages came from, for what is asked for later
SUMS = re.compile(r"^([0-9a-f]{64}) [ *]wheels/(\S+\.whl)\s*$", re.MULTILINE)  # of sha256sum

CHANGED = r"Hash mismatch for `([^`]+)`|Failed to extract archive: (\S+)"  # uv's words


class KitError(Exception):
    """The kit cannot be used. The message says why, without what to type next."""


class Kit:
    """What is at `where`: the path of a folder, or an address that begins with http:// or https://."""

    def __init__(self, where: str):
        self.is_folder = not where.lower().startswith(("http://", "https://"))
        self.where = (
            str(Path(where).expanduser().resolve()) if self.is_folder else where.rstrip("/")
        )
        self.links = f"{self.where}/wheels/"  # for uv's --find-links

    def remember(self) -> None:
        REMEMBERED.parent.mkdir(exist_ok=True)
        REMEMBERED.write_text(self.where, encoding="utf-8")

    def read(self, name: str) -> bytes:
        """The content of one of its files. Raises KitError."""
        try:
            if self.is_folder:
                return Path(self.where, name).read_bytes()
            # It is in this room: a proxy, which leads out of it, would not find it.
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(f"{self.where}/{name}", timeout=silence_limit()) as answer:
                return answer.read()
        except (OSError, ValueError) as error:  # what urllib raises is of these
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise KitError(
                f"There is no kit at {self.where} ({name}: {why}). Check the address."
            ) from error

    def wheels(self) -> dict[str, str]:
        """The hash of each of its wheels. Raises KitError."""
        sums = self.read("SHA256SUMS").decode("utf-8", "replace")
        found = {name: digest for digest, name in SUMS.findall(sums)}
        if not found:
            raise KitError(
                f"What answers at {self.where} is not a kit: its SHA256SUMS lists no wheels."
            )
        return found

    def uv(self) -> bytes:
        """The wheel of uv for this machine, not checked yet. Raises KitError."""
        for name in self.wheels():
            if name.startswith("uv-") and suits_this_machine(name):
                return self.read(f"wheels/{name}")
        raise KitError(
            f"The kit at {self.where} was not made for this kind of machine: it has no uv."
        )

    def explain(self, output: str) -> str | None:
        """Why uv could not install from it, as far as uv's output says; None if it doesn't."""
        if changed := re.search(CHANGED, output):
            return changed_file(changed[1] or changed[2], self.where)
        for pattern in (
            r"Because ([\w.-]+)(?:==\S+)? (?:was not found|ha(?:s|ve) no|needs)",
            r"no versions? of ([\w.-]+?)(?:==|\s)",
        ):
            if missing := re.search(pattern, output):
                return self._lacks(missing[1])
        if re.search(r"Failed to fetch|error sending request|timed out", output):
            return f"The kit at {self.where} stopped answering."
        return None

    def _lacks(self, package: str) -> str:
        has = sorted({v for name in self.wheels() if (v := version_of(name, package))})
        asked = pinned_versions(package)
        if has and not set(has) & asked:
            return (
                f"The kit at {self.where} does not suit this copy of the workshop: it has "
                f"{package} {' and '.join(has)}, and pins/ asks for {' or '.join(sorted(asked))}. "
                "Take the copy that is in the kit (workshop.zip), or ask for a newer kit."
            )
        if not has:
            return f"The kit at {self.where} has no {package}."
        return (
            f"The kit at {self.where} has no {package} for this machine ({platform.system()}, "
            f"{platform.machine()}) and Python {platform.python_version()}."
        )


def remembered() -> Kit | None:
    """The kit that was used last, if any."""
    return Kit(REMEMBERED.read_text(encoding="utf-8")) if REMEMBERED.is_file() else None


def changed_file(name: str, where: str) -> str:
    return (
        f"{name} in the kit at {where} is not the file that pins/ names: it is damaged, or "
        "somebody has changed it. It was not installed. Ask for another kit."
    )


def instead(where: str) -> str:
    """What to type when a kit could not be used."""
    return (
        f"Then type again: {COMMAND} --from {where}. Or, with a network that reaches "
        f"https://pypi.org: {COMMAND}"
    )


def version_of(wheel: str, package: str) -> str | None:
    """The version in a wheel's name, if it is one of that package."""
    name, version, _ = wheel.split("-", 2)
    return version if _normal(name) == _normal(package) else None


def pinned_versions(package: str) -> set[str]:
    text = "".join(file.read_text(encoding="utf-8") for file in PINS.glob("*.txt"))
    return {
        version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
        if _normal(name) == _normal(package)
    }


def _normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
