"""Plays an exhibition on fresh boards and brings back what happened."""

import asyncio
import contextlib
import inspect
import traceback
from pathlib import Path

from .board import Board, OutOfTurn
from .clock import Clock
from .record import Record

OURS = (Path(__file__).parent, Path(asyncio.__file__).parent, Path(contextlib.__file__).parent)


class Played:
    """An exhibition that has been played: boards, events, hall seconds, and the error or None."""

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

    def problem(self):
        """Why this is no exhibition, in words for whoever wrote it, or None."""
        if self.error:
            return self.traceback()
        for board in self.boards:
            if not board.over:
                return (
                    f"the exhibition ended before its games. Board {board.number + 1} has "
                    f"{board.played} of {len(board.moves)} moves. Is every game awaited?"
                )

    def traceback(self):
        """Python's own words about the error, without the frames of the club and of asyncio."""
        frames = []
        frame = self.error.__traceback__
        while frame:
            if Path(frame.tb_frame.f_code.co_filename).parent not in OURS:
                frames.append(frame)
            frame = frame.tb_next
        if frames:
            self.error.__traceback__ = frames[0]
            if isinstance(self.error, OutOfTurn):
                frames[-1].tb_next = None  # what follows is how the board noticed
        return "".join(traceback.format_exception(self.error))
