"""Shows that something that takes long goes on: what it does now, and for how many seconds.

Imports only the standard library, because the set-up, which uses it, runs before anything is
installed.
"""

import sys
import threading
import time


class ProgressLine:
    """A line that says what goes on. In a terminal it is rewritten every second, from the first;
    elsewhere it is printed at once and then every ten seconds."""

    def __init__(self, doing: str):
        self.doing = doing
        self._started = time.monotonic()
        self._rewrites = sys.stdout.isatty()
        self._width = 0  # of what is on the line that will be rewritten
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "ProgressLine":
        self._show()
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._over.set()
        self._thread.join()
        with self._lock:
            self._clear()

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        with self._lock:
            self._clear()
            print(line, flush=True)

    def _tick(self) -> None:
        while not self._over.wait(1 if self._rewrites else 10):
            self._show()

    def _show(self) -> None:
        line = f"  {time.monotonic() - self._started:.0f} s: {self.doing}"
        with self._lock:
            self._clear()
            print(line, end="" if self._rewrites else "\n", flush=True)
            self._width = len(line) if self._rewrites else 0

    def _clear(self) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", flush=True)
            self._width = 0
