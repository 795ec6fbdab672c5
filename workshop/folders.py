"""Copies of a step's folder: compared, saved, put in place. Nothing an attendee wrote is lost."""

import os
from datetime import datetime
from pathlib import Path

from . import manifest

MADE_BY_PROGRAMS = ("__pycache__", ".pytest_cache", ".ipynb_checkpoints", ".DS_Store")
MADE_BY_PROGRAMS += ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm")

Contents = dict[str, tuple[bytes, int]]  # path in the folder: bytes and permissions


def contents(folder: Path) -> Contents:
    """The folder's files, without those that programs create on the way."""
    found = {}
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if name not in MADE_BY_PROGRAMS]
        for path in (Path(place, name) for name in names if name not in MADE_BY_PROGRAMS):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                found[name] = path.read_bytes(), path.stat().st_mode & 0o777
    return dict(sorted(found.items()))


def write(folder: Path, content: Contents) -> None:
    """Writes the files. Whatever else is in the folder stays."""
    for name, (data, mode) in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)


def save(folder: Path) -> Path:
    """Makes a dated copy of the folder under .workshop/saved/. Returns where."""
    stem = f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{folder.name}"
    number = 1
    while True:
        copy = manifest.STATE / "saved" / (stem if number == 1 else f"{stem}_{number}")
        try:
            copy.mkdir(parents=True)
            break
        except FileExistsError:  # another one within the same second
            number += 1
    write(copy, contents(folder))
    return copy


def put(source: Path, target: Path, exactly: bool, leave: tuple[str, ...] = ()) -> Path | None:
    """Puts the files of `source` into `target`, except for those to `leave`; with `exactly`, what
    only `target` has is removed.

    Saves `target` first and returns where; None, with nothing done, when nothing differs. Goes file
    by file, so that a terminal or a server that is in the folder can go on.
    """
    wanted, there = contents(source), contents(target)
    wanted = {name: file for name, file in wanted.items() if name not in leave}
    changed = {name: file for name, file in wanted.items() if there.get(name, [None])[0] != file[0]}
    extra = [name for name in there if exactly and name not in wanted]
    if not changed and not extra:
        return None
    saved = save(target)
    for name in extra:
        (target / name).unlink()
    write(target, changed)
    return saved


def shown(path: Path) -> str:
    """The path as people would type it at the top of the workshop."""
    return path.relative_to(manifest.ROOT).as_posix()
