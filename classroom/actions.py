"""All that changes the database. Each function is a transaction, and tells nobody: see signals.py.

SQLite has one writer at a time; with IMMEDIATE, a transaction waits for its turn when it begins.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from . import animals, catalog, keys, messages
from .models import Answer, Hand, Message, Poll, Result, Room, Seat, Standing

MOST_RESULTS = 2000  # of a seat: a check every few seconds, all afternoon
MOST_SEATS = 1000


class No(Exception):
    """It is not done. The text says why, for the one who asked."""


def room() -> Room:
    return Room.objects.get_or_create(pk=1)[0]


# Seats


@transaction.atomic
def join(name: str = "") -> Seat:
    taken = set(Seat.objects.values_list("label", flat=True))
    if len(taken) >= MOST_SEATS:
        raise No("The room is full.")
    label, hue = animals.draw(taken)
    return Seat.objects.create(
        label=label, hue=hue, name=name.strip(), pair=keys.typed_code(8), active=now()
    )


def seat(number: int | None) -> Seat | None:
    return Seat.objects.filter(pk=number).first() if number else None


def paired(code: str) -> Seat:
    """The seat of another device of the same person. Raises Seat.DoesNotExist."""
    return Seat.objects.get(pair=code.upper())


def leave(seat: Seat) -> None:
    """The seat goes, and with it all that it sent."""
    seat.delete()


def rename(seat: Seat, name: str) -> None:
    Seat.objects.filter(pk=seat.pk).update(name=name.strip())


def _is_active(seat: Seat, at: datetime | None = None) -> None:
    at = at or now()
    Seat.objects.filter(pk=seat.pk, active__lt=at).update(active=at)


# Results


@transaction.atomic
def store(number: int, results: Sequence[messages.Result]) -> int:
    """Stores those that are new of the seat with this number, and returns how many they are. Of a
    laptop that was not heard for a while, several come at once; of one that did not hear the
    answer, the same come again. Raises Seat.DoesNotExist."""
    seat = Seat.objects.get(pk=number)
    if seat.results.count() + len(results) > MOST_RESULTS:
        raise No("This seat has sent as many results as it may.")
    known = set(
        Result.objects.filter(uuid__in=[one.uuid for one in results]).values_list("pk", flat=True)
    )
    new = 0
    for one in results:
        if one.uuid in known:
            continue
        known.add(one.uuid)
        new += 1
        made = max(seat.joined, now() - timedelta(seconds=one.ago))
        stored = Result.objects.create(
            uuid=one.uuid,
            seat=seat,
            step=one.step,
            passed=one.passed,
            total=one.total,
            diagnosis=one.diagnosis or "",
            seconds=one.seconds,
            made=made,
        )
        _stands(stored)
        _is_active(seat, made)
    return new


def _stands(result: Result) -> None:
    """What came late does not replace what is newer."""
    before = Standing.objects.select_related("result").filter(seat=result.seat, step=result.step)
    standing = before.first() or Standing(seat=result.seat, step=result.step, result=result)
    if result.made >= standing.result.made:
        standing.result = result
    if standing.done is None and len(set(result.passed)) == result.total:
        standing.done = result.made
    standing.save()


# Hands


@transaction.atomic
def raise_hand(seat: Seat, kind: str) -> None:
    open_hand = Hand.objects.filter(seat=seat, lowered=None)
    if not open_hand.filter(kind=kind).exists():  # who asks twice keeps the place in the line
        open_hand.update(lowered=now())
        Hand.objects.create(seat=seat, kind=kind)
    _is_active(seat)


def lower_hand(seat_id: int) -> None:
    Hand.objects.filter(seat=seat_id, lowered=None).update(lowered=now())


# The shared room


@transaction.atomic
def say(seat: Seat, text: str, client_id: str) -> Message:
    message, _ = Message.objects.get_or_create({"text": text}, seat=seat, client_id=client_id)
    _is_active(seat)
    return message


# Polls


@transaction.atomic
def open_poll(question: str, choices: list[str]) -> Poll:
    put_away_poll()
    return Poll.objects.create(question=question, choices=choices)


def close_poll() -> None:
    Poll.objects.filter(closed=None).update(closed=now())


def put_away_poll() -> None:
    close_poll()
    Poll.objects.filter(put_away=False).update(put_away=True)


@transaction.atomic
def answer(seat: Seat, poll_id: int, choice: int) -> None:
    """The seat's answer, which it may change until the poll is closed."""
    poll = Poll.objects.filter(pk=poll_id, closed=None).first()
    if not poll:
        raise No("This poll is closed.")
    if choice >= len(poll.choices):
        raise No("The poll has no such choice.")
    Answer.objects.update_or_create(poll=poll, seat=seat, defaults={"choice": choice})
    _is_active(seat)


# What the instructor chooses


def begin(step: str, minutes: float) -> None:
    if step not in catalog.steps():
        raise No("There is no such step.")
    ends = now() + timedelta(minutes=minutes) if minutes else None
    Room.objects.update_or_create(pk=1, defaults={"step": step, "ends": ends})


def show(diagnosis: str | None) -> None:
    Room.objects.update_or_create(pk=1, defaults={"shown": diagnosis or ""})
