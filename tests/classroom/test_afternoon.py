"""A simulated afternoon, over real sockets: benchmarks/classroom."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

from .conftest import HANGS


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="on Windows, server processes cannot share a port")
def test_every_result_is_counted_once_whatever_goes_wrong(tmp_path):
    """Laptops that sleep, a server that is started again, a Redis that is lost; and two server
    processes. How late the pages are depends on the machine, so it is not judged here."""
    options = ["--seats", "10", "--processes", "2", "--minute", "1", "--exercise", "4"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "classroom", *options],
        cwd=ROOT,
        env={**os.environ, "BENCHMARK_RESULTS": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "classroom.json").read_text(encoding="utf-8"))
    assert found["wrong"] == []
    assert found["counts"] == {"results": 120, "messages": 60, "polls": 8}
    assert found["back_s"].keys() == {"server", "redis"}
    assert found["board_p99_s"] > 0 and found["screen_p99_s"] > 0
