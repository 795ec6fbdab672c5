"""From a clone to the first passing check: with the workshop's command, and with pip by hand.

Each way is measured twice: with empty package caches, and with those that the first run left. The
packages come from wherever pip and uv are set to get them: how fast that is matters more than
anything else here, so a ratio between two rows says more than a row.
"""

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from benchmarks import results
from benchmarks.programs import redis
from workshop.manifest import ROOT

LIMIT = 600  # seconds for one command
PYTHON = sys._base_executable  # as users have it: without any of the packages
INSIDE = Path(".venv", "Scripts/python.exe" if os.name == "nt" else "bin/python")


def by_command(clone: Path, environment: dict) -> None:
    """`python3 -m workshop`, which makes pip install uv where there is none."""
    run(clone, environment, PYTHON, "-m", "workshop")


def by_pip(clone: Path, environment: dict) -> None:
    run(clone, environment, PYTHON, "-m", "venv", ".venv")
    python = str(clone / INSIDE)
    run(clone, environment, python, "-m", "pip", "install", "--quiet", "-r", "requirements.txt")


def by_uv(clone: Path, environment: dict) -> None:
    run(clone, environment, UV, "venv", "--quiet", "--python", PYTHON, ".venv")
    run(clone, environment, UV, "pip", "install", "--quiet", "-r", "requirements.txt")


UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
WAYS = {
    "workshop": ("python3 -m workshop", by_command),
    "pip": ("python3 -m venv, pip install", by_pip),
    "uv": ("uv venv, uv pip install", by_uv),
}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    rows = []
    with redis() as store:  # the check of step 2 needs none, but the command looks for one
        for name in options.only:
            title, make = WAYS[name]
            if name == "uv" and not UV:
                print("uv is skipped: it is not installed", file=sys.stderr)
                continue
            with tempfile.TemporaryDirectory() as caches:
                for cache in ("cold", "warm"):
                    print(f"{title}, {cache} cache", file=sys.stderr)
                    environment = surroundings(Path(caches), store.port)
                    rows.append({"way": name, "cache": cache, **measure(make, environment)})
    show(rows)
    path = results.write("set-up", options=vars(options), rows=rows)
    print(f"Written to {results.shown(path)}")
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks set-up",
        description=__doc__,
        epilog="It downloads every package once for each way, and measures what is committed.",
    )
    parser.add_argument(
        "--only", type=ways, default=list(WAYS), metavar="WAY,…", help=", ".join(WAYS)
    )
    return parser.parse_args(arguments)


def ways(names: str) -> list[str]:
    for name in names.split(","):
        if name not in WAYS:
            raise argparse.ArgumentTypeError(f"no way is called {name!r}")
    return names.split(",")


def surroundings(caches: Path, redis_port: int) -> dict[str, str]:
    """The environment of somebody who has neither the packages nor uv nor anything cached."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
    }
    without_uv = [
        folder
        for folder in os.environ["PATH"].split(os.pathsep)
        if not shutil.which("uv", path=folder)
    ]
    return kept | {
        "PATH": os.pathsep.join(without_uv),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}",
    }


def measure(make, environment: dict[str, str]) -> dict:
    """Seconds for the clone, the packages and the first check, in a folder that is then removed."""
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "workshop"
        times = [time.perf_counter()]
        run(ROOT, environment, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone))
        times.append(time.perf_counter())
        make(clone, environment)
        times.append(time.perf_counter())
        run(clone, environment, str(clone / INSIDE), "checks/step2", "--solution")
        times.append(time.perf_counter())
    clone_s, install_s, check_s = (end - start for start, end in itertools.pairwise(times))
    return {
        "clone_s": clone_s,
        "install_s": install_s,
        "check_s": check_s,
        "seconds": times[-1] - times[0],
    }


def run(folder: Path, environment: dict[str, str], *command: str) -> None:
    """Raises RuntimeError, with the command's output, when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")


def show(rows: list[dict]) -> None:
    table = Table("way", "package cache", title="Seconds from a clone to the first passing check")
    for head in ("clone", "packages", "first check", "together"):
        table.add_column(head, justify="right")
    for row in rows:
        seconds = [row[key] for key in ("clone_s", "install_s", "check_s", "seconds")]
        table.add_row(WAYS[row["way"]][0], row["cache"], *(f"{value:.1f}" for value in seconds))
    results.console().print(table)
