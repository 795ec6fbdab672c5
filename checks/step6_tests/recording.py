"""What a browser sees with each fault: the timeline of the check of an earlier step that finds it.

`python3 -m workshop dev record step6` plants each fault in that step's solution, checks it, and
writes what the check saw into timelines.json, which the check of this step shows. A test compares.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from checks.step6_tests.trying.faults import TIMELINES, Fault, faults
from workshop import manifest
from workshop.checking import patience
from workshop.checking.command import NOT_MADE
from workshop.developing import catalogue
from workshop.developing.problem import texts

ROOM = re.compile(r"\br[0-9a-f]{12}\b")
CLIENT_ID = re.compile(r'(?<="client_id": ")[^"]+')
CREATED = re.compile(r', "created": "[^"]+"')
SILENCE = re.compile(r"nothing for \d+ s")
NUMBER = re.compile(r'(?<="id": )\d+|(?<=after=)\d+')


class NotSeen(Exception):
    """Another check failed first, or none, or the check could not be made."""


def record() -> Path:
    """With the limits of a laptop that has nothing else to do, which it shouldn't have. Raises
    NotSeen."""
    found = {fault.name: seen_with(fault, 1) for fault in faults().values()}
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    TIMELINES.write_text(text, encoding="utf-8")
    return TIMELINES


def seen_with(fault: Fault, factor: float) -> list[dict]:
    """What the check that shows the fault sees of it, with so much patience. Raises NotSeen."""
    short, name = fault.shown_by
    step = manifest.find(short)
    with tempfile.TemporaryDirectory() as folder:
        for file, text in catalogue.edited(texts(step.solution), fault.edits).items():
            path = Path(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(manifest.ROOT / "checks" / short), "--project", folder, "--json"],
            env={**os.environ, patience.VARIABLE: str(factor)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
        )
    if done.returncode == NOT_MADE:
        raise NotSeen(f"{fault.name}: {done.stderr.strip()}")
    failed = [check for check in json.loads(done.stdout)["checks"] if not check["passed"]]
    if [check["name"] for check in failed] != [name]:
        raise NotSeen(f"{fault.name}: {name} has to fail first. {done.stdout}{done.stderr}")
    return with_plain_names(failed[0]["timeline"])


def with_plain_names(lines: list[dict]) -> list[dict]:
    """With names and numbers that are the same each time in place of those that are not."""
    text = "\n".join(line["text"] for line in lines)
    rooms = dict(zip(_in_order(ROOM, text), ("lobby", "kitchen"), strict=False))
    clients = {name: f"c{number}" for number, name in enumerate(_in_order(CLIENT_ID, text), 1)}
    ids = sorted({int(number) for number in NUMBER.findall(text)})
    for line in lines:
        found = ROOM.sub(lambda match: rooms.get(match[0], match[0]), line["text"])
        found = SILENCE.sub("nothing for 3 s", CREATED.sub("", found))
        found = CLIENT_ID.sub(lambda match: clients[match[0]], found)
        found = NUMBER.sub(lambda match: str(ids.index(int(match[0])) + 1), found)
        line |= {"at": round(line["at"], 2), "text": found}
    return lines


def _in_order(pattern: re.Pattern, text: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(text)))
