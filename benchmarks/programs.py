"""The servers that are measured: started, observed from outside, and certain to end."""

import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from workshop import lifeline, ports, redis_server
from workshop.manifest import ROOT

STARTS_WITHIN = 30  # seconds


class Measured:
    """A process on a port of 127.0.0.1, with the processes that it started."""

    def __init__(self, port: int, pid: int):
        self.port = port
        self.pid = pid

    def _processes(self) -> list[psutil.Process]:
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]

    def pids(self) -> list[int]:
        return [process.pid for process in self._processes()]

    def cpu(self) -> float:
        """Seconds of CPU that it has used so far, in its own code and in the kernel's."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory(self) -> int:
        """Bytes of memory that it holds now (resident set size)."""
        return sum(process.memory_info().rss for process in self._processes())


class Program(Measured):
    """A server on a free port of 127.0.0.1; "{port}" in its command is replaced by that port."""

    def __init__(self, *command: str, folder: Path = ROOT, **environment: str):
        port, self._holder = ports.reserve()
        self._log = tempfile.TemporaryFile()
        self._watcher = lifeline.start(
            *(word.format(port=port) for word in command),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=self._log,
            stderr=self._log,
        )
        super().__init__(port, self._watcher.pid)

    def _processes(self) -> list[psutil.Process]:
        return super()._processes()[1:]  # without the watcher

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
        """Raises RuntimeError with its output if it ended or took too long."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._watcher.poll() is None:
            try:
                socket.create_connection(self.address, 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"The server did not start. Its output:\n{self.log()[-2000:]}")

    def log(self) -> str:
        """What it has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def __exit__(self, *_):
        lifeline.end(self._watcher)
        self._log.close()
        if self._holder:
            self._holder.close()


@contextlib.contextmanager
def redis() -> Iterator[Measured]:
    """A Redis for one measurement only, so that no other one is touched."""
    with redis_server.private() as own:
        yield Measured(own.port, own.pid)
