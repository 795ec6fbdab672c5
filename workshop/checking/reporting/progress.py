"""What the workshop remembers of an attendee's checks, in .workshop/progress.json:

{"step2": {"passed": false, "at": "2026-11-20T10:00:00+00:00",
           "check": "test_a_message_comes_back", "failures": 3, "rungs": {"test_…": 1},
           "fingerprint": "9f86d0…"}}
"""

import json
from datetime import UTC, datetime

from workshop.manifest import STATE, Step

FILE = STATE / "progress.json"
OFFER_HELP_AFTER = 3  # failures of the same check in a row, each of other files


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


def is_as_before(report) -> bool:
    """Whether nothing was saved between the last report that was recorded and this one."""
    return bool(report.fingerprint) and report.fingerprint == of(report.step).get("fingerprint")


def record(report) -> None:
    """Remember how the step's check ended. Hints start over for every check that passes now."""
    before = of(report.step)
    failed = report.failed.name if report.failed else None
    failures = before.get("failures", 0) if failed and failed == before.get("check") else 0
    passed = {result.name for result in report.results if result.passed}
    update(
        report.step,
        passed=report.passed,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        check=failed,
        failures=failures if failures and is_as_before(report) else failures + 1,
        fingerprint=report.fingerprint,
        rungs={k: v for k, v in before.get("rungs", {}).items() if k not in passed},
    )


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
        return f"{start}: {report.step.check_command} --hint"
    if following := report.step.next:
        return f"Done. Next: step {following.number}, in steps/{following.name}/README.md"
    return "Done. That was the last step."
