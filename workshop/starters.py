"""The untouched starters: a copy of each, kept under .workshop/starters/ for `reset`.

An attendee's work must never be mistaken for a starter. With git, the copy is what is in the last
commit, and it is made anew only when somebody else has changed the step since, as after `git pull`.
Without git it is made once, by the first `python3 -m workshop`, before there is any work.
"""

import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import folders, manifest
from .manifest import Step


class NoStarter(Exception):
    """There is no copy of the untouched starter, and no way to make one."""


def remember() -> None:
    """Keeps a copy of every starter that has none, or that was published again since."""
    head = _git("rev-parse", "HEAD")
    for step in manifest.steps():
        if not _copy(step).is_dir():
            if not _keep_published(step, head) and not head and step.starter.is_dir():
                _keep(step, folders.contents(step.starter))
        elif head and _changed_by_others(step):
            _keep_published(step, head)


def untouched(step: Step) -> Path:
    """The copy of the step's untouched starter. Raises NoStarter."""
    if not _copy(step).is_dir() and not _keep_published(step, _git("rev-parse", "HEAD")):
        raise NoStarter(
            f"There is no copy of the untouched starter of {step.short}. Download the workshop's "
            f"files again, and copy steps/{step.name} from them."
        )
    return _copy(step)


def is_untouched(step: Step) -> bool:
    """Whether the step's folder is as it was published, as far as that is known."""
    there = _copy(step).is_dir() and folders.contents(step.starter)
    return bool(there) and there == folders.contents(_copy(step))


def changed_in_solution(step: Step) -> str | None:
    """A file of the step's solution that differs from the last commit's; None without git."""
    names = _git("diff", "--name-only", "HEAD", "--", f"solutions/{step.name}").splitlines()
    return names[0] if names else None


def _copy(step: Step) -> Path:
    return manifest.STATE / "starters" / step.name


def _commit(step: Step) -> Path:
    """The file that names the commit from which the copy was made."""
    return _copy(step).with_suffix(".commit")


def _keep_published(step: Step, head: str) -> bool:
    """Makes the copy from the last commit; False where there is no git or no such commit."""
    archive = _git_bytes("archive", "--format=tar", "HEAD", f"steps/{step.name}") if head else b""
    if not archive:
        return False
    prefix = f"steps/{step.name}/"
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        content = {
            member.name.removeprefix(prefix): (tar.extractfile(member).read(), member.mode)
            for member in tar
            if member.isfile()
        }
    _keep(step, content)
    _commit(step).write_text(head, encoding="utf-8")
    return True


def _keep(step: Step, content: dict[str, tuple[bytes, int]]) -> None:
    """Writes the copy next to its place and moves it there: half a copy would not be a starter."""
    place = _copy(step)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as beside:
        new = Path(beside, "new")
        folders.write(new, content)
        shutil.rmtree(place, ignore_errors=True)
        try:
            new.rename(place)
        except OSError:  # another terminal was quicker, with the same copy
            if not place.is_dir():
                raise


def _changed_by_others(step: Step) -> bool:
    """Whether the step was committed to since the copy was made, and never by the user who works
    here."""
    if not _commit(step).is_file():
        return False
    since = f"{_commit(step).read_text(encoding='utf-8')}..HEAD"
    authors = _git("log", "--format=%ae", since, "--", f"steps/{step.name}").split()
    return bool(authors) and _git("config", "user.email") not in authors


def _git(*arguments: str) -> str:
    return _git_bytes(*arguments).decode(errors="replace").strip()


def _git_bytes(*arguments: str) -> bytes:
    """What git prints; nothing where git is missing or fails, or this is not a clone."""
    if not (manifest.ROOT / ".git").exists():
        return b""
    try:
        done = subprocess.run(["git", *arguments], cwd=manifest.ROOT, capture_output=True)
    except OSError:
        return b""
    return done.stdout if done.returncode == 0 else b""
