"""The database that a project's migrations have made, kept for the next check: to run them takes
a third of a check's time, and between two checks hardly anybody changes them.

It is used again only while all that they may depend on is as it was: the versions of Python and
Django, the names of the project's files, and the content of each, but for Python files that
`manage.py migrate` did not import. Each step has a file in .workshop/migrated/: the first line
has what it depends on, and the rest is the database.
"""

import contextlib
import json
import os
import platform
from pathlib import Path

from workshop.checking.project_files import fingerprint
from workshop.manifest import STATE, Step


def used_again(step: Step, project: dict[str, bytes], database: str) -> bool:
    """Write the kept database to the file `database`, if there is one for the project with these
    digests."""
    try:
        head, _, content = _kept(step).read_bytes().partition(b"\n")
        wanted, imported = json.loads(head)
        if wanted != _depends_on(project, imported):
            return False
        Path(database).write_bytes(content)
    except (OSError, ValueError):
        return False
    return True


def keep(step: Step, project: dict[str, bytes], database: str, imported: list[str]) -> None:
    """Keep what is in the file `database` for the next check. The digests are those from before the
    migrations: what was saved since may not be what made it. `imported`: see events.Imported."""
    file = _kept(step)
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # a full disk, a folder that is read only
        head = json.dumps([_depends_on(project, imported), imported]).encode()
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(head + b"\n" + Path(database).read_bytes())
        os.replace(beside, file)  # another check may read it now


def _kept(step: Step) -> Path:
    return STATE / "migrated" / step.name


def _depends_on(project: dict[str, bytes], imported: list[str]) -> str:
    from importlib.metadata import version

    settings = os.environ.get("DJANGO_SETTINGS_MODULE")
    around = repr([platform.python_version(), version("django"), settings])
    deciding = {
        name: content if name in imported or not name.endswith(".py") else b""
        for name, content in project.items()
    }
    return f"{around} {fingerprint(deciding)}"
