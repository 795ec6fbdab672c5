"""Alice's exhibitions of step 1, played in a process of their own and read from their record."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from checks.step1_sync_vs_async.failures import NoRecord
from workshop.checking import patience
from workshop.checking.failures import Failure, Silent
from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Server

BOARDS = 5  # no more than the threads that asyncio.to_thread has on a laptop with one core
PAIRS = 3
SPEED = 3000  # hall seconds in one real second: 15 minutes one after another take 0.3 s
PLAYS_WITHIN = patience.seconds(8)  # only a check that fails waits for them
BROWSERS = 8
ANSWERS_WITHIN = patience.seconds(8)  # only a check that fails waits for them


class Games(Program):
    may_end = True


class Exhibition:
    """`python exhibition.py --record FILE` in `folder`. Adds its process to `programs`."""

    def __init__(self, folder: Path, programs: list[Program]):
        self.folder = folder
        self.programs = programs
        self.program: Program | None = None
        self.record: dict = {}

    async def plays(self) -> None:
        """Play both exhibitions and read their record. Raises NoRecord."""
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "record.json"
            sizes = ("--boards", str(BOARDS), "--pairs", str(PAIRS), "--speed", str(SPEED))
            self.program = Games(self.folder, "exhibition.py", "--record", str(file), *sizes)
            self.programs.append(self.program)
            if not await self.program.ended(PLAYS_WITHIN):
                raise NoRecord("exhibition.py", f"It did not end within {PLAYS_WITHIN:g} s.")
            with contextlib.suppress(OSError, ValueError):
                self.record = json.loads(file.read_text(encoding="utf-8"))
        if not self.record:
            raise NoRecord("exhibition.py", f"It ended with exit code {self.program.exit_code}.")

    def stop(self) -> None:
        if self.program:
            self.program.stop()

    def events(self, name: str, who: str | None = None) -> list[dict]:
        """What happened, in order, in the exhibition "synchronous" or "asynchronous"."""
        return [event for event in self.record[name] if who in (None, event["who"])]

    def moves(self, name: str, board: int) -> list[str]:
        """The moves made at one board, in the order in which they ended."""
        return [
            event["move"]
            for event in self.events(name)
            if event["board"] == board and event["what"] == "ends"
        ]

    def at_once(self, name: str, who: str) -> int:
        """How many moves of `who` went on together, at most: counted, not timed."""
        now = most = 0
        for event in self.events(name, who):
            now += 1 if event["what"] == "starts" else -1
            most = max(most, now)
        return most

    def broke_off(self, name: str) -> dict | None:
        """{"type", "message", "traceback"} of what ended this exhibition early."""
        return self.record.get("error", {}).get(name)


class Hall:
    """The pages of step 1's server, asked for by several browsers at once."""

    def __init__(self, server: Server):
        self.server = server

    @contextlib.asynccontextmanager
    async def _asking(self, path: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser for a `with` block. Raises Silent and Failure where it gets no answer."""
        address = f"http://{self.server.address}"
        try:
            async with httpx.AsyncClient(
                base_url=address, verify=False, trust_env=False, timeout=ANSWERS_WITHIN
            ) as client:
                yield client
        except httpx.TimeoutException:
            raise Silent("The browser", ANSWERS_WITHIN) from None
        except httpx.HTTPError as error:
            raise Failure("hall", f"{path} was not answered: {error!r}") from None

    async def together(self, path: str) -> list[int]:
        """Eight browsers ask for `path` at the same moment. How many waited together, as each
        answer tells; the list ends with the first that waited alone, for the others would too."""
        counts = []
        async with self._asking(path) as client:
            asked = [asyncio.ensure_future(client.get(path)) for _ in range(BROWSERS)]
            try:
                for answer in asyncio.as_completed(asked):
                    counts.append(self._count(await answer))
                    if counts[-1] == 1:
                        break
            finally:
                for request in asked:
                    request.cancel()
        return counts

    @staticmethod
    def _count(answer: httpx.Response) -> int:
        if answer.status_code != 200:
            raise Failure("hall", f"A browser was answered with HTTP {answer.status_code}.")
        try:
            return answer.json()["waiting_together"]
        except (ValueError, KeyError, TypeError):
            raise Failure(
                "hall",
                "The answer does not tell how many waited together. Keep the line `return "
                "answered(…)` and give it what opponent.thinks_async() returns.",
            ) from None

    async def beats_during(self, path: str) -> int:
        """How many heartbeats arrive while one browser waits for `path`. Raises Failure where
        either of the two gets no proper answer."""
        async with (
            self._asking("/heartbeat/") as client,
            client.stream("GET", "/heartbeat/") as stream,
        ):
            lines = stream.aiter_lines()
            if stream.status_code != 200 or await anext(lines, None) is None:
                raise Failure(
                    "hall",
                    "The heart does not beat: /heartbeat/ was answered with HTTP "
                    f"{stream.status_code} and {'no beat' if stream.is_success else 'no stream'}.",
                )
            beats = 0

            async def count():
                nonlocal beats
                async for line in lines:
                    beats += line.startswith("data:")

            counting = asyncio.ensure_future(count())
            self._count(await client.get(path))
            # What has arrived by now may not have been read yet.
            seen = -1
            while seen != beats:
                seen = beats
                await asyncio.sleep(0.03)
            counting.cancel()
            return beats
