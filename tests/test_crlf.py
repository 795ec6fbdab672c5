"""A program whose output ends its lines with CRLF, as Python's print() does on Windows.

On Windows all of the catalogue runs that way (tests/test_three_ways.py). Elsewhere this makes
Python do it, in the checks and the programs under check, for a sample of the mistakes.
"""

import os

import pytest

from tests.catalogue import entries, name_of, project_of
from tests.conftest import ROOT, quick_check, side_by_side
from workshop.checking.processes.log import Log

EVERY = 24  # one mistake of so many; WORKSHOP_CRLF=1 takes all of them, in some minutes
MISTAKES = [
    entry for entry in entries("mistakes") if not {"unreachable", "redis"} & entry[1].keys()
]
SAMPLE = MISTAKES[:: 1 if os.environ.get("WORKSHOP_CRLF") else EVERY]


@pytest.fixture(scope="module")
def tried(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")

    def run(checks, entry):
        return quick_check(
            checks, entry[0], "--project", project_of(entry, folder / name_of(entry)), "--json"
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "crlf"))
        with side_by_side(request, "entry", run) as result_of:
            yield result_of


@pytest.mark.slow
@pytest.mark.parametrize("entry", SAMPLE, ids=name_of)
def test_a_mistake_is_diagnosed_all_the_same(entry, tried):
    done = tried(entry)
    assert "\r\n" in done.out  # it was made to do so
    assert done.failed["diagnosis"] == entry[1]["diagnosis"], done.failed["message"]


def test_a_log_has_one_line_ending(tmp_path):
    log = Log(tmp_path)
    for line in (b"Traceback (most recent call last):\r\n", b'  File "a.py", line 1\r\n', b"x\n"):
        log.add(line)
    assert log.text == 'Traceback (most recent call last):\n  File "a.py", line 1\nx\n'
