"""The result of a check for the classroom, where the attendee has joined one.

Only this leaves the machine: the step, which checks passed, the diagnosis's id, and the seconds. A
process of its own sends it, so that the check doesn't wait for a network.
"""

import json
import secrets
from dataclasses import replace

from workshop.environment import COMMAND, typed
from workshop.joined import seat as remembered
from workshop.joined import sending


def report(report) -> str:
    """Queues the result of a Report, if somebody has joined. Returns a line to show, or nothing."""
    seat = remembered.read()
    if not seat or seat.left:
        return ""
    problem = remembered.problem()
    data = result_of(report)
    try:
        remembered.put(data["uuid"], data)
        if not seat.told:
            remembered.write(replace(seat, told=True))
    except OSError:  # the disk is full, or the folder is read-only: the check goes on all the same
        return ""
    sending.start()
    if not seat.told:
        return typed(
            f"Sent to the classroom, as {seat.label}: {json.dumps(data)}\n"
            f"Nothing else is ever sent. To end it, and to remove this: {COMMAND} leave"
        )
    if problem:
        return typed(f"The classroom: {problem} To stop telling it: {COMMAND} leave")
    return ""


def result_of(report) -> dict:
    """The fields of a Result of classroom/messages.py, which is not imported, to save its time: the
    classroom refuses what doesn't fit."""
    failed = report.failed
    return {
        "uuid": secrets.token_hex(16),  # under it, the classroom stores it once
        "step": report.step.short,
        "passed": [result.name for result in report.results if result.passed],
        "total": len(report.titles),
        "diagnosis": failed.diagnosis.id if failed and failed.diagnosis else None,
        "seconds": round(report.seconds, 3),
        "ago": 0,  # more when it is sent late: workshop/joined/sending.py
    }
