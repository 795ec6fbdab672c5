"""A simulated room on the classroom of this machine: `python3 -m benchmarks classroom`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ..doctor import Finding
from ..kit import addresses
from ..manifest import ROOT

LATE = 0.5  # seconds (p99) after which the board or the screen is too slow to steer by


def rehearse(seats: int) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--seats", str(seats), "--minute", "10", "--exercise", "10"]
        ended = subprocess.run(
            [sys.executable, "-m", "benchmarks", "classroom", *options],
            cwd=ROOT,
            env={**os.environ, "BENCHMARK_RESULTS": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )
        file = Path(folder) / "classroom.json"
        if not file.exists():
            return [Finding("the classroom", ended.stderr.strip()[-1000:] or "It could not run.")]
        found = json.loads(file.read_text(encoding="utf-8"))
    counts = ", ".join(f"{count} {what}" for what, count in found["counts"].items())
    return [
        Finding(f"{seats} seats: {counts}, each counted once", "\n    ".join(found["wrong"])),
        *(_delay(page, found[f"{page}_p99_s"]) for page in ("board", "screen")),
        _network(),
    ]


def _delay(page: str, seconds: float) -> Finding:
    seen = f"the {page} is {seconds} s late (p99)"
    return Finding(seen, "Close what else keeps this machine busy." if seconds > LATE else "")


def _network() -> Finding:
    found = addresses.in_the_room()
    if found:
        return Finding(f"the room would reach it at {', '.join(found)}")
    return Finding("this machine is in no network now; `classroom --lan` needs one", "", True)
