"""The classroom that is measured: started as an instructor does, with a Redis of its own."""

import contextlib
import json
import os
import socket
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import psutil

from workshop import lifeline, ports, redis_server
from workshop.manifest import ROOT

STARTS_WITHIN = 600  # seconds; only what hangs takes them


class Classroom:
    def __init__(self, processes: int):
        self.processes = processes
        self.port = ports.any_free()
        self.redis_port = ports.any_free()
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self._watcher = None
        self._redis = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> dict:
        return json.loads((self.folder / "keys.json").read_text(encoding="utf-8"))

    def __enter__(self):
        self.start_redis()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.stop_redis()
        self._folder.cleanup()

    def start_redis(self) -> None:
        self._redis.enter_context(redis_server.private(port=self.redis_port))

    def stop_redis(self) -> None:
        self._redis.close()

    def start(self) -> None:
        """Raises RuntimeError with its output if it doesn't."""
        command = [sys.executable, "-m", "workshop", "classroom", "--port", str(self.port)]
        variables = {
            "CLASSROOM_FOLDER": str(self.folder),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}",
        }
        with open(self.folder / "output.txt", "wb") as output:
            self._watcher = lifeline.start(
                *command,
                *(["--processes", str(self.processes)] if self.processes > 1 else []),
                cwd=ROOT,
                env={**os.environ, **variables},
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._watcher.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        said = (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"The classroom did not start. Its output:\n{said}")

    def stop(self) -> None:
        """As Ctrl-C does: it ends its servers."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for program in psutil.Process(self._watcher.pid).children():
                program.terminate()
                program.wait()
        lifeline.end(self._watcher)

    def _servers(self) -> list[psutil.Process]:
        found = psutil.Process(self._watcher.pid).children(recursive=True)
        return [one for one in found if "classroom.asgi:application" in one.cmdline()]

    def memory(self) -> float:
        """MiB that the server processes hold (resident set size)."""
        return sum(one.memory_info().rss for one in self._servers()) / 2**20

    def cpu(self) -> float:
        """Seconds of CPU that they have used."""
        return sum(sum(one.cpu_times()[:2]) for one in self._servers())

    def stored(self, query: str) -> list[tuple]:
        """What the database answers, read past the program."""
        with contextlib.closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return database.execute(query).fetchall()

    def warnings(self) -> list[str]:
        log = self.folder / "log.txt"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
