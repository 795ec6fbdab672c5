"""The servers that `run` started, remembered under .workshop/servers/ so that `stop` finds them."""

import json
import os
from pathlib import Path

import psutil

from . import manifest

STOP_LIMIT = 5  # seconds in which a server must have ended before it is ended by force


def record(what: str) -> None:
    """Remembers this process, which is about to become the server called `what`."""
    started = psutil.Process().create_time()
    _folder().mkdir(parents=True, exist_ok=True)
    file = _folder() / f"{os.getpid()}.json"
    file.write_text(json.dumps({"what": what, "started": started}), encoding="utf-8")


def stop() -> list[str]:
    """Stops every remembered server that still runs, and returns what they were."""
    stopped = []
    for file in sorted(_folder().glob("*.json")):
        remembered = json.loads(file.read_text(encoding="utf-8"))
        try:
            process = psutil.Process(int(file.stem))
            # Process numbers are used again: it is the same process if it began when ours did.
            if abs(process.create_time() - remembered["started"]) < 1:
                _end([*process.children(recursive=True), process])
                stopped.append(remembered["what"])
        except psutil.NoSuchProcess:
            pass
        file.unlink(missing_ok=True)
    return stopped


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            pass
    for process in psutil.wait_procs(processes, STOP_LIMIT)[1]:
        process.kill()


def _folder() -> Path:
    return manifest.STATE / "servers"
