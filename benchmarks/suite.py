"""How long the workshop's own tests take, as `python3 -m workshop test` runs them.

Seconds depend on the machine and on what else it does, so the limit is a ratio to pytest on step
3's own tests, three times before and three times after: seven minutes where those take 1.4 s. (The
checks have the same yardstick: see check_loop.py.)
"""

import argparse
import os
import statistics

from rich.table import Table

from benchmarks import results
from benchmarks.check_loop import own_tests, timed
from benchmarks.programs import redis
from workshop import manifest
from workshop.manifest import ROOT

BOUND = 7 * 60 / 1.4  # ratio that must not be exceeded
TIMES = 3  # step 3's own tests, before and after
LIMIT = 3600  # seconds, which only a test that hangs takes


def main(arguments: list[str]) -> int:
    """0 where the ratio is within its bound, else 1. Raises RuntimeError when a test fails."""
    selected = parse(arguments).tests
    step = manifest.find("step3")
    with redis() as store:
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{store.port}"
        own = [own_tests(step) for _ in range(TIMES)]
        seconds = suite(selected)
        own += [own_tests(step) for _ in range(TIMES)]
    ratio = seconds / statistics.median(own)
    table = Table("", "seconds", "of own tests", "at most")
    table.add_row("step 3's own tests, pytest", f"{statistics.median(own):.2f}", "", "")
    holds = ratio <= BOUND
    table.add_row(
        "the workshop's tests",
        f"{seconds:.0f}",
        f"{ratio:.0f}",
        f"{BOUND:.0f} {'✓' if holds else '✗'}",
    )
    results.console().print(table)
    path = results.write(
        "suite", tests=selected, seconds=seconds, own=own, ratio=ratio, bound=BOUND
    )
    print(f"Written to {results.shown(path)}")
    return 0 if holds else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks suite",
        description=__doc__.partition("\n")[0],
        epilog="Exit status 1: the ratio is over its bound. Don't use the machine in the meantime.",
    )
    parser.add_argument("tests", nargs="*", metavar="FILE", help="only the tests of these files")
    return parser.parse_args(arguments)


def suite(selected: list[str]) -> float:
    """Seconds that the tests took. Raises RuntimeError when they did not pass."""
    return timed(["-m", "workshop", "test", "-q", *selected], ROOT, LIMIT)
