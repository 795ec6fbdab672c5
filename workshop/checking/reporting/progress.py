"""What the workshop remembers of an attendee's checks, in .workshop/progress.json:

{"step2": {"passed": false, "at": "2026-11-20T10:00:00+00:00",
           "check": "test_a_message_comes_back", "failures": 3, "rungs": {"test_…": 1},
           "files": "f2a4…", "unchanged": 0}}

`files` stands for what was there, and `unchanged` says how many times in a row since the same check
failed with nothing saved.
"""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from workshop.folders import MADE_BY_PROGRAMS
from workshop.manifest import STATE, Step

FILE = STATE / "progress.json"
OFFER_HELP_AFTER = 3  # failures of the same check in a row


def read() -> dict:
    """Everything remembered; nothing, when the file is missing or damaged."""
    try:
        content = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def of(step: Step) -> dict:
    return read().get(step.short, {})


def update(step: Step, **facts) -> None:
    everything = read()
    everything[step.short] = {**everything.get(step.short, {}), **facts}
    FILE.parent.mkdir(exist_ok=True)
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    new.replace(FILE)


def record(report) -> None:
    """Remember how the step's check ended. Hints start over for every check that passes now."""
    before = of(report.step)
    failed = report.failed.name if report.failed else None
    passed = {result.name for result in report.results if result.passed}
    files = _state_of(report.folder)
    again = bool(failed) and failed == before.get("check")
    unchanged = again and files == before.get("files")
    failures = before.get("failures", 0) + (not unchanged) if again else 1
    update(
        report.step,
        passed=report.passed,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        check=failed,
        failures=failures,
        files=files,
        unchanged=before.get("unchanged", 0) + 1 if unchanged else 0,
        rungs={k: v for k, v in before.get("rungs", {}).items() if k not in passed},
    )


def _state_of(folder: Path) -> str:
    """What changes when one of the folder's files is saved, made, renamed or removed. Files that
    programs write, such as a database, do not count."""
    state = hashlib.sha256()
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if name not in MADE_BY_PROGRAMS)
        for name in sorted(names):
            if not name.endswith((".pyc", ".sqlite3", ".sqlite3-journal", ".log")):
                facts = os.stat(os.path.join(place, name))
                state.update(f"{place}/{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return state.hexdigest()[:16]


def next_rung(step: Step, check: str) -> int:
    """Climb one rung of the check's hints, and return it: 1, 2, 3, 3 …"""
    rungs = of(step).get("rungs", {})
    rung = min(rungs.get(check, 0) + 1, 3)
    update(step, rungs={**rungs, check: rung})
    return rung


def offer(report) -> str:
    """The line that ends a report: where help is, or what is next."""
    if report.folder != report.step.starter:
        return ""
    if not report.passed:
        again = of(report.step).get("failures", 0) >= OFFER_HELP_AFTER
        start = "Three times the same check. A hint" if again else "More help"
        help = f"{start}: {report.step.check_command} --hint"
        return "\n\n  ".join(filter(None, [_not_arrived(report), help]))
    if following := report.step.next:
        return f"Done. Next: step {following.number}, in steps/{following.name}/README.md"
    return "Done. That was the last step."


def _not_arrived(report) -> str:
    """That the work did not come to where it is checked, where that is so."""
    from workshop import starters  # a pass needs none of it

    step = report.step
    if starters.is_untouched(step) and (other := starters.changed_in_solution(step)):
        return (
            f"{other} has changed, and steps/{step.name} is as it was. "
            f"What is checked is steps/{step.name}: do your work there."
        )
    if of(step).get("unchanged", 0):
        return (
            f"Nothing in steps/{step.name} was saved since the last check. "
            "If you have changed something, save the file and check again."
        )
    return ""
