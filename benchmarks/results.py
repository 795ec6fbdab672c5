"""Where results go: JSON with the machine they were measured on, beside the picture, in build/."""

import datetime
import json
import os
import platform
import statistics
from importlib import metadata
from pathlib import Path

from rich.console import Console

from workshop.manifest import ROOT

BUILD = Path(os.environ.get("BENCHMARK_RESULTS", ROOT / "build"))
PACKAGES = ("django", "channels", "channels-redis", "daphne", "redis", "uvicorn", "websockets")
# Okabe and Ito's colors, told apart by the color-blind (https://jfly.uni-koeln.de/color/)
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#999999")


def write(name: str, **content) -> Path:
    """Writes build/NAME.json. Returns where."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **content}, indent=1), encoding="utf-8")
    return path


def machine() -> dict:
    """What a figure depends on, apart from what is measured."""
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,  # of the last minute
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
    }


def version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def console() -> Console:
    """For tables. Whatever reads a pipe does not care how wide a terminal is."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=150)


def median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def shown(path: Path) -> str:
    """The path as people would type it at the top of the workshop."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
