"""workshop.zip: the repository as it is committed or, without git, as it was unpacked."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from ..environment import ROOT

FOLDER = "realtime-django"  # what the ZIP file unpacks to
# What git would not have: .gitignore lists the same.
NOT_OURS = r"\.venv.*|\.workshop|build|__pycache__|.*\.pyc|\.\w+_cache|\.ipynb_checkpoints"
NOT_OURS += r"|node_modules|db\.sqlite3|\.git|\.DS_Store"


def write(file: Path, root: Path = ROOT) -> list[str]:
    """Makes the ZIP file. Returns which of the committed files have changed since."""
    part = file.with_name(f"{file.name}.part")
    changed = []
    if (root / ".git").exists() and shutil.which("git"):
        archive = ["archive", "--format=zip", f"--prefix={FOLDER}/", f"--output={part.absolute()}"]
        _git(root, *archive, "HEAD")
        changed = _git(root, "diff", "--name-only", "HEAD").splitlines()
    else:
        _write_files(part, root)
    part.replace(file)
    return changed


def _git(root: Path, *arguments: str) -> str:
    # A checkout that another user owns, on a stick for example, is one that we were asked for.
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def _write_files(part: Path, root: Path) -> None:
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not re.fullmatch(NOT_OURS, name))
            for name in sorted(names):
                if not re.fullmatch(NOT_OURS, name):
                    path = Path(place, name)
                    _add(archive, path, path.relative_to(root).as_posix())


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo.from_file(path, f"{FOLDER}/{name}", strict_timestamps=False)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix: the permissions count where it is unpacked
    if re.fullmatch(r"checks/step\d+|\.ci/run", name):  # an earlier ZIP file may have lost them
        entry.external_attr = 0o100755 << 16
    archive.writestr(entry, path.read_bytes())
