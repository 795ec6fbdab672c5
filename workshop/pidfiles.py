"""The servers that `run` started, remembered under .workshop/servers/ so that `stop` finds them."""

import contextlib
import json
import os
import time
from pathlib import Path

import psutil

from . import manifest

STOP_LIMIT = 5  # seconds that a server has to end before it is killed


def record(what: str) -> None:
    """Records this process, which is about to become the server called `what`."""
    started = psutil.Process().create_time()
    _folder().mkdir(parents=True, exist_ok=True)
    file = _folder() / f"{os.getpid()}.json"
    file.write_text(json.dumps({"what": what, "started": started}), encoding="utf-8")


def stop() -> list[str]:
    """Stops every recorded server that is still running, and returns what they were."""
    stopped = []
    for file in sorted(_folder().glob("*.json")):
        try:
            remembered = json.loads(file.read_text(encoding="utf-8"))
            process = psutil.Process(int(file.stem))
            # Process IDs are reused: it is the same process if it began when ours did.
            if abs(process.create_time() - remembered["started"]) < 1:
                _end([*process.children(recursive=True), process])
                stopped.append(remembered["what"])
        except (psutil.NoSuchProcess, ValueError, KeyError):
            pass  # it ended long ago, or the record is damaged
        file.unlink(missing_ok=True)
    return stopped


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + STOP_LIMIT
    while (left := [p for p in processes if _runs(p)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _runs(process: psutil.Process) -> bool:
    """False for a zombie, which has ended: its parent just hasn't reaped it yet."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _folder() -> Path:
    return manifest.STATE / "servers"
