"""Tries a learner's tests on the right chat and on each chat with a fault.

    python trial.py FOLDER       in the learner's project; what happens is recorded in FOLDER

The check starts this as it starts any program. All the work is done by trying/runner.py, in a
process that nothing was changed in, which ends with this one.
"""

import os
import subprocess
import sys
from pathlib import Path

RUNNER = Path(__file__).with_name("trying") / "runner.py"


def main(folder: str) -> int:
    command = [sys.executable, str(RUNNER), os.getcwd(), folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as runner:
        return runner.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
