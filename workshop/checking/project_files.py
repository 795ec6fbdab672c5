"""Which files of a project decide how its check ends, and whether they are as they were."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

CHECKED = (".py", ".html", ".txt", ".js", ".css", ".json", ".toml", ".env")  # decide a behavior
NO_FOLDERS = re.compile(r"\.|__pycache__$|node_modules$|venv$")  # from the name's start
NO_FILES = re.compile(  # what editors, systems and databases write beside what one wrote oneself
    r"\.(?!env$)|.*~$|#|.*\.(sw.|py[co]|tmp|bak|orig|log)$|.*\.sqlite3|.*___jb_\w+___$|4913$"
)
FILES_SEEN = 5000
SIZE_READ = 1_000_000  # bytes; a larger file is told apart by its time alone


def files_in(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The folder's files, those that decide nothing included: the path of each and its stat."""
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
    """What tells the file's content from another; None where the check does not depend on it."""
    if not path.endswith(CHECKED):
        return None
    if stat.st_size > SIZE_READ:
        return str(stat.st_mtime_ns).encode()
    return hashlib.sha256(Path(path).read_bytes()).digest()


def fingerprint(folder: Path) -> str:
    """Tells the project as it is saved now from any other state of it: equal for equal names and
    contents, whenever they were saved."""
    whole = hashlib.sha256()
    for path, stat in sorted(files_in(folder)):
        try:
            content = digest(path, stat)
        except OSError:
            continue
        if content is not None:
            whole.update(os.path.relpath(path, folder).encode(errors="surrogateescape") + b"\0")
            whole.update(content)
    return whole.hexdigest()
