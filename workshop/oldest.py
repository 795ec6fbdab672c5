"""The oldest Python that the workshop runs on, and what an older one is told.

Python 2.7 must be able to read this, __main__.py and checks/stepN, so that it can say it.
"""

import os
import subprocess
import sys

PYTHON = (3, 11)  # tomllib, asyncio.timeout and asyncio.TaskGroup came with it
TESTED = (14, 13, 12, 11)  # of Python 3, the newest first
READS_ENVIRONMENT = (3, 6)  # the oldest that can import environment.py


def refuse():
    """Does nothing where this Python is new enough. Otherwise goes on in the environment, if there
    is one, or says in one line what to type or to install, and ends with exit code 2."""
    if sys.version_info >= PYTHON:
        return
    if sys.version_info >= READS_ENVIRONMENT:
        from workshop import environment

        if environment.is_usable():
            environment.run_again(environment.python())
    sys.stderr.write(_message() + "\n")
    sys.exit(2)


def _message():
    needs = "The workshop needs Python 3.11 or newer, but this is " + sys.version.split()[0] + ". "
    for minor in TESTED:
        if _runs(_command(minor)):
            return needs + "A newer one is beside it. Type: " + _typed(minor)
    return needs + "Install one from https://www.python.org/downloads/ and type: " + _typed(12)


def _command(minor):
    """The Python 3 of this minor version, as it is called on this system."""
    version = "3." + str(minor)
    return ["py", "-" + version] if os.name == "nt" else ["python" + version]


def _typed(minor):
    return " ".join(_command(minor) + ["-m", "workshop"])


def _runs(command):
    """Whether it is there. It is run, for a name alone may be one of pyenv's that leads nowhere."""
    with open(os.devnull, "w") as nothing:
        try:
            return subprocess.call(command + ["-c", ""], stdout=nothing, stderr=nothing) == 0
        except OSError:
            return False
