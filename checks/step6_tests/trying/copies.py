"""The hidden copies of the chat that the learner's tests are run on."""

import os
import tomllib
from pathlib import Path

from workshop import manifest
from workshop.checking.project_files import NO_FILES, NO_FOLDERS
from workshop.developing import catalogue

STEP = manifest.find("step6_tests")
OWN_FAULT = "fault.toml"


def is_a_test(name: str) -> bool:
    """Whether a file of the learner's belongs to the tests, and not to the chat."""
    return name in STEP.files or not (STEP.solution / name).is_file() or name == "pytest.ini"


def make_copy(project: Path, folder: Path, edits: list[dict]) -> Path:
    """The solution with the learner's tests, and with the edits."""
    right = {
        name: (STEP.solution / name).read_text(encoding="utf-8")
        for name in files_of(STEP.solution)
        if not is_a_test(name)
    }
    for name, text in catalogue.edited(right, edits).items():
        write(folder / name, text.encode())
    for name in files_of(project):
        if is_a_test(name):
            write(folder / name, (project / name).read_bytes())
    return folder


def files_of(folder: Path) -> list[str]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not NO_FOLDERS.match(name)]
        inside = Path(place).relative_to(folder)
        found += [(inside / name).as_posix() for name in names if not NO_FILES.match(name)]
    return found


def write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def own_fault(project: Path) -> list[dict]:
    """The edits of the learner's own fault. Raises ValueError where there is none."""
    file = project / OWN_FAULT
    if not file.is_file():
        raise ValueError(f"There is no {OWN_FAULT} in the step's folder yet.")
    try:
        edit = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{OWN_FAULT} is not TOML: {error}.") from error
    lacks = [name for name in ("file", "replace", "by") if not isinstance(edit.get(name), str)]
    if lacks or len(edit) > 3 or not edit["replace"]:
        raise ValueError(f"{OWN_FAULT} has to say three things: file, replace and by.")
    return [edit]
