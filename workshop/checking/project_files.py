"""Which files of a project decide the result of its check, and whether they have changed."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

CHECKED = (".py", ".html", ".txt", ".js", ".css", ".json", ".toml", ".env")  # decide a behavior
NO_FOLDERS = re.compile(r"\.|__pycache__$|node_modules$|venv$")  # from the name's start
NO_FILES = re.compile(  # what editors, systems and databases write next to one's own files
    r"\.(?!env$)|.*~$|#|.*\.(sw.|py[co]|tmp|bak|orig|log)$|.*\.sqlite3|.*___jb_\w+___$|4913$"
)
FILES_SEEN = 5000
SIZE_READ = 1_000_000  # bytes; larger files are only compared by time


def files_in(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The folder's files, including those that decide nothing: the path of each and its stat."""
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not NO_FOLDERS.match(name)]
        for name in names:
            if NO_FILES.match(name) or seen == FILES_SEEN:
                continue
            path = os.path.join(place, name)
            try:
                yield path, os.stat(path)
            except OSError:
                continue  # it vanished in the middle of a save
            seen += 1


def digest(path: str, stat: os.stat_result) -> bytes | None:
    """What identifies the file's content; None where the check does not depend on it."""
    if not path.endswith(CHECKED):
        return None
    if stat.st_size > SIZE_READ:
        return str(stat.st_mtime_ns).encode()
    return hashlib.sha256(Path(path).read_bytes()).digest()


def digests(folder: Path) -> dict[str, bytes]:
    """The project as it is saved now: of each file that decides something, the digest, by name."""
    found = {}
    for path, stat in sorted(files_in(folder)):
        try:
            content = digest(path, stat)
        except OSError:
            continue
        if content is not None:
            found[os.path.relpath(path, folder)] = content
    return found


def fingerprint(found: dict[str, bytes]) -> str:
    """Identifies a project by its digests: equal for equal names and contents, whenever they were
    saved."""
    whole = hashlib.sha256()
    for name, content in found.items():
        whole.update(name.encode(errors="surrogateescape") + b"\0")
        whole.update(content)
    return whole.hexdigest()
