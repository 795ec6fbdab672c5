"""Detects saves in a step's folder, whatever the editor and the file system.

File events say *when* to look, never what happened: an editor may write in place, or to another
file that it then renames (vim, JetBrains and VS Code each do it in their own way). What was saved
is found by comparing the folder's files before and after, once they have been still for a moment.

Where events do not arrive (network drives, Windows folders seen from WSL, some containers), an
occasional look finds what they did not report; from then on, frequent looks replace them.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchfiles import watch

from workshop.checking.project_files import CHECKED, digest, files_in

# Seconds
STILL = 0.01  # nothing may change for this long before a save counts as finished
SAVED_WITHIN = 0.5  # but no longer than this: a file that vanished comes back by then or not at all
LOOK_EVERY = 0.5  # where events arrive
POLL_EVERY = 0.3  # where they do not


@dataclass(frozen=True)
class Saved:
    """A save. Names are relative to the folder."""

    changed: tuple[str, ...]  # files that the check depends on
    others: tuple[str, ...]  # saved as they were, or of no importance to the check


@dataclass(frozen=True)
class Polling:
    """From now on the folder is looked at every POLL_EVERY seconds."""

    why: str


@dataclass(frozen=True)
class File:
    stamp: tuple[int, int, int]  # time of change, size, inode
    content: bytes | None  # a digest; None when the check does not depend on it


class Saves:
    """Calls `tell` with every Saved, and with Polling if it has to poll, in a thread of its own.

    The state before is that of the moment when this object is made.
    """

    def __init__(self, folder: Path, tell: Callable[[Saved | Polling], None]):
        self.folder = folder
        self._tell = tell
        self._known = self._files({})
        self._stopped = threading.Event()
        self._polling = _polling_is_asked_for()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Saves":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        if self._polling:
            self._tell(Polling("WATCHFILES_FORCE_POLLING asks for it"))
        missed = False
        for announced in self._moments():
            now = self._settled()
            if now == self._known:
                missed = False
            elif announced or missed or self._polling:
                if not announced:
                    self._polling = True
                    self._tell(Polling("the file system does not report changes"))
                missed = False
                before, self._known = self._known, now
                if saved := compare(before, now):
                    self._tell(saved)
            else:
                missed = True  # or the event is only late: then it will be there next time

    def _moments(self) -> Iterator[bool]:
        """Yields when it is time to look: True when an event said so."""
        while not self._stopped.is_set():
            if self._polling or not self.folder.is_dir():
                self._stopped.wait(POLL_EVERY)
                yield True
                continue
            try:
                yield from self._moments_by_events()
            except OSError:  # the folder vanished just now, or there are too many watches
                self._polling = self.folder.is_dir()

    def _moments_by_events(self) -> Iterator[bool]:
        folder = _identity(self.folder)
        first = True  # what changed before the watch began cannot have been reported
        for changes in watch(
            self.folder,
            watch_filter=None,
            step=5,  # milliseconds, as are the following
            debounce=200,
            rust_timeout=int(LOOK_EVERY * 1000),
            yield_on_timeout=True,
            stop_event=self._stopped,
            force_polling=False,
            raise_interrupt=False,
        ):
            yield bool(changes) or first
            first = False
            if self._polling or _identity(self.folder) != folder:
                return

    def _settled(self) -> dict[str, File]:
        """The folder's files when a save is over."""
        now = self._files(self._known)
        end = time.monotonic() + SAVED_WITHIN
        while now != self._known and time.monotonic() < end and not self._stopped.wait(STILL):
            before, now = now, self._files(now)
            if now == before and self._known.keys() <= now.keys():
                break
        return now

    def _files(self, known: dict[str, File]) -> dict[str, File]:
        """The folder's files by name; those that are unchanged in `known` are not read again."""
        files = {}
        for path, stat in files_in(self.folder):
            short = os.path.relpath(path, self.folder)
            stamp = stat.st_mtime_ns, stat.st_size, stat.st_ino
            if short in known and known[short].stamp == stamp:
                files[short] = known[short]
                continue
            try:
                files[short] = File(stamp, digest(path, stat))
            except OSError:
                continue  # it vanished in the middle of a save
        return files


def compare(before: dict[str, File], now: dict[str, File]) -> Saved | None:
    """What was saved, if anything."""
    different = [
        name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)
    ]
    changed = tuple(
        name
        for name in different
        if name.endswith(CHECKED) and _content_in(before, name) != _content_in(now, name)
    )
    others = tuple(name for name in different if name in now and name not in changed)
    return Saved(changed, others) if changed or others else None


def _content_in(files: dict[str, File], name: str) -> bytes | None:
    return files[name].content if name in files else None


def _identity(folder: Path) -> tuple[int, int] | None:
    """Identifies the folder, so that one that replaced it is noticed."""
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _polling_is_asked_for() -> bool:
    """By the variable of watchfiles: https://watchfiles.helpmanual.io/api/watch/"""
    value = os.environ.get("WATCHFILES_FORCE_POLLING", "")
    return value.lower() not in ("", "false", "disable", "disabled")
