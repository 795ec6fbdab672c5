"""The servers that are measured: started, observed from outside, and sure to end."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from workshop import redis_server
from workshop.checking.processes.server import reserve_port
from workshop.manifest import ROOT

LIFELINE = Path(__file__).with_name("lifeline.py")
STARTS_WITHIN = 30  # seconds


class Program:
    """A server on a free port of 127.0.0.1; "{port}" in its command stands for that port."""

    def __init__(self, *command: str, folder: Path = ROOT, **environment: str):
        self.port, self._holder = reserve_port()
        self._log = tempfile.TemporaryFile()
        self._watcher = subprocess.Popen(
            [sys.executable, str(LIFELINE), *(word.format(port=self.port) for word in command)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def __enter__(self):
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_it_listens(self) -> None:
        """Raises RuntimeError with what it said when it ended or took too long."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._watcher.poll() is None:
            try:
                socket.create_connection(self.address, 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"The server did not start. It said:\n{self.log()[-2000:]}")

    def log(self) -> str:
        """What it wrote so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _processes(self) -> list[psutil.Process]:
        return psutil.Process(self._watcher.pid).children(recursive=True)

    def cpu(self) -> float:
        """Seconds of CPU that it used so far, in its own code and in the kernel's."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory(self) -> int:
        """Bytes of memory that it holds now (resident set size)."""
        return sum(process.memory_info().rss for process in self._processes())

    def __exit__(self, *_):
        self._watcher.stdin.close()
        self._watcher.wait()
        self._log.close()
        if self._holder:
            self._holder.close()


def redis() -> Program:
    """A Redis for one measurement alone, so that no other one is touched."""
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    # Valkey does not start in a locale that the machine does not know.
    return Program(redis_server.binary(), "--port", "{port}", *options, LC_ALL="C")
