"""What is remembered of the seat, under .workshop/joined/.

seat.json    the classroom's address, the seat's key and its label
outbox/      a file for each result that is not known to have arrived; their names sort by age
problem      why the last attempt to send failed, in a sentence
"""

import contextlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..manifest import STATE

FOLDER = STATE / "joined"
FILE = "seat.json"
OLDEST = 24 * 60 * 60  # seconds; what is older counts as a day old, as classroom/messages.py says
MOST = 500  # results that wait; what comes after them is not kept


@dataclass(frozen=True)
class Seat:
    address: str  # "http://192.168.1.20:8800"
    key: str
    label: str
    pair: str
    code: str
    told: bool = False  # whether it was shown once, word for word, what a check sends
    left: bool = False  # nothing more is sent; what was sent is still there

    @property
    def page(self) -> str:
        """Gives a browser the same seat."""
        return f"{self.address}/{self.code}/{self.pair}"


def is_there() -> bool:
    """Whether somebody has joined."""
    return (FOLDER / FILE).exists()


def read() -> Seat | None:
    """The seat; None where nobody has joined, or where the file is damaged."""
    try:
        return Seat(**json.loads((FOLDER / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(seat: Seat) -> None:
    """Only its owner can read it: the key is what proves the seat."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    new = FOLDER / "seat.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        json.dump(asdict(seat), opened)
    new.replace(FOLDER / FILE)


def stop(seat: Seat) -> None:
    """Nothing more is sent for it, and what waits is dropped."""
    write(replace(seat, left=True))
    shutil.rmtree(FOLDER / "outbox", ignore_errors=True)


def forget() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


def put(uuid: str, data: dict) -> None:
    """Into the outbox, if there is room."""
    outbox = FOLDER / "outbox"
    outbox.mkdir(exist_ok=True)
    if len(os.listdir(outbox)) < MOST:
        new = outbox / f"{uuid}.new"
        new.write_text(json.dumps(data), encoding="utf-8")
        new.replace(outbox / f"{time.time_ns():020}-{uuid}.json")


def waiting() -> list[Path]:
    """The results that are not known to have arrived, oldest first."""
    return sorted((FOLDER / "outbox").glob("*.json"))


def read_result(file: Path) -> dict:
    """One of those, with the seconds since it was put there, which its name tells."""
    ago = time.time() - int(file.name.partition("-")[0]) / 1e9
    data = json.loads(file.read_text(encoding="utf-8"))
    return {**data, "ago": min(max(0, int(ago)), OLDEST)}


def problem() -> str:
    with contextlib.suppress(OSError):
        return (FOLDER / "problem").read_text(encoding="utf-8")
    return ""


def has_problem(why: str) -> None:
    """Remembers why nothing could be sent; an empty text: it could."""
    with contextlib.suppress(OSError):  # the seat may have been left at this very moment
        if why:
            (FOLDER / "problem").write_text(why, encoding="utf-8")
        else:
            (FOLDER / "problem").unlink(missing_ok=True)
