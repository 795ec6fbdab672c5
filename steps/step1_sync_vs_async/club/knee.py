"""Shows where walking stops helping: the table of boards, times and gain.

A round is the time from Alice's first move at the first board to her second one there. With few
boards she is back before the opponent has an answer and waits: 60 s. With more than twelve, the
answers wait for her: 5 s for each board. So a round takes max(60, 5 n) seconds, and nobody's
asyncio makes it shorter: from there on only a second Alice would help.
"""

from .board import ALICE, OPPONENT
from .drawing import MARKS
from .playing import Played
from .record import moves

SIZES = (1, 2, 4, 8, 12, 16, 24)
MORAL = (
    "From 12 boards on Alice works all the time, and answers wait for her. "
    "Concurrency overlaps waiting, not work: for that it takes a second Alice."
)
ROUNDS = 30  # pairs of moves in a long game


def computed_round(boards):
    """Hall seconds of one round of an Alice who walks."""
    return max(ALICE + OPPONENT, ALICE * boards)


def played_round(walking, boards, speed):
    """The same, measured: two pairs of moves at each board are played for it."""
    played = Played(walking, boards, pairs=2, speed=speed)
    if played.error:
        raise played.error
    first, second = [start for board, start, *_ in moves(played.events, "Alice") if board == 0]
    return second - first


def hours(seconds):
    return f"{seconds / 3600:.1f} h"


def table(walking, speed):
    """The lines of the table, each as soon as it has been played."""
    yield "          one round             30 rounds, computed"
    yield "boards    computed   played     sitting   walking     gain, as played"
    for boards in SIZES:
        measured = played_round(walking, boards, speed)
        sitting = boards * (ALICE + OPPONENT)
        gain = sitting / measured
        yield (
            f"{boards:>6} {computed_round(boards):>9} s {measured:>6.0f} s"
            f" {hours(sitting * ROUNDS):>11} {hours(computed_round(boards) * ROUNDS):>9}"
            f"     {gain:>4.1f} {MARKS['Alice'] * round(gain)}"
        )
