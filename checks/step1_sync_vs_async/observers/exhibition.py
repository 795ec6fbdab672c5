"""Alice's exhibitions, played in a process of their own and read from their record."""

import contextlib
import json
from pathlib import Path

from checks.step1_sync_vs_async.failures import NoRecord
from workshop.checking import patience
from workshop.checking.processes.program import Program

RECORD = "record.json"  # in the folder of the check, as workshop.toml says
# A hall hour passes this much more slowly where a busy machine may have held up threads that think.
SLOWLY = ("--speed", "400")
PLAYS_WITHIN = patience.seconds(8)  # only a check that fails waits for them


class Exhibition:
    """`program` plays both exhibitions, with the sizes that workshop.toml gives it, and leaves its
    record in `folder`."""

    def __init__(self, program: Program, folder: Path):
        self._program = program
        self._folder = folder
        self._played: Played | None = None

    async def plays(self) -> "Played":
        """What was played, when both exhibitions are over. Raises NoRecord."""
        if self._played is None:
            self._played = await self._ends(self._program, self._folder / RECORD)
            if 1 < self._played.at_once("asynchronous", "opponent") < len(self._played.games):
                self._played = await self._plays_slowly()
        return self._played

    async def _ends(self, program: Program, record: Path) -> "Played":
        if not await program.ended(PLAYS_WITHIN):
            raise NoRecord("exhibition.py", f"It did not end within {PLAYS_WITHIN:g} s.")
        if played := _read(record):
            return played
        raise NoRecord("exhibition.py", f"exhibition.py ended with exit code {program.exit_code}.")

    async def _plays_slowly(self) -> "Played":
        """What is played by a second program, for which no thread is too slow to begin."""
        record = self._folder / f"slow-{RECORD}"
        again = Program(
            self._program.folder, *self._program.command, *SLOWLY, "--record", str(record)
        )
        try:
            return await self._ends(again, record)
        finally:
            again.stop()


def _read(record: Path) -> "Played | None":
    with contextlib.suppress(OSError, ValueError):
        return Played(json.loads(record.read_text(encoding="utf-8")))
    return None


class Played:
    """The record of both exhibitions, "synchronous" and "asynchronous" (club/evening.py)."""

    def __init__(self, record: dict):
        self._record = record

    @property
    def games(self) -> list[list[str]]:
        """The moves that should be made at each board."""
        return self._record["games"]

    def moves(self, name: str, board: int) -> list[str]:
        """The moves made at one board, in the order in which they ended."""
        return [
            event["move"]
            for event in self._record[name]
            if event["board"] == board and event["what"] == "ends"
        ]

    def at_once(self, name: str, who: str) -> int:
        """How many moves of `who` were under way at once, at most: counted, not timed."""
        now = most = 0
        for event in self._record[name]:
            if event["who"] == who:
                now += 1 if event["what"] == "starts" else -1
                most = max(most, now)
        return most

    def broke_off(self, name: str) -> dict | None:
        """{"type", "message", "traceback"} of what ended this exhibition early."""
        return self._record.get("error", {}).get(name)
