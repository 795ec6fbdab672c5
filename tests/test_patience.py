"""Every time limit for what may never come is stretched by one setting."""

import json
import os
import re
import subprocess
import sys

from tests.conftest import ROOT
from workshop.checking import patience

LIMIT = re.compile(r"^([A-Z]+_(?:WITHIN|LATE|LIMIT)) = ", re.MULTILINE)
# What no check fails by: the workshop's own processes with one another, the file system, an end.
OF_THE_MACHINERY = {
    "fork_server.REQUEST_WITHIN",
    "launch.ANSWERS_WITHIN",
    "room.LEFT_WITHIN",
    "saves.SAVED_WITHIN",
}

VALUES = """
import importlib, json, sys
names = [name.rpartition(".") for name in sys.argv[1:]]
print(json.dumps([getattr(importlib.import_module(module), name) for module, _, name in names]))
"""


def limits() -> list[str]:
    """All limits of the checks, each as "module.NAME"."""
    return [
        f"{'.'.join(file.relative_to(ROOT).with_suffix('').parts)}.{name}"
        for folder in ("checks", "workshop/checking")
        for file in sorted((ROOT / folder).glob("**/*.py"))
        for name in LIMIT.findall(file.read_text(encoding="utf-8"))
        if f"{file.stem}.{name}" not in OF_THE_MACHINERY
    ]


def values(names, **environment) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", VALUES, *names],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_limits_are_stretched_by_the_one_setting():
    names = limits()
    assert len(names) >= 10
    usual = values(names, **{patience.VARIABLE: ""})
    assert values(names, **{patience.VARIABLE: "3"}) == [3 * value for value in usual]


def test_a_run_of_the_checks_leaves_five_of_its_twenty_seconds_for_the_rest():
    name = "workshop.checking.session.RUN_LIMIT"
    assert values([name], **{patience.VARIABLE: "1"}) == [15]
