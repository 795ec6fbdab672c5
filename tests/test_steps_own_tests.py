"""The steps' own tests, in the style of the Channels documentation, pass on every solution and fail
on every untouched starter: they are about what the attendee writes."""

import os
import subprocess
import sys

import pytest

from tests.conftest import copy_of
from workshop import manifest

STEPS = manifest.steps()
# The opponents of step 1 think for seconds, or until the tests have lost their patience.
EACH = [pytest.param(one, marks=pytest.mark.slow if one is STEPS[0] else ()) for one in STEPS]


def run_pytest(folder, *options):
    """`pytest` as an attendee runs it in a step's folder, which holds its own pytest.ini."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(manifest.ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,  # for a test that hangs; not a measurement
        encoding="utf-8",
    )


@pytest.mark.parametrize("step", EACH, ids=lambda step: step.short)
def test_they_pass_on_the_solution(step):
    done = run_pytest(step.solution, "-p", "tests.patient_communicators")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout and "skipped" not in done.stdout


@pytest.mark.parametrize("step", EACH, ids=lambda step: step.short)
def test_they_fail_on_the_untouched_starter(step, tmp_path):
    done = run_pytest(copy_of(step.starter, tmp_path / "copy"))
    assert done.returncode == 1, done.stdout + done.stderr
