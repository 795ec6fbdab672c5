"""What each page shows, read from the database."""

from collections import Counter, defaultdict
from datetime import datetime
from time import time
from typing import NamedTuple

from . import actions, catalog, messages
from .messages import (
    BoardState,
    HandRow,
    Line,
    Poll,
    ScreenState,
    SeatRow,
    SeatState,
    Shared,
    Standing,
    StepRow,
)
from .models import Answer, Hand, Message, Seat
from .models import Poll as PollRecord
from .models import Standing as StandingRecord


def of_seats(**only) -> dict[int, SeatState]:
    """By the number of the seat; of_seats(pk=7) is that one's alone, or nothing."""
    room, poll, seats = actions.room(), _poll(), Seat.objects.filter(**only)
    hands = Hand.objects.filter(lowered=None, seat__in=seats)
    answers = Answer.objects.filter(poll=poll and poll.id, seat__in=seats)
    raised = dict(hands.values_list("seat", "kind"))
    chosen = dict(answers.values_list("seat", "choice"))
    return {
        seat.id: SeatState(
            label=seat.label,
            hue=seat.hue,
            name=seat.name,
            pair=seat.pair,
            raised=raised.get(seat.id),
            poll=poll,
            answer=chosen.get(seat.id),
            step=room.step or None,
            ends=_seconds(room.ends),
            now=time(),
        )
        for seat in seats
    }


def of_board() -> BoardState:
    room, rows = actions.room(), _standings()
    standings, begun, done = defaultdict(list), Counter(), Counter()
    for row in rows:
        begun[row.step] += 1
        done[row.step] += row.done is not None
        if entry := catalog.steps().get(row.step):
            passed = [check.name in row.passed for check in entry.checks]
            failed = row.diagnosis or None
            standings[row.seat].append(Standing(row.step, passed, bool(row.done), failed))
    return BoardState(
        steps=[
            StepRow(
                step=name,
                title=entry.title,
                minutes=entry.minutes,
                checks=[check.title for check in entry.checks],
                done=done[name],
                begun=begun[name],
            )
            for name, entry in catalog.steps().items()
        ],
        seats=[
            SeatRow(id, label, hue, name, active.timestamp(), standings[id])
            for id, label, hue, name, active in Seat.objects.order_by("id").values_list(
                "id", "label", "hue", "name", "active"
            )
        ],
        left=[],
        hands=[
            HandRow(hand.seat_id, hand.kind, hand.raised.timestamp())
            for hand in Hand.objects.filter(lowered=None).order_by("raised", "id")
        ],
        shared=_shared(rows),
        poll=_poll(),
        shown=room.shown or None,
        step=room.step or None,
        ends=_seconds(room.ends),
        now=time(),
    )


def of_screen() -> ScreenState:
    room, seats = actions.room(), Seat.objects.count()
    entry = catalog.steps().get(room.step)
    rows = _standings(step=room.step)
    known = {check.name for check in entry.checks} if entry else set()
    of = len(known) * seats
    passed = sum(len(known) if row.done else len(known & {*row.passed}) for row in rows)
    return ScreenState(
        seats=seats,
        step=room.step or None,
        title=entry.title if entry else "",
        done=sum(row.done is not None for row in rows),
        part=passed / of if of else 0.0,
        poll=_poll(),
        shown=_shown(room.shown),
        ends=_seconds(room.ends),
        now=time(),
    )


AT_ONCE = 100  # messages of the room that are read together


class Lines:
    """What was said, oldest first. Two hundred pages get it, and most have heard the same before:
    so it is encoded for them once."""

    def __init__(self, lines: list[Line]):
        self.lines = lines
        self._encoded: dict[int | None, str] = {}

    def after(self, last_id: int | None) -> str:
        """The message to a page that has heard that line last; empty if there is nothing new. A
        page that has heard none is told so: should it be away, it has missed all that comes."""
        if last_id not in self._encoded:
            new = [line for line in self.lines if last_id is None or line.id > last_id]
            told = new or last_id is None
            self._encoded[last_id] = messages.encode(messages.Said(new)) if told else ""
        return self._encoded[last_id]


def latest_said() -> Lines:
    return Lines([*reversed([_line(one) for one in _messages().order_by("-id")[:AT_ONCE]])])


def said_after(last_id: int) -> Lines:
    """The first that were said after that message; there may be more."""
    found = _messages().filter(id__gt=last_id).order_by("id")[:AT_ONCE]
    return Lines([_line(one) for one in found])


def _messages():
    return Message.objects.values_list("id", "text", "seat__name", "seat__label", "created")


def _line(row: tuple) -> Line:
    id, text, name, label, created = row
    return Line(id, text, name or label, created.isoformat())


class Row(NamedTuple):
    """A standing, as a tuple: 500 seats have thousands, and objects of the model cost too much."""

    seat: int
    step: str
    passed: list[str]
    diagnosis: str
    done: datetime | None


def _standings(**only) -> list[Row]:
    columns = ("seat", "step", "result__passed", "result__diagnosis", "done")
    found = StandingRecord.objects.filter(**only).order_by("step").values_list(*columns)
    return [Row(*row) for row in found]


def _shared(rows: list[Row]) -> list[Shared]:
    """The diagnoses that seats have now, the most frequent first."""
    seats = Counter()
    example = {}
    for row in rows:
        if row.diagnosis:
            seats[row.diagnosis] += 1
            example.setdefault(row.diagnosis, row)
    return [
        Shared(id, count, catalog.sentence(id), example[id].step, _slide(example[id]))
        for id, count in sorted(seats.items(), key=lambda one: (-one[1], one[0]))
    ]


def _slide(row: Row) -> str:
    entry = catalog.steps().get(row.step)
    check = entry and entry.first_failed(row.passed)
    return check.slide if check else ""


def _shown(id: str) -> Shared | None:
    """Put on the screen, it stays there when nobody has it any more."""
    if not id:
        return None
    found = _shared(_standings(result__diagnosis=id))
    return found[0] if found else Shared(id, 0, catalog.sentence(id), "", "")


def _poll() -> Poll | None:
    record = PollRecord.objects.filter(put_away=False).order_by("-id").first()
    if not record:
        return None
    chosen = Counter(record.answers.values_list("choice", flat=True))
    counts = [chosen[number] for number in range(len(record.choices))]
    is_open = record.closed is None
    return Poll(
        record.id,
        record.question,
        record.choices,
        is_open,
        sum(counts),
        None if is_open else counts,
    )


def _seconds(moment) -> float | None:
    return moment and moment.timestamp()
