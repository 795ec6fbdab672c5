"""Draws an exhibition as a timeline: one row for Alice, one for each board."""

import sys
from math import ceil

from rich.console import Console
from rich.text import Text

from .board import ALICE, OPPONENT
from .record import moves

LABEL = 10  # columns before the timeline
ROOM = 10  # columns of waiting in which the names of two moves fit
TICKS = (60, 120, 300, 600, 1800, 3600, 7200, 14400)  # hall seconds between marks on the axis
STYLES = {"Alice": "bold yellow", "opponent": "cyan"}


def can_show(characters):
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


# Old Windows consoles and some pipes know no block characters.
LEVELS = " ▁▂▃▄▅▆▇█" if can_show("▁▂▃▄▅▆▇█─") else " .:#"
MARKS = {"Alice": LEVELS[-1], "opponent": "─" if can_show("▁▂▃▄▅▆▇█─") else "-"}


def console():
    return Console(highlight=False)


def duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def legend():
    return Text.assemble(
        " " * LABEL,
        (MARKS["Alice"], STYLES["Alice"]),
        " Alice makes a move: work   ",
        (MARKS["opponent"] * 2, STYLES["opponent"]),
        " an opponent thinks: waiting",
    )


def timeline(events, boards, total, width):
    """The rows of the picture: `total` hall seconds on `width` columns."""
    columns = width - LABEL
    scale = columns / total  # columns per hall second
    fine = ALICE * scale > 0.5  # one of Alice's moves fills about a column
    rows = [[" "] * columns for _ in range(boards)]
    busy = [0.0] * columns  # the share of each column in which Alice works
    for board, start, end, move in moves(events, "opponent"):
        first, after = round(start * scale), round(end * scale + 0.3)
        fill(rows[board], MARKS["opponent"], first, after)
        if after - first >= ROOM:
            write(rows[board], move, after - len(move) - 1)
    for board, start, end, move in moves(events, "Alice"):
        if fine:
            first, after = round(start * scale), round(end * scale)
            fill(rows[board], MARKS["Alice"], first, after)
            fill(busy, 1, first, after)
            if OPPONENT * scale >= ROOM:
                write(rows[board], move, max(after, first + 1))
        else:
            for column in range(int(start * scale), min(int(end * scale) + 1, columns)):
                busy[column] += min(end * scale, column + 1) - max(start * scale, column)
    yield row("Alice", [LEVELS[ceil(min(share, 1) * (len(LEVELS) - 1))] for share in busy])
    for number, cells in enumerate(rows, start=1):
        yield row(f"board {number}", cells)
    yield axis(total, columns)


def write(cells, move, column):
    """The name of a move, where all of it is inside the picture."""
    if 0 <= column <= len(cells) - len(move):
        cells[column : column + len(move)] = move


def fill(cells, mark, first, after):
    """Writes at least one mark, and none outside the picture."""
    first = min(first, len(cells) - 1)
    for column in range(first, min(max(after, first + 1), len(cells))):
        cells[column] = mark


def row(label, cells):
    text = Text(f"{label:<{LABEL}}" + "".join(cells))
    text.highlight_regex(f"(?<=.{{{LABEL}}})[{LEVELS.strip()}]+", STYLES["Alice"])
    text.highlight_regex(f"(?<=.{{{LABEL}}})[{MARKS['opponent']}]+", STYLES["opponent"])
    return text


def axis(total, width):
    """Marks on the time axis, as many as fit with their labels."""
    step = next((tick for tick in TICKS if total / tick * 9 <= width), TICKS[-1])
    cells = [" "] * width
    for mark in range(0, int(total) + 1, step):
        label = f"{mark // 3600} h" if step >= 3600 else f"{mark // 60} min"
        column = round(mark * width / total)
        if column + len(label) <= width:
            cells[column : column + len(label)] = label
    return Text(" " * LABEL + "".join(cells).rstrip(), style="dim")
