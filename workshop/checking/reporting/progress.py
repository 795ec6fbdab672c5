"""What the workshop remembers of an attendee's checks, in .workshop/progress.json:

{"step2": {"passed": false, "at": "2026-11-20T10:00:00+00:00",
           "check": "test_a_message_comes_back", "failures": 3, "levels": {"test_…": 1},
           "fingerprint": "9f86d0…", "unchanged": 0}}

`fingerprint` identifies the files that were checked, and `unchanged` says how many times in a row
since the same check failed on the same files.
"""

import json
from datetime import UTC, datetime

from workshop.manifest import STATE, Step

FILE = STATE / "progress.json"
OFFER_HELP_AFTER = 3  # failures of the same check in a row, each of other files


def read() -> dict:
    """Everything remembered; nothing if the file is missing or damaged."""
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


def is_as_before(report) -> bool:
    """Whether nothing was saved between the last report that was recorded and this one."""
    return bool(report.fingerprint) and report.fingerprint == of(report.step).get("fingerprint")


def record(report) -> None:
    """Remember how the step's check ended. Hints start over for every check that passes now."""
    before = of(report.step)
    failed = report.failed.name if report.failed else None
    passed = {result.name for result in report.results if result.passed}
    again = bool(failed) and failed == before.get("check")
    unchanged = again and is_as_before(report)
    update(
        report.step,
        passed=report.passed,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        check=failed,
        failures=before.get("failures", 0) + (not unchanged) if again else 1,
        fingerprint=report.fingerprint,
        unchanged=before.get("unchanged", 0) + 1 if unchanged else 0,
        levels={k: v for k, v in before.get("levels", {}).items() if k not in passed},
    )


def next_level(step: Step, check: str) -> int:
    """Climb one level of the check's hints, and return it: 1, 2, 3, 3 …"""
    levels = of(step).get("levels", {})
    level = min(levels.get(check, 0) + 1, 3)
    update(step, levels={**levels, check: level})
    return level


def offer(report) -> str:
    """The line that ends a report: where help is, or what is next."""
    if report.folder != report.step.starter:
        return ""
    if report.stretch:
        return _after_the_stretch(report)
    if not report.passed:
        again = of(report.step).get("failures", 0) >= OFFER_HELP_AFTER
        start = "The same check failed three times. A hint" if again else "More help"
        help = f"{start}: {report.step.check_command} --hint"
        return "\n\n  ".join(filter(None, [_not_arrived(report), help]))
    if following := report.step.next:
        return f"Done. Next: step {following.number}, in steps/{following.name}/README.md"
    return "Done. That was the last step. What leads on from here: docs/what_next.md"


def _after_the_stretch(report) -> str:
    step = report.step
    if report.passed:
        return f"The stretch task is done. Does the step itself still pass? {step.check_command}"
    return f"What the stretch task is: steps/{step.name}/README.md"


def _not_arrived(report) -> str:
    """A sentence when the work is not where it is checked, else nothing."""
    from workshop import starters  # a pass needs none of it

    step = report.step
    if starters.is_untouched(step) and (other := starters.changed_in_solution(step)):
        return (
            f"{other} has changed, but steps/{step.name} has not. "
            f"What is checked is steps/{step.name}: do your work there."
        )
    if of(step).get("unchanged", 0):
        return (
            f"Nothing in steps/{step.name} was saved since the last check. "
            "If you have changed something, save the file and check again."
        )
    return ""
