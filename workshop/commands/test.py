"""`test`: the workshop's own tests."""

import os
import sys

from .. import environment
from ..manifest import ROOT


def run(arguments: list[str]) -> int:
    os.chdir(ROOT)
    environment.become([sys.executable, "-m", "pytest", *arguments])
