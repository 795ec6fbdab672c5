"""Attendees who mean harm: what the classroom answers them, and what an attendee who doesn't
notices of each attack: the time until a message of hers is stored.

The attacks come one after the other from this machine, as fast as they are answered.
"""

import argparse
import asyncio
import contextlib
import time
from collections import Counter
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from benchmarks import results
from benchmarks.classroom.attendees import Attendee, browser
from benchmarks.classroom.running import Classroom
from benchmarks.room.measuring import percentile

AT_ONCE = 10  # requests and connections of an attack
EVERY = 0.6  # seconds between two messages of hers: a seat may send one each 0.5
QUIET = 10  # seconds without an attack, to compare with


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks hostile", description=__doc__)
    add = parser.add_argument
    add("--codes", type=int, default=10_000, help="wrong codes that are tried; default 10000")
    add("--times", type=int, default=300, help="of everything else; default 300")
    add("--processes", type=int, default=1, metavar="N", help="of the server; default 1")
    options = parser.parse_args(arguments)
    with Classroom(options.processes) as room:
        rows = asyncio.run(play(room, options))
        lines = len(room.warnings())
    for row in rows:
        answers = ", ".join(f"{count} × {what}" for what, count in row["answers"].items())
        print(f"{row['what']:36}{row['p50_ms']:6.0f} ms {row['p99_ms']:6.0f} ms   {answers}")
    print(f"{lines} lines in the log")
    path = results.write("hostile", options=vars(options), rows=rows, log_lines=lines)
    print(f"Written to {results.shown(path)}")
    return 0 if all(row["refused"] for row in rows) else 1


async def play(room: Classroom, options: argparse.Namespace) -> list[dict]:
    rows = []
    async with browser(room) as client:
        ana, eve = Attendee(room, client), Attendee(room, client)
        await ana.join()
        await eve.join()
        attacks = Attacks(room, client, eve)
        for what, attack, times in (
            ("nobody attacks", None, 0),
            ("wrong codes", attacks.wrong_code, options.codes),
            ("a forged key", attacks.forged_key, options.times),
            ("the same result again", attacks.replayed, options.times),
            ("a foreign Origin", attacks.foreign_origin, options.times),
            ("frames of 1 MiB", attacks.large_frame, options.times),
            ("connections with 1000 messages each", attacks.flood, options.times // 10),
        ):
            answers = Counter()
            attacking = asyncio.create_task(_repeat(attack, times, answers))
            seconds = await _talk(ana, attacking)
            await attacking
            rows.append({
                "what": what,
                "answers": dict(answers),
                "refused": set(answers) <= attacks.RIGHT,
                "p50_ms": 1000 * percentile(seconds, 50),
                "p99_ms": 1000 * percentile(seconds, 99),
            })  # fmt: skip
    return rows


async def _repeat(attack, times: int, answers: Counter) -> None:
    if not attack:
        return await asyncio.sleep(QUIET)
    left = iter(range(times))

    async def attacker():
        for _ in left:
            answers[await attack()] += 1

    await asyncio.gather(*(attacker() for _ in range(AT_ONCE)))


async def _talk(ana: Attendee, attacking: asyncio.Task) -> list[float]:
    """Seconds until each of her messages was stored, for as long as the attack lasts."""
    seconds = []
    while not attacking.done() or len(seconds) < 5:
        began = time.monotonic()
        ana.say("hello")
        while ana.unsaid:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        seconds.append(time.monotonic() - began)
        await asyncio.sleep(EVERY)
    return seconds


class Attacks:
    """Each returns what it was answered."""

    RIGHT = {"403", "429", "401", "1 stored", "0 stored", "1009", "closed", "4429"}

    def __init__(self, room: Classroom, client: httpx.AsyncClient, eve: Attendee):
        self.room, self.client, self.eve = room, client, eve
        self.cookie = {"Cookie": eve.page.cookie}
        self.result = self._result()

    def _result(self) -> dict:
        result = {"uuid": uuid4().hex, "step": "step2", "passed": [], "total": 7}
        return result | {"diagnosis": "not_accepted", "seconds": 1.5}

    async def wrong_code(self) -> str:
        asked = {"type": "join", "code": "AAAAAA"}
        return str((await self.client.post("/seats/", json=asked)).status_code)

    async def forged_key(self) -> str:
        answer = await self._send(self._result(), f"1:{'A' * 43}")
        return str(answer.status_code)

    async def replayed(self) -> str:
        answer = await self._send(self.result, self.eve.key)
        return f"{answer.json()['stored']} stored" if answer.is_success else str(answer.status_code)

    async def _send(self, result: dict, key: str) -> httpx.Response:
        headers = {"Authorization": f"Seat {key}"}
        sent = {"type": "results", "results": [result]}
        return await self.client.post("/results/", json=sent, headers=headers)

    def _page(self, origin: str):
        url = f"ws://127.0.0.1:{self.room.port}/ws/seat/"
        options = {"ping_interval": None, "compression": None, "proxy": None, "open_timeout": None}
        return connect(url, origin=origin, additional_headers=self.cookie, **options)

    async def foreign_origin(self) -> str:
        try:
            async with self._page("http://evil.example"):
                return "a connection"
        except InvalidStatus as refused:
            return str(refused.response.status_code)

    async def large_frame(self) -> str:
        return await self._say(["x" * 2**20])

    async def flood(self) -> str:
        return await self._say(['{"type": "raise", "kind": "stuck"}'] * 1000)

    async def _say(self, texts: list[str]) -> str:
        """The code with which the connection was closed, or that it was cut off."""
        try:
            async with self._page(self.room.url) as page:
                with contextlib.suppress(WebSocketException, OSError):
                    for text in texts:
                        await page.send(text)
                    async for _ in page:
                        pass
                closed = page.close_code
        except (InvalidStatus, OSError, WebSocketException):
            return "closed"
        return "closed" if closed in (None, 1000, 1006) else str(closed)
