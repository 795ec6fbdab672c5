"""Single key presses in a terminal."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = None
    import msvcrt

LOOK_EVERY = 0.05  # seconds, on Windows


class Keys:
    """Calls `tell` with every key pressed, in a thread of its own. Only where there is a terminal,
    which is left as it was found."""

    def __init__(self, tell: Callable[[str], None]):
        self.are_heard = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
        self._tell = tell
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Keys":
        if self.are_heard:
            if termios:
                self._before = termios.tcgetattr(0)
                self._take_terminal()
                # A shell that had stopped us gives the terminal back as it likes it.
                signal.signal(signal.SIGCONT, self._take_terminal)
            self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopped.set()
        if self.are_heard and termios:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
            with contextlib.suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(0, termios.TCSADRAIN, self._before)

    def _take_terminal(self, *_) -> None:
        """One key at a time, not shown. Ctrl-C stays what it is."""
        with contextlib.suppress(termios.error):
            tty.setcbreak(0)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            pressed = self._next()
            if len(pressed) == 1:  # more: an arrow, say, or something pasted
                self._tell(pressed)

    def _next(self) -> str:
        if termios:
            try:
                pressed = os.read(0, 64)
            except OSError:
                pressed = b""
            if not pressed:  # the terminal is gone
                self._stopped.set()
            return pressed.decode(errors="replace")
        while not msvcrt.kbhit() and not self._stopped.wait(LOOK_EVERY):
            pass
        return "" if self._stopped.is_set() else msvcrt.getwch()
