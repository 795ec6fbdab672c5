"""What a check pays for telling a classroom how it ended: milliseconds in the check's own process.

Each time in a new process, which has imported what a check has: from the question whether somebody
has joined to the moment at which the report goes on. What sends the result is a process of its own;
here it finds nothing to send.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import results
from workshop.joined.seat import FILE
from workshop.manifest import ROOT

PROGRAM = """
import json, psutil, sys, time
from pathlib import Path
from types import SimpleNamespace as of
import workshop.checking.command
from workshop.checking.reporting import progress, report
from workshop.joined import seat

seat.FOLDER = Path(sys.argv[1])
told = of(step=of(short="step2"), results=[], titles=["test_a"], failed=None, seconds=1.5)
began, cpu = time.perf_counter(), time.process_time()
if seat.is_there():
    from workshop.checking.reporting import classroom
    classroom.report(told)
took = time.perf_counter() - began, time.process_time() - cpu
psutil.wait_procs(psutil.Process().children())  # what sends; a check doesn't wait for it
print(json.dumps([1000 * seconds for seconds in took]))
"""
SEAT = {"address": "http://127.0.0.1:9", "key": "1:x", "label": "amber otter"}
SEAT |= {"pair": "ABCDEFGH", "code": "K7PQXM", "told": True}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    measured = {}
    for what, seat in (("not joined", None), ("joined", SEAT)):
        with tempfile.TemporaryDirectory() as folder:
            if seat:
                (Path(folder) / FILE).write_text(json.dumps(seat), encoding="utf-8")
            measured[what] = [once(folder) for _ in range(options.runs)]
            if seat and len(list((Path(folder) / "outbox").glob("*.json"))) != options.runs:
                print("Not every result is in the outbox.")
                return 1
    rows = {
        what: {"wall_ms": _median(times, 0), "cpu_ms": _median(times, 1)}
        for what, times in measured.items()
    }
    for what, row in rows.items():
        print(f"{what:11}{row['wall_ms']:7.2f} ms, of which {row['cpu_ms']:.2f} ms CPU (medians)")
    path = results.write("joined", options=vars(options), rows=rows)
    print(f"Written to {results.shown(path)}")
    late = rows["joined"]["wall_ms"] > options.within
    if late:
        print(f"Too slow: more than {options.within} ms.")
    return 1 if late else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks joined", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=30, help="of each; default: %(default)s")
    add("--within", type=float, default=5, help="fail if the median is more ms; default 5")
    return parser.parse_args(arguments)


def once(folder: str) -> list[float]:
    command = [sys.executable, "-c", PROGRAM, folder]
    return json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def _median(times: list[list[float]], which: int) -> float:
    return round(statistics.median(one[which] for one in times), 2)
