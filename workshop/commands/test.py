"""`test`: the workshop's own tests."""

import os
import sys

from .. import environment
from ..manifest import ROOT

# File by file on three workers, for most tests wait for a server or a process. `-n 0` takes turns.
# Which tests run where no -m is typed is said in pyproject.toml.
SIDE_BY_SIDE = ["-n", "3", "--dist", "loadfile"]


def run(arguments: list[str]) -> int:
    os.chdir(ROOT)
    environment.become([sys.executable, "-m", "pytest", *SIDE_BY_SIDE, *arguments])
