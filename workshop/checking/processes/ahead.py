"""The interpreter for a check's first program, started before the check knows what that will be.

Python starts, and imports what instrumented/start.py needs, while the check reads its options and
workshop.toml: those take as long, and most machines have a second processor. Where none was started
or it cannot be used, `become` returns None, and the program is started plainly.
"""

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path

from workshop.checking.processes.variables import WARM, program_environment

SCRIPT = Path(__file__).parents[1] / "instrumented" / "start.py"

_waiting: subprocess.Popen | None = None


def begin() -> None:
    """Start it, unless the check's programs are forked. It ends with this process at the latest."""
    global _waiting
    environment = program_environment()
    # Python reads these from where it starts, which is not yet the project's folder.
    path = environment["PYTHONPATH"].split(os.pathsep)
    if WARM in os.environ or not all(map(os.path.isabs, path)):
        return
    _waiting = subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=os.name == "posix",
    )
    atexit.register(give_up)


def become(
    command: tuple[str, ...], folder: Path, environment: dict[str, str]
) -> subprocess.Popen | None:
    """Let it run `start.py COMMAND…` in `folder`; its standard input and output are pipes. None
    when there is none, or it would not be as if it had been started like this."""
    global _waiting
    if not _waiting:
        return None
    from workshop.checking.processes.fork_server import NUMBER, settings_of_python

    if settings_of_python(environment) != settings_of_python(program_environment()):
        return None
    process, _waiting = _waiting, None
    request = {"command": command, "folder": str(folder), "environment": environment}
    data = json.dumps(request).encode()
    try:
        process.stdin.write(NUMBER.pack(len(data)) + data)
        process.stdin.flush()
    except OSError:  # something has ended it
        process.communicate()
        return None
    return process


def give_up() -> None:
    """End it, if it still waits."""
    global _waiting
    if _waiting:
        _waiting.communicate()  # its standard input ends, and so does it
        _waiting = None
