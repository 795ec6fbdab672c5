"""The day in figures, without a name, a label or a number of a seat: classroom.json, and a CSV file
for each of its lists.

    minutes     of each check of each step: how many passed it, and after how many minutes in the
                room half of them had
    diagnoses   of each step: how often each was given, and to how many seats
    answers     of each poll: how many chose what
"""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

from . import catalog
from .models import Poll, Result


def gather() -> dict:
    passed: dict = defaultdict(dict)  # (step, check): {seat: minutes after it joined}
    given, seats = Counter(), defaultdict(set)
    for one in Result.objects.select_related("seat").order_by("made").iterator():
        minutes = (one.made - one.seat.joined).total_seconds() / 60
        for check in one.passed:
            passed[one.step, check].setdefault(one.seat_id, minutes)
        if one.diagnosis:
            given[one.step, one.diagnosis] += 1
            seats[one.step, one.diagnosis].add(one.seat_id)
    return {
        "minutes": [
            {
                "step": step,
                "check": check.title,
                "passed": len(passed[step, check.name]),
                "median_minutes": _rounded_median(passed[step, check.name].values()),
            }
            for step, entry in catalog.steps().items()
            for check in entry.checks
            if passed[step, check.name]
        ],
        "diagnoses": [
            {"step": step, "diagnosis": id, "times": times, "seats": len(seats[step, id])}
            for (step, id), times in given.most_common()
        ],
        "answers": [
            {"question": poll.question, "choice": choice, "chosen": chosen[number]}
            for poll in Poll.objects.order_by("id")
            for chosen in [Counter(poll.answers.values_list("choice", flat=True))]
            for number, choice in enumerate(poll.choices)
        ],
    }


def _rounded_median(values) -> float:
    return round(median(values), 1)


def write(folder: Path) -> list[Path]:
    """Writes the files, and returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = gather()
    whole = folder / "classroom.json"
    whole.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    written = [whole]
    for name, rows in found.items():
        written.append(folder / f"{name}.csv")
        with open(written[-1], "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(rows[0].keys() if rows else ["empty"])
            table.writerows([_safe(value) for value in row.values()] for row in rows)
    return written


def _safe(value):
    """A spreadsheet would run a text that begins like a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value
