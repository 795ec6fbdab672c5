"""`checks/stepN --watch`: the step is checked again on every save.

Each check is the same command without --watch, in a process of its own: forked from a process that
has everything imported, where that is possible, so that it takes a third of the time.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from workshop import manifest
from workshop.checking.processes import launch
from workshop.checking.processes.preloaded import QuickChecks
from workshop.checking.reporting.report import shown
from workshop.checking.watching.keys import Keys
from workshop.checking.watching.saves import POLL_EVERY, Polling, Saved, Saves

POSIX = os.name == "posix"
NAMES_SHOWN = 4  # of the files of one save


@dataclass(frozen=True)
class Ended:
    """A check has ended."""

    process: object
    code: int


@dataclass(frozen=True)
class Pressed:
    key: str


def watch(step: manifest.Step, folder: Path, flags: list[str], content: Sequence[str] = ()) -> int:
    """Check `step` on the project in `folder` on every save, until interrupted. `content`: the
    modules of checks/ that a check imports, to be imported once for all checks.

    Returns the exit status; raises KeyboardInterrupt as Ctrl-C does. Leaves no process behind.
    """
    if POSIX:  # a signal must leave the terminal as it was, too
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with Watch(flags, content) as watching:
        following: tuple[manifest.Step, Path] | None = (step, folder)
        while following:
            following = watching.until_left(*following)
    return 0


class Watch:
    """What persists from the first check to the last."""

    def __init__(self, flags: list[str], content: Sequence[str]):
        self.flags = flags
        self.content = content
        self.console = Console(highlight=False)
        self.events: queue.Queue[Saved | Polling | Ended | Pressed] = queue.Queue()
        self.keys = Keys(lambda key: self.events.put(Pressed(key)))
        self.process = None  # the check that runs now …
        self.waiter: threading.Thread | None = None  # … and what waits for its end
        self.wanted: list[str] | None = (
            None  # the next one, when something was saved in the meantime
        )
        self._closing = ExitStack()

    def __enter__(self) -> "Watch":
        self.checks = self._closing.enter_context(QuickChecks(self.content))
        self._closing.enter_context(self.keys)
        return self

    def __exit__(self, *_) -> None:
        self.give_up()
        self._closing.close()

    # One step

    def until_left(self, step: manifest.Step, folder: Path):
        """Returns the step and folder to watch next, or None."""
        self.step, self.folder = step, folder
        with Saves(folder, self.events.put):
            self.start("")
            while True:
                event = self.next_event()
                match event:
                    case Saved():
                        self.saved(event)
                    case Polling():
                        self.say(f"Looking for saves every {POLL_EVERY:g} s: {event.why}.")
                    case Ended() if event.process is self.process:
                        self.ended(event.code)
                    case Pressed("q"):
                        return None
                    case Pressed("n") if self.following():
                        self.give_up()
                        return self.following()
                    case Pressed("r" | "\n" | "\r" | " "):
                        self.want("Asked for.")
                    case Pressed("h") if not self.is_stretch:
                        self.want("A hint.", "--hint")

    def next_event(self):
        while True:
            try:
                # With a timeout, because on Windows nothing else lets Ctrl-C through.
                return self.events.get(timeout=0.5)
            except queue.Empty:
                continue

    def saved(self, save: Saved) -> None:
        if save.changed:
            self.want(f"Saved: {listed(save.changed)}.")
        else:
            self.say(f"Saved: {listed(save.others)}. Nothing that is checked has changed.")

    def want(self, why: str, *flags: str) -> None:
        """Check now, or as soon as the check that runs has ended."""
        if self.process is None:
            self.start(why, *flags)
        else:
            self.wanted = [why, *flags]
            self.say(f"{why} It will be checked again as soon as this check has ended.")

    def start(self, why: str, *flags: str) -> None:
        self.wanted = None
        self.console.clear()  # only in a terminal
        self.say(f"{time.strftime('%H:%M:%S')} Checking {shown(self.folder)}. {why}".strip())
        arguments = ["--project", str(self.folder), *self.flags, *flags]
        self.process = process = self.checks.start(self.step, *arguments)
        self.waiter = threading.Thread(
            target=lambda: self.events.put(Ended(process, process.wait())), daemon=True
        )
        self.waiter.start()

    def ended(self, code: int) -> None:
        suspect = launch.is_suspect(self.process)
        self.process = None
        if suspect:
            self.checks.stop_forking()
            self.start("Once more.")
        elif self.wanted:
            self.start(*self.wanted)
        else:
            self.say_what_is_next(code)

    def give_up(self) -> None:
        """End the check that runs."""
        if self.process:
            launch.kill(self.process)
            if self.waiter and self.waiter.is_alive():  # it is not where Ctrl-C came as it started
                self.waiter.join()
            self.process = None

    @property
    def is_stretch(self) -> bool:
        """Whether the stretch task is checked: there are no hints, and it leads nowhere."""
        return "--stretch" in self.flags

    def following(self) -> tuple[manifest.Step, Path] | None:
        """The next step: its starter after a starter, its solution after a solution."""
        if (step := self.step.next) and not self.is_stretch:
            if self.folder == self.step.starter:
                return step, step.starter
            if self.folder == self.step.solution:
                return step, step.solution
        return None

    # Words

    def say(self, text: str) -> None:
        self.console.print(Text(text, "dim"), soft_wrap=True)

    def say_what_is_next(self, code: int) -> None:
        following = self.following()
        self.console.print()
        if code == 0 and following:
            step = following[0]
            how = "press n" if self.keys.are_heard else f"{step.check_command} --watch"
            self.say(f"Next is step {step.number}, {step.title}: {how}.")
        if self.keys.are_heard:
            following = "   n  next step" if following else ""
            hint = "" if self.is_stretch else "   h  hint"
            self.say(f"Waiting for a save.   r  check now{hint}{following}   q  quit")
        else:
            self.say("Waiting for a save. Ctrl-C ends this.")


def listed(names: tuple[str, ...]) -> str:
    """ "a, b and 3 more" """
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
