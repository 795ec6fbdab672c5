"""The servers that `run` and `notebooks` started, remembered under .workshop/servers/, so that
`stop` and the next `run` find them."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from . import manifest

STOP_LIMIT = 5  # seconds that a server has to end before it is killed


@dataclass(frozen=True)
class Started:
    """A server of ours that runs."""

    what: str  # "solution of step2"
    address: str  # "127.0.0.1:8000"
    process: psutil.Process

    def __str__(self) -> str:
        return f"{self.what} on {self.address}"


def record(what: str, address: str) -> None:
    """Records this process, which is about to become the server called `what`."""
    started = psutil.Process().create_time()
    _folder().mkdir(parents=True, exist_ok=True)
    file = _folder() / f"{os.getpid()}.json"
    known = {"what": what, "address": address, "started": started}
    file.write_text(json.dumps(known), encoding="utf-8")


def running() -> Iterator[Started]:
    """Every remembered server that still runs; the records of others are removed."""
    for file in sorted(_folder().glob("*.json")):
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
            process = psutil.Process(int(file.stem))
            # Process numbers are used again: it is the same process if it began when ours did.
            if abs(process.create_time() - known["started"]) < 1 and _runs(process):
                yield Started(known["what"], known["address"], process)
                continue
        except (psutil.NoSuchProcess, ValueError, KeyError, TypeError):
            pass  # it ended long ago, or the record is damaged
        file.unlink(missing_ok=True)


def on(port: int) -> Started | None:
    """Our server on that port, if it is ours."""
    return next((one for one in running() if one.address.endswith(f":{port}")), None)


def stop() -> list[str]:
    """Stops every recorded server that is still running, and returns what they were."""
    stopped = list(running())
    for one in stopped:
        end(one.process)
    for file in _folder().glob("*.json"):
        file.unlink(missing_ok=True)
    return [str(one) for one in stopped]


def end(process: psutil.Process) -> None:
    """Ends the process and all that it has started. Returns when they have ended."""
    # The process first: it must not start again what it sees ending.
    family = [process, *process.children(recursive=True)]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.terminate()
    deadline = time.monotonic() + STOP_LIMIT
    while (left := [one for one in family if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


def _runs(process: psutil.Process) -> bool:
    """False for a zombie, which has ended: its parent just hasn't reaped it yet."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _folder() -> Path:
    return manifest.STATE / "servers"
