"""Sends what is in the outbox, in a process of its own that no check waits for.

Two of them may run at once and send the same: the classroom stores each result once, by its uuid.
So nothing has to be locked here, and a result is removed only when the classroom has answered.
"""

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

AT_ONCE = 20  # results in one request
TRIES = 3
FIRST_WAIT = 1.0  # seconds until the second try; a room whose network stumbled doesn't come at once


def start() -> None:
    """Starts this file as a program that doesn't end with this process, and returns at once."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    if os.name == "nt":
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        options["creationflags"] = apart
    else:
        options["start_new_session"] = True
    # -I -S: without packages, it starts in half the time.
    command = [sys.executable, "-I", "-S", __file__]
    with contextlib.suppress(OSError):  # it goes along with the next
        started = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
        started.returncode = 0  # it is not waited for: no warning that it still runs


def send() -> None:
    """Sends all that waits. What cannot be sent stays, and the reason with it."""
    from workshop.joined import seat as remembered
    from workshop.joined.asking import NoAnswer, Refused, ask

    seat = remembered.read()
    while seat and not seat.left and (files := remembered.waiting()[:AT_ONCE]):
        results = [remembered.read_result(file) for file in files]
        data = {"type": "results", "results": results}
        for attempt in range(TRIES):
            if attempt:
                time.sleep(FIRST_WAIT * 2**attempt * random.uniform(0.5, 1.5))
            again, why = False, ""
            try:
                ask("POST", f"{seat.address}/results/", data, seat.key)
            except NoAnswer:
                again, why = True, "It does not answer. What waits is sent later."
            except Refused as error:  # 429: too many at once
                again, why = error.status == 429, str(error)
            if not again:
                break
        remembered.has_problem(why)
        if again:
            return
        for file in files:  # they have arrived, or would be refused each time
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    send()
