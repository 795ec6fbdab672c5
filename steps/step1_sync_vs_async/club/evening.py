"""The command line of exhibition.py: plays both exhibitions, then shows or records them."""

import argparse
import json
import os
import sys
from pathlib import Path

from .board import ALICE, OPPONENT
from .playing import Played
from .record import most_at_once

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OURS = f'"{PYTHON}" exhibition.py'
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
        "--speed",
        type=positive(float),
        default=300,
        help="hall seconds in one of yours; default: 300; far above it, laptops are too slow",
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

    Events: see Record. "games": what should be played at each board. "error": what broke off.
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
    try:
        from . import drawing, knee  # here, because --record needs no picture and no package
    except ModuleNotFoundError as missing:
        print(f"This Python has no {missing.name}. The workshop's own has. Type:\n    {OURS}")
        return 2

    console = drawing.console()
    width = min(console.width, 110)
    boards, pairs, speed = options.boards, options.pairs, options.speed
    longest = boards * pairs * (ALICE + OPPONENT)

    def draw(title, played, seconds):
        console.print(f"\n[bold]{title}[/bold]: {drawing.duration(played.seconds)} in the hall")
        for row in drawing.timeline(played.events, boards, seconds, width):
            console.print(row, no_wrap=True, overflow="crop")

    console.print(f"Alice and her {boards} chess games, {pairs} pairs of moves each", style="bold")
    console.print(f"The clock of the hall runs {speed:g} times as fast as yours.")
    if longest / speed > SLOW:
        console.print(f"That takes {longest / speed:.0f} s. Faster: --speed {longest / 10:.0f}")

    for title, exhibition in (("One after another", one_after_another), ("Walking", walking)):
        played = Played(exhibition, boards, pairs, speed)
        if problem := played.problem():
            print(f"\n{title}: {problem}", file=sys.stderr)
            return 1
        longest = max(longest, played.seconds)
        draw(title, played, longest)
    if played.seconds < longest / 3:
        draw("Walking, drawn wider", played, played.seconds)
    console.print()
    console.print(drawing.legend())

    together = most_at_once(played.events, "opponent")
    console.print(f"Walking: {together} of {boards} opponents thought at the same moment.\n")
    if together == 1 < boards:
        console.print("Alice still waits at each board. The TODOs in exhibition.py change that.")
    if together > 1:
        console.print("Where walking stops helping", style="bold")
        for line in knee.table(walking, speed):
            console.print(line, no_wrap=True, overflow="crop")
        console.print(knee.MORAL)
    return 0
