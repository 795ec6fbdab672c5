"""Checks made again and again: from warm processes, so that each takes a third of the time.

Each is `checks/stepN` all the same, in a process of its own.
"""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

from workshop.checking import launch
from workshop.checking.program import program_environment
from workshop.manifest import ROOT, Step


class QuickChecks:
    """Two warm processes: one for the checks, one for the programs that they start."""

    def __init__(self):
        self._warm = ExitStack()
        programs = launch.WarmProcess(launch.FOR_PROGRAMS, program_environment())
        self._checks = launch.WarmProcess(launch.FOR_CHECKS, dict(os.environ))
        for process in (programs, self._checks):
            self._warm.enter_context(process)
        self._variable = {launch.VARIABLE: programs.address} if programs.address else {}

    def __enter__(self) -> "QuickChecks":
        return self

    def __exit__(self, *_) -> None:
        self._warm.close()

    def start(
        self, step: Step, *arguments: str, **streams: launch.Stream
    ) -> "subprocess.Popen | launch.Forked":
        """Start `checks/stepN ARGUMENTS…`; `streams` are `stdout` and `stderr` as of Popen."""
        command = [str(ROOT / "checks" / step.short), *arguments]
        environment = {**os.environ, **self._variable}
        warm = self._checks.address
        return launch.start(command, Path.cwd(), environment, warm=warm, **streams)

    def stop_forking(self) -> None:
        """Start the checks plainly from now on."""
        self._checks.close()
