"""Plays an exhibition on fresh boards and brings back what happened."""

import asyncio
import inspect
import traceback
from pathlib import Path

from .board import Board
from .clock import Clock
from .record import Record

OURS = (Path(__file__).parent, Path(asyncio.__file__).parent)


class Played:
    """An exhibition that has been played: its boards, its events, its hall seconds, its error or None."""

    def __init__(self, exhibition, boards, pairs, speed):
        clock = Clock(speed)
        record = Record(clock)
        self.boards = [Board(number, pairs, clock, record) for number in range(boards)]
        self.error = None
        clock.start()
        try:
            result = exhibition(self.boards)
            if inspect.iscoroutine(result):  # an ordinary function may call asyncio.run() itself
                asyncio.run(result)
        except (Exception, SystemExit) as error:
            self.error = error
        self.events = record.events
        self.seconds = clock.now()

    def unfinished(self):
        """The first board whose game did not come to its end, or None."""
        return next((board for board in self.boards if not board.over), None)

    def traceback(self):
        """Python's own words about the error, from the first line that is not the club's."""
        frames = self.error.__traceback__
        while frames.tb_next and Path(frames.tb_frame.f_code.co_filename).parent in OURS:
            frames = frames.tb_next
        return "".join(traceback.format_exception(self.error.with_traceback(frames)))
