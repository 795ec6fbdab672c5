"""Every text file is opened with its encoding named: its default is another one on Windows.

test_style.py finds the open() calls of our own; here everything runs with Python's own warning,
which also knows of read_text(), subprocess and TextIOWrapper.
https://docs.python.org/3/library/io.html#opt-in-encodingwarning
"""

import pytest

from workshop import manifest, ports

from .conftest import check, copy_of, edit, first_of
from .copied import Workshop

FOLDER = manifest.ROOT / "tests" / "encoding"
WARNS = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONPATH": str(FOLDER)}
COMMANDS = [
    "",
    "doctor",
    "check step1",
    "check step2 --hint",
    "check step2 --stretch",
    "check step3 --json",
    "diff step2",
    "look step3 --solution --once",
    "slides --plan",
    "dev check step2",
    "catchup step3",
    "reset step2",
    "stop",
]


@pytest.mark.slow
def test_no_command_relies_on_the_default_encoding(tmp_path):
    workshop = Workshop(tmp_path / "workshop")
    variables = {
        "PYTHONWARNDEFAULTENCODING": "1",
        "PYTHONPATH": str(workshop.root / FOLDER.relative_to(manifest.ROOT)),
        "REDIS_URL": f"redis://127.0.0.1:{ports.any_free()}",
    }
    for command in COMMANDS:
        done = workshop.type(*command.split(), **variables)
        said = done.stdout + done.stderr
        assert "EncodingWarning" not in said and "Traceback" not in said, f"{command}:\n{said}"
        fails = command.startswith(("check", "dev"))
        assert done.returncode in ((0, 1) if fails else (0,)), f"{command}:\n{said}"


@pytest.mark.parametrize("step", first_of(manifest.steps()), ids=lambda step: step.short)
def test_no_check_does(step):
    done = check(step.short, "--solution", **WARNS)
    assert done.code == 0 and "EncodingWarning" not in done.out + done.err, done.out + done.err


def test_whatever_does_would_fail(tmp_path):
    project = copy_of(manifest.find("step2").solution, tmp_path / "project")
    first = "import json\n"
    edit(project, "chat/consumers.py", first, f"{first}open(__file__).close()\n")
    assert check("step2", "--project", project).code == 0
    done = check("step2", "--project", project, **WARNS)
    assert done.code == 1 and "EncodingWarning" in done.out, done.out
