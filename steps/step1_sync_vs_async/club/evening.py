"""The command line of exhibition.py: plays both exhibitions and shows, or records, what happened."""

import argparse
import json
import sys

from .board import ALICE, OPPONENT
from .playing import Played
from .record import most_at_once

SLOW = 15  # real seconds after which a warning is due


def present(one_after_another, walking):
    options = parse()
    if options.record:
        sys.exit(record(one_after_another, walking, options))
    try:
        sys.exit(show(one_after_another, walking, options))
    except KeyboardInterrupt:
        sys.exit(130)


def parse():
    parser = argparse.ArgumentParser(description="Alice plays chess, twice: sitting and walking.")
    parser.add_argument("--boards", type=positive(int), default=2, help="default: 2")
    parser.add_argument("--pairs", type=positive(int), default=3, help="moves a side; default: 3")
    parser.add_argument(
        "--speed", type=positive(float), default=300, help="hall seconds per second; default: 300"
    )
    parser.add_argument("--record", metavar="FILE", help="write what happened as JSON, and no more")
    return parser.parse_args()


def positive(number):
    def convert(text):
        if not number(text) > 0:
            raise ValueError
        return number(text)

    convert.__name__ = "number above 0"  # argparse says: invalid number above 0 value: '0'
    return convert


def record(one_after_another, walking, options):
    """Plays both and writes one JSON object, also when one of them breaks off:

    {"boards": 2, "pairs": 3, "games": [["e4", "e5", …], …], "synchronous": [event, …],
     "asynchronous": [event, …], "error": {"asynchronous": {"type", "message", "traceback"}}}

    Events: see Record. "games" is what should be played at each board. "error" names only what broke off.
    """
    both = {"boards": options.boards, "pairs": options.pairs}
    code = 0
    for name, exhibition in (("synchronous", one_after_another), ("asynchronous", walking)):
        played = Played(exhibition, options.boards, options.pairs, options.speed)
        both["games"] = [board.moves for board in played.boards]
        both[name] = played.events
        if played.error:
            code = 1
            print(played.traceback(), file=sys.stderr)
            both.setdefault("error", {})[name] = {
                "type": type(played.error).__name__,
                "message": str(played.error),
                "traceback": played.traceback(),
            }
    with open(options.record, "w", encoding="utf-8") as file:
        json.dump(both, file)
    return code


def show(one_after_another, walking, options):
    """Plays both and draws them; then the table, as soon as walking is a gain."""
    from rich.console import Console  # here, because --record needs no picture

    from . import drawing, knee

    console = Console(highlight=False)
    width = min(console.width, 110)
    boards, pairs, speed = options.boards, options.pairs, options.speed
    longest = boards * pairs * (ALICE + OPPONENT)

    console.print(f"Alice and her {boards} chess games, {pairs} pairs of moves each", style="bold")
    console.print(f"The clock of the hall runs {speed:g} times as fast as yours.")
    if longest / speed > SLOW:
        console.print(f"That takes {longest / speed:.0f} s. Faster: --speed {longest / 4:.0f}")

    hall = {}
    for title, exhibition in (("One after another", one_after_another), ("Walking", walking)):
        played = Played(exhibition, boards, pairs, speed)
        if played.error:
            print(played.traceback(), file=sys.stderr)
            return 1
        if board := played.unfinished():
            console.print(
                f"\n{title}: the exhibition ended before its games. Board {board.number + 1} has "
                f"{board.played} of {len(board.moves)} moves. Is every game awaited?"
            )
            return 1
        hall[title] = played.seconds
        console.print(f"\n[bold]{title}[/bold]: {drawing.duration(played.seconds)} in the hall")
        for row in drawing.timeline(played.events, boards, max(longest, *hall.values()), width):
            console.print(row, no_wrap=True, overflow="crop")
    if hall["Walking"] < longest / 3:
        console.print("\n[bold]Walking[/bold], drawn wider:")
        for row in drawing.timeline(played.events, boards, played.seconds, width):
            console.print(row, no_wrap=True, overflow="crop")
    console.print()
    console.print(drawing.legend())

    together = most_at_once(played.events, "opponent")
    console.print(
        f"Walking, at most {together} of {boards} opponents thought at the same moment.\n"
    )
    if together < 2:
        if boards > 1:
            console.print("So nothing is gained yet. The TODOs in exhibition.py change that.")
        return 0
    console.print("Where walking stops helping", style="bold")
    for line in knee.table(walking, speed):
        console.print(line, no_wrap=True, overflow="crop")
    return 0
