"""One style for all that attendees read."""

import subprocess
import sys

import pytest

from workshop import manifest


@pytest.mark.parametrize("how", [["check"], ["format", "--check"]])
def test_ruff_finds_nothing(how):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *how, "--no-cache", "."],
        cwd=manifest.ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
