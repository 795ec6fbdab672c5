"""Alice's exhibitions, played in a process of their own and read from their record."""

import contextlib
import json
import tempfile
from pathlib import Path

from checks.step1_sync_vs_async.failures import NoRecord
from workshop.checking.processes.program import Program

# With these the games one after another, 8 minutes in the hall, take 0.12 s; and the walking Alice
# has made a move at every board in a third of the time for which an opponent thinks.
BOARDS = 4  # no more than the threads that asyncio.to_thread has on a laptop with one core
PAIRS = 2
SPEED = 4000  # hall seconds in one real second
SLOWLY = 400  # the same, where a busy machine may have held up threads that think
PLAYS_WITHIN = 8  # seconds; only a check that fails waits for them


class Exhibition(Program):
    """`python exhibition.py --record FILE` in `folder`: both exhibitions, which it begins to play
    at once."""

    may_end = True

    def __init__(self, folder: Path, speed: int = SPEED):
        self._played: Played | None = None
        self._place = tempfile.TemporaryDirectory()
        self._file = Path(self._place.name) / "record.json"
        sizes = ("--boards", str(BOARDS), "--pairs", str(PAIRS), "--speed", str(speed))
        super().__init__(folder, "exhibition.py", "--record", str(self._file), *sizes)

    async def plays(self) -> "Played":
        """What was played, when both exhibitions are over. Raises NoRecord."""
        if self._played is None:
            self._played = await self._ends()
            if 1 < self._played.at_once("asynchronous", "opponent") < BOARDS:
                self._played = await self._plays_slowly()
        return self._played

    async def _ends(self) -> "Played":
        if not await self.ended(PLAYS_WITHIN):
            raise NoRecord("exhibition.py", f"It did not end within {PLAYS_WITHIN} s.")
        with contextlib.suppress(OSError, ValueError):
            return Played(json.loads(self._file.read_text(encoding="utf-8")))
        raise NoRecord("exhibition.py", f"It ended with exit code {self.exit_code}.")

    async def _plays_slowly(self) -> "Played":
        """What is played by a second one, for which no thread is too slow to begin."""
        again = Exhibition(self.folder, SLOWLY)
        try:
            return await again._ends()
        finally:
            again.stop()

    def stop(self) -> None:
        super().stop()
        self._place.cleanup()


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
        """How many moves of `who` went on together, at most: counted, not timed."""
        now = most = 0
        for event in self._record[name]:
            if event["who"] == who:
                now += 1 if event["what"] == "starts" else -1
                most = max(most, now)
        return most

    def broke_off(self, name: str) -> dict | None:
        """{"type", "message", "traceback"} of what ended this exhibition early."""
        return self._record.get("error", {}).get(name)
