"""What each page shows, read from the database."""

import json
from collections import Counter, defaultdict
from functools import lru_cache
from operator import itemgetter
from time import time

from django.db.models import ExpressionWrapper, IntegerField, Q, TextField
from django.db.models.functions import Cast

from . import actions, catalog, messages, rows
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
    raised = dict(rows.of(hands, "seat", "kind"))
    chosen = dict(rows.of(answers, "seat", "choice"))
    return {
        id: SeatState(
            label=label,
            hue=hue,
            name=name,
            pair=pair,
            raised=raised.get(id),
            poll=poll,
            answer=chosen.get(id),
            step=room.step or None,
            ends=_seconds(room.ends),
            now=time(),
        )
        for id, label, hue, name, pair in rows.of(seats, "id", "label", "hue", "name", "pair")
    }


def of_board() -> BoardState:
    room, found = actions.room(), _standings()
    standings, begun, done = defaultdict(list), Counter(), Counter()
    for seat, standing in found:
        standings[seat].append(standing)
        begun[standing.step] += 1
        done[standing.step] += standing.done
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
            SeatRow(id, label, hue, name, rows.moment(active).timestamp(), standings[id])
            for id, label, hue, name, active in sorted(
                rows.of(Seat.objects, "id", "label", "hue", "name", "active")
            )
        ],
        left=[],
        hands=[
            HandRow(hand.seat_id, hand.kind, hand.raised.timestamp())
            for hand in Hand.objects.filter(lowered=None).order_by("raised", "id")
        ],
        shared=_shared(found),
        poll=_poll(),
        shown=room.shown or None,
        step=room.step or None,
        ends=_seconds(room.ends),
        now=time(),
    )


def of_screen() -> ScreenState:
    room, seats = actions.room(), Seat.objects.count()
    entry = catalog.steps().get(room.step)
    standings = [standing for _, standing in _standings(step=room.step)]
    passed = sum(len(one.passed) if one.done else sum(one.passed) for one in standings)
    of = seats * len(entry.checks) if entry else 0
    return ScreenState(
        seats=seats,
        step=room.step or None,
        title=entry.title if entry else "",
        done=sum(one.done for one in standings),
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
    return _lines(Message.objects.order_by("-id"))


def said_after(last_id: int) -> Lines:
    """The first that were said after that message; there may be more."""
    return _lines(Message.objects.filter(id__gt=last_id).order_by("id"))


def _lines(found) -> Lines:
    columns = ("id", "text", "seat__name", "seat__label", "created")
    return Lines(
        [
            Line(id, text, name or label, rows.moment(created).isoformat())
            for id, text, name, label, created in sorted(rows.of(found[:AT_ONCE], *columns))
        ]
    )


def _standings(**only) -> list[tuple[int, Standing]]:
    """Each with its seat, the steps in their order."""
    is_done = ExpressionWrapper(Q(done__isnull=False), IntegerField())
    passed = Cast("result__passed", TextField())
    columns = ("step", "seat", passed, "result__diagnosis", is_done)
    found = sorted(rows.of(StandingRecord.objects.filter(**only), *columns), key=itemgetter(0))
    return [(seat, standing) for step, seat, *rest in found if (standing := _standing(step, *rest))]


@lru_cache(5000)
def _standing(step: str, passed: str, diagnosis: str, is_done: int) -> Standing | None:
    """Most of what seats have, others have too, or they had it at the reading before."""
    if not (entry := catalog.steps().get(step)):
        return None
    names = json.loads(passed)
    checks = [check.name in names for check in entry.checks]
    return Standing(step, checks, bool(is_done), diagnosis or None)


def _shared(standings: list[tuple[int, Standing]]) -> list[Shared]:
    """The diagnoses that seats have now, the most frequent first."""
    having = defaultdict(list)
    for _, standing in standings:
        if standing.diagnosis:
            having[standing.diagnosis].append(standing)
    return [
        Shared(id, len(those), catalog.sentence(id), those[0].step, _slide(those[0]))
        for id, those in sorted(having.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def _slide(standing: Standing) -> str:
    """That which teaches what failed first."""
    checks = catalog.steps()[standing.step].checks
    slides = (
        check.slide for check, passed in zip(checks, standing.passed, strict=True) if not passed
    )
    return next(slides, "")


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
