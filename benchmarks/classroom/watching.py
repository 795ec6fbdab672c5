"""The instructor's board and the projector's screen, which measure how late they are."""

import time

import httpx

from benchmarks.classroom.attendees import Page
from benchmarks.classroom.running import Classroom


class Delays:
    """Seconds from what somebody did to the moment at which a page shows it."""

    def __init__(self):
        self.seconds: list[float] = []
        self.undisturbed = True  # neither the server nor Redis is away: the others don't count

    def add(self, since: float, undisturbed: bool) -> None:
        if undisturbed and self.undisturbed:
            self.seconds.append(time.monotonic() - since)


class Board:
    """Sees each result: it waits for the very checks and the diagnosis that were sent."""

    def __init__(self, room: Classroom, cookie: str):
        self.page = Page(room, "/ws/board/", cookie, self._hear)
        self.delays = Delays()
        self.state: dict = {}
        self._waiting: dict = {}  # (label, step): [(standing, since, undisturbed)], oldest first

    def expect(self, label: str, step: str, passed: list[bool], diagnosis: str | None) -> None:
        waiting = self._waiting.setdefault((label, step), [])
        waiting.append(((passed, diagnosis), time.monotonic(), self.delays.undisturbed))

    @property
    def has_seen_all(self) -> bool:
        return not self._waiting

    def _hear(self, message: dict) -> None:
        if message["type"] != "board_state":
            return
        self.state = message
        for row in message["seats"]:
            for standing in row["standings"]:
                self._look((row["label"], standing["step"]), standing)

    def _look(self, key: tuple, standing: dict) -> None:
        waiting = self._waiting.get(key, [])
        now = (standing["passed"], standing["diagnosis"])
        found = [at for at, (expected, *_) in enumerate(waiting) if expected == now]
        if found:  # those before it were shown and replaced, or skipped
            for _, since, undisturbed in waiting[: found[-1] + 1]:
                self.delays.add(since, undisturbed)
            del waiting[: found[-1] + 1]
            if not waiting:
                del self._waiting[key]


class Screen:
    """Sees no seat, so it counts: the third who is done is shown when it says three."""

    def __init__(self, room: Classroom, cookie: str):
        self.page = Page(room, "/ws/screen/", cookie, self._hear)
        self.delays = Delays()
        self.state: dict = {}
        self._since: dict[str, list] = {"done": [], "answers": []}
        self._seen = {"done": 0, "answers": 0}

    def begin(self, what: str) -> None:
        """A new exercise, or a new poll."""
        self._since[what], self._seen[what] = [], 0

    def expect(self, what: str) -> None:
        self._since[what].append((time.monotonic(), self.delays.undisturbed))

    def _hear(self, message: dict) -> None:
        if message["type"] != "screen_state":
            return
        self.state = message
        poll = message["poll"]
        for what, count in (("done", message["done"]), ("answers", poll and poll["answers"] or 0)):
            since = self._since[what]
            while self._seen[what] < min(count, len(since)):
                self.delays.add(*since[self._seen[what]])
                self._seen[what] += 1


async def instructor(room: Classroom, client: httpx.AsyncClient) -> tuple[Board, Screen]:
    token = room.keys["token"]
    opened = await client.get("/board/", params={"token": token}, follow_redirects=False)
    cookie = f"classroom={opened.cookies['classroom']}"
    return Board(room, cookie), Screen(room, cookie)
