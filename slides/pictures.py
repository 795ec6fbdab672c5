"""Drawings of what was really played: the decks call these when they are built.

All times are seconds of the hall, see solutions/step1_sync_vs_async/club.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from html import escape

from IPython.display import SVG

from workshop.manifest import find

sys.path.insert(0, str(find("step1").solution))

import exhibition  # noqa: E402
from club import knee  # noqa: E402
from club.board import ALICE, OPPONENT  # noqa: E402
from club.drawing import duration  # noqa: E402
from club.playing import Played  # noqa: E402
from club.record import moves  # noqa: E402

WIDTH = 1160  # pixels, as all drawings of the slides
LEFT = 110  # pixels for the names of the rows
ROW = 40
ATTEMPTS = 4
SPEED = 200  # hall seconds in one of ours: slow enough for straight edges on a busy machine


def alice(boards=2, pairs=3):
    """Both exhibitions, one above the other on the same scale, from recorded moves."""
    sitting, walking = exhibition.exhibition_one_after_another, exhibition.exhibition_walking
    game = pairs * (ALICE + OPPONENT)
    both = {
        "One after another": quietest(
            lambda: Played(sitting, boards, pairs, SPEED),
            lambda played: played.seconds,
            boards * game,
        ),
        "Walking": quietest(
            lambda: Played(walking, boards, pairs, SPEED),
            lambda played: played.seconds,
            game + ALICE * (boards - 1),
        ),
    }
    scale = (WIDTH - LEFT) / max(played.seconds for played in both.values())
    parts, y = [], 26
    for title, played in both.items():
        parts.append(text(0, y, title, "strong") + text(WIDTH, y, duration(played.seconds), "end"))
        parts.append(rows(played, boards, y + 16, scale))
        y += 16 + ROW * (boards + 1) + 42
    parts.append(minutes(y - 14, scale))
    y += 46
    parts.append(legend(y))
    return drawing(y + 20, parts, "Alice's games, one after another and walking")


def rows(played, boards, y, scale):
    """One row for Alice, one for each board."""
    parts = [text(0, y + 29, "Alice")]
    for board in range(boards):
        parts.append(text(0, y + 29 + ROW * (board + 1), f"board {board + 1}"))
    for board, start, end, move in moves(played.events, "opponent"):
        x, width, top = LEFT + start * scale, (end - start) * scale, y + ROW * (board + 1)
        parts.append(rectangle(x, top, width, "fill-wait"))
        parts.append(text(x + width - 8, top + 26, move, "small end quiet"))
    for board, start, end, move in moves(played.events, "Alice"):
        x, width, top = LEFT + start * scale, (end - start) * scale, y + ROW * (board + 1)
        parts.append(rectangle(x, y, width, "fill-out") + rectangle(x, top, width, "fill-out"))
        parts.append(text(x + width + 7, top + 26, move, "small"))
    return "".join(parts)


def minutes(y, scale):
    """The axis of both: the hall's time."""
    marks = "".join(text(LEFT + 60 * n * scale, y, n, "small quiet middle") for n in range(7))
    return text(0, y, "minutes", "small quiet") + marks


def legend(y):
    return (
        rectangle(LEFT, y - 20, 16, "fill-out")
        + text(LEFT + 28, y + 5, "Alice moves, 5 s: work", "small")
        + rectangle(LEFT + 400, y - 20, 60, "fill-wait")
        + text(LEFT + 474, y + 5, "an opponent thinks, 55 s: waiting", "small")
    )


def gain(sizes=knee.SIZES):
    """How many times as fast walking is, by the number of boards: line computed, dots played."""
    height, bottom, top = 520, 450, 34
    across = (WIDTH - LEFT - 30) / max(sizes)
    up = (bottom - top) / 14

    def place(boards, factor):
        return LEFT + boards * across, bottom - factor * up

    parts = []
    for factor in (0, 4, 8, 12):
        _, y = place(0, factor)
        parts.append(f'<path class="rule" d="M{LEFT} {y:.0f}H{WIDTH}"/>')
        parts.append(text(LEFT - 16, y + 9, f"{factor} ×" if factor else "0", "small end"))
    for boards in (1, 4, 8, 12, 16, 20, 24):
        parts.append(text(place(boards, 0)[0], bottom + 34, boards, "small middle"))
    parts.append(text(WIDTH, height - 4, "boards", "small end quiet"))
    parts.append(text(0, 26, "times as fast as one board after another", "small quiet"))
    knee_x, knee_y = place(12, 12)
    end_x, end_y = place(24, 12)
    start_x, start_y = place(1, 1)
    parts.append(
        f'<path class="line-in" d="M{start_x:.0f} {start_y:.0f}L{knee_x:.0f} {knee_y:.0f}'
        f'H{end_x:.0f}"/><path class="dash" d="M{knee_x:.0f} {knee_y:.0f}V{bottom}"/>'
    )
    for boards in sizes:
        played = quietest(
            lambda: knee.played_round(exhibition.exhibition_walking, boards, SPEED),  # noqa: B023
            float,
            knee.computed_round(boards),
        )
        x, y = place(boards, boards * knee.computed_round(1) / played)
        parts.append(f'<circle class="fill-out" cx="{x:.0f}" cy="{y:.0f}" r="10"/>')
    parts.append(
        text(knee_x + 24, knee_y + 160, "from here on, Alice works all the time", "strong")
    )
    parts.append(text(knee_x + 24, knee_y + 198, "and the answers wait for her"))
    return drawing(height, parts, "The gain of walking: it grows with the boards up to 12 times")


def quietest(play, lasts, ideal):
    """What `play` returns, played again while the machine was so busy that it lasted longer.

    `lasts` tells the hall seconds of what was played, `ideal` what they are on a quiet machine.
    It is played in a thread of its own: an event loop runs already in the one of the notebook.
    """
    best = None
    with ThreadPoolExecutor(max_workers=1) as hall:
        for _ in range(ATTEMPTS):
            played = hall.submit(play).result()
            if best is None or lasts(played) < lasts(best):
                best = played
            if lasts(best) <= 1.03 * ideal:
                break
    return best


def text(x, y, what, classes=""):
    return f'<text class="{classes}" x="{x:.0f}" y="{y:.0f}">{escape(str(what))}</text>'


def rectangle(x, y, width, classes):
    return f'<rect class="{classes}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 6}"/>'


def drawing(height, parts, says):
    return SVG(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(says)}">{"".join(parts)}</svg>'
    )
