"""The hall's server: eight browsers ask it at once, while its heart is listened to."""

import asyncio
import contextlib
import http.client
from contextlib import AsyncExitStack
from dataclasses import dataclass

from checks.step1_sync_vs_async.failures import HeartSilent
from workshop.checking import patience
from workshop.checking.failures import Failure, Silent
from workshop.checking.observers.pages import Answer, connection
from workshop.checking.processes.server import Server

BROWSERS = 8
BEATS = 2  # while they wait: workshop.toml lets them wait 0.23 s, and a beat comes every 0.1 s
ROUNDS = 4  # on a busy machine a browser or a beat may come late: then they ask once more
BEATS_WITHIN = patience.seconds(3)  # only a check that fails waits for them
ANSWERS_WITHIN = patience.seconds(8)  # for all rounds; only a check that fails waits for them


@dataclass
class Waited:
    """What was seen while browsers waited: the highest count of any round."""

    together: int = 0  # browsers, as their answers say
    beats: int = 0
    failure: Failure | None = None  # of the browsers
    heart_failure: Failure | None = None


class Hall:
    """The hall's server. One measurement serves every check that asks for it."""

    def __init__(self, server: Server):
        self._server = server
        self._waited: Waited | None = None

    async def together(self) -> int:
        """How many of eight browsers that ask /awaiting/ at the same moment wait together. Raises
        Silent and Failure where one gets no proper answer."""
        waited = await self._measured()
        if waited.failure:
            raise waited.failure
        return waited.together

    async def beats(self) -> int:
        """How many heartbeats come in the meantime. Raises HeartSilent, and what `together`
        raises."""
        waited = await self._measured()
        if failure := waited.heart_failure or waited.failure:
            raise failure
        return waited.beats

    async def _measured(self) -> Waited:
        if self._waited is None:
            self._waited = waited = Waited()
            try:
                async with asyncio.timeout(ANSWERS_WITHIN):
                    await self._measure(waited)
            except TimeoutError:
                waited.failure = Silent("The browser", ANSWERS_WITHIN)
            except Failure as failure:
                waited.failure = failure
            except (OSError, http.client.HTTPException) as error:
                waited.failure = Failure("hall", f"/awaiting/ was not answered: {error!r}")
        return self._waited

    async def _measure(self, waited: Waited) -> None:
        heart = Heart(self._server)
        listening = asyncio.ensure_future(heart.listen())
        try:
            for _ in range(ROUNDS):
                await heart.next_beat()  # right after it, so that the next one finds them waiting
                before = heart.count
                counts = await self._round()
                waited.together = max(waited.together, *counts)
                waited.beats = max(waited.beats, heart.count - before)
                enough = waited.together == BROWSERS and (waited.beats >= BEATS or heart.failure)
                if enough or counts.count(1) > 1:
                    break
        finally:
            listening.cancel()
            waited.heart_failure = heart.failure

    async def _round(self) -> list[int]:
        """How many waited together, as each answer says. The list ends with the second browser that
        waited alone, because the others would too."""
        counts: list[int] = []
        async with AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(connection(self._server)) for _ in range(BROWSERS)
            ]
            for browser in opened:
                browser.ask("/awaiting/")
            answers = [asyncio.ensure_future(browser.answer()) for browser in opened]
            try:
                for answer in asyncio.as_completed(answers):
                    counts.append(_count(await answer))
                    if counts.count(1) > 1:
                        break
            finally:
                for answer in answers:
                    answer.cancel()
        return counts


def _count(answer: Answer) -> int:
    if answer.status != 200:
        raise Failure("hall", f"A browser was answered with HTTP {answer.status}.")
    try:
        return answer.json()["waiting_together"]
    except (ValueError, KeyError, TypeError):
        raise Failure(
            "hall",
            "The answer does not say how many waited together. "
            "Keep the line `return answered(…)` and give it what opponent.thinks_async() returns.",
        ) from None


class Heart:
    """The beats that /heartbeat/ sends, counted while `listen` runs."""

    def __init__(self, server: Server):
        self._server = server
        self._status: int | None = None
        self._beaten = asyncio.Event()
        self._waits = True  # whether another beat is worth waiting for
        self.count = 0

    @property
    def failure(self) -> HeartSilent | None:
        """What is wrong with it, if it never beat."""
        return None if self.count else HeartSilent(self._status)

    async def listen(self) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            async with connection(self._server) as opened:
                opened.ask("/heartbeat/")
                self._status = int((await opened.reader.readline()).split()[1])
                async for line in opened.reader:
                    if line.startswith(b"data:") and self._status == 200:
                        self.count += 1
                        self._beaten.set()
        self._waits = False
        self._beaten.set()

    async def next_beat(self) -> None:
        """Return at the next beat; at once where one failed to come before."""
        if self._waits:
            self._beaten.clear()
            try:
                async with asyncio.timeout(BEATS_WITHIN):
                    await self._beaten.wait()
            except TimeoutError:
                self._waits = False
