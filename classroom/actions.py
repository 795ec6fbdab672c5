"""All that changes the database. Each function is a transaction, and tells nobody: see signals.py.

SQLite has one writer at a time; with IMMEDIATE, a transaction waits for its turn when it begins.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count
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


def _are_active(seats: Collection[int], at: datetime) -> None:
    Seat.objects.filter(pk__in=seats, active__lt=at).update(active=at)


# Results


class Sent(NamedTuple):
    """What a laptop sends. After a while in which it wasn't heard these are several results; if it
    did not hear the answer, they are the same as before."""

    seat: int
    results: Sequence[messages.Result]


@transaction.atomic
def store(sent: Sequence[Sent]) -> list[int | Exception]:
    """Stores the results that are new, and returns for each of `sent` how many those are. In place
    of the number: Seat.DoesNotExist, or No, and then nothing of it is stored.

    In a full room this is what is asked most often, so it takes a handful of queries, however many
    laptops have sent something."""
    at = now()
    seats = Seat.objects.annotate(stored=Count("results")).in_bulk({one.seat for one in sent})
    known = set(
        Result.objects.filter(
            uuid__in=[result.uuid for one in sent for result in one.results]
        ).values_list("pk", flat=True)
    )
    answers, new = [], []
    for one in sent:
        seat = seats.get(one.seat)
        if seat is None:
            answers.append(Seat.DoesNotExist())
        elif seat.stored + len(one.results) > MOST_RESULTS:
            answers.append(No("This seat has sent as many results as it may."))
        else:
            fresh = {result.uuid: result for result in one.results if result.uuid not in known}
            known |= fresh.keys()
            seat.stored += len(fresh)
            new += [_row(seat, result, at) for result in fresh.values()]
            answers.append(len(fresh))
    # Another server process may just be storing the same, where the database lets both write.
    Result.objects.bulk_create(new, ignore_conflicts=True)
    _stand(new)
    for made, rows in groupby(new, key=lambda row: row.made):
        _are_active({row.seat_id for row in rows}, made)
    return answers


def _row(seat: Seat, sent: messages.Result, at: datetime) -> Result:
    return Result(
        uuid=sent.uuid,
        seat=seat,
        step=sent.step,
        passed=sent.passed,
        total=sent.total,
        diagnosis=sent.diagnosis or "",
        seconds=sent.seconds,
        made=max(seat.joined, at - timedelta(seconds=sent.ago)),
    )


def _stand(new: list[Result]) -> None:
    """What came late does not replace what is newer."""
    standings = {}
    of_these = Standing.objects.filter(seat__in={row.seat_id for row in new})
    for seat, step, result, made, done in of_these.values_list(
        "seat", "step", "result", "result__made", "done"
    ):
        standings[seat, step] = result, made, done
    changed = {}
    for row in new:
        key = row.seat_id, row.step
        result, made, done = standings.get(key, (row.pk, row.made, None))
        if row.made >= made:
            result, made = row.pk, row.made
        if done is None and len(set(row.passed)) == row.total:
            done = row.made
        standings[key] = changed[key] = result, made, done
    Standing.objects.bulk_create(
        [
            Standing(seat_id=seat, step=step, result_id=result, done=done)
            for (seat, step), (result, _, done) in changed.items()
        ],
        update_conflicts=True,
        unique_fields=["seat", "step"],
        update_fields=["result", "done"],
    )


# Hands


@transaction.atomic
def raise_hand(seat: Seat, kind: str) -> None:
    open_hand = Hand.objects.filter(seat=seat, lowered=None)
    if not open_hand.filter(kind=kind).exists():  # who asks twice keeps the place in the line
        open_hand.update(lowered=now())
        Hand.objects.create(seat=seat, kind=kind)
    _are_active([seat.pk], now())


def lower_hand(seat_id: int) -> None:
    Hand.objects.filter(seat=seat_id, lowered=None).update(lowered=now())


# The shared room


@transaction.atomic
def say(seat: Seat, text: str, client_id: str) -> Message:
    message, _ = Message.objects.get_or_create({"text": text}, seat=seat, client_id=client_id)
    _are_active([seat.pk], now())
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
    _are_active([seat.pk], now())


# What the instructor chooses


def begin(step: str, minutes: float) -> None:
    if step not in catalog.steps():
        raise No("There is no such step.")
    ends = now() + timedelta(minutes=minutes) if minutes else None
    Room.objects.update_or_create(pk=1, defaults={"step": step, "ends": ends})


def show(diagnosis: str | None) -> None:
    Room.objects.update_or_create(pk=1, defaults={"shown": diagnosis or ""})
