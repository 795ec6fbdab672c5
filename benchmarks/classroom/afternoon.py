"""A whole afternoon in minutes: who joins when, what they send, and what goes wrong meanwhile."""

import asyncio
import random
import sys
import time
from argparse import Namespace
from uuid import uuid4

from benchmarks.classroom.attendees import Attendee, browser
from benchmarks.classroom.running import Classroom
from benchmarks.classroom.watching import instructor
from classroom import catalog
from workshop import manifest
from workshop.developing import catalogue

POLLS = 8
CHECKS = 4  # runs of a check in each exercise, the last of which passes
SLEEPS = 0.2  # of the laptops, in each exercise
HANDS = 0.2  # of the attendees, in each exercise
LOST = 600  # seconds after which what has not arrived is lost
TELL = 20  # seconds after which it says what it waits for


class Afternoon:
    def __init__(self, room: Classroom, options: Namespace):
        self.room, self.options = room, options
        self.client = browser(room)
        self.attendees = [Attendee(room, self.client) for _ in range(options.seats)]
        self.polls: list[dict] = []  # as the first page showed them
        self.opened: list[float] = []  # seconds until a page showed an open poll
        self.back: dict[str, float] = {}  # seconds until all pages were back
        self.memory: dict[str, float] = {}  # MiB
        self.wrong: list[str] = []  # what must not be

    async def play(self) -> None:
        self.board, self.screen = await instructor(self.room, self.client)
        self.say("joining")
        self.memory["empty"] = self.room.memory()
        began = time.monotonic()
        await asyncio.gather(
            *(self._later(one.join(), self.options.minute) for one in self.attendees)
        )
        self.joined = time.monotonic() - began
        self.memory["joined"] = self.room.memory()
        disturbances = {2: self._restart, 3: self._lose_redis}
        steps = [step.short for step in manifest.steps("core")]
        polls = [POLLS // len(steps) + (at < POLLS % len(steps)) for at in range(len(steps))]
        for number, (step, count) in enumerate(zip(steps, polls, strict=True), start=1):
            for _ in range(count):
                await self._poll()
            await self._exercise(step, disturbances.get(number))
        self.memory["end"] = self.room.memory()
        await self._compare()
        await self.client.aclose()

    def say(self, what: str) -> None:
        print(f"  {what}", file=sys.stderr, flush=True)

    async def _later(self, doing, seconds: float) -> None:
        await asyncio.sleep(random.uniform(0, seconds))
        await doing

    async def _until(self, is_so, what: str) -> None:
        began, told = time.monotonic(), False
        while not is_so():
            waited = time.monotonic() - began
            if waited > LOST:
                self.wrong.append(f"not within {LOST} s: {what}")
                return
            if waited > TELL and not told:
                told = True
                self.say(f"still waiting for {what}")
            await asyncio.sleep(0.05)

    # Polls

    async def _poll(self) -> None:
        self.say(f"poll {len(self.polls) + 1}")
        self.screen.begin("answers")
        opened = time.monotonic()
        answering = []

        def answers(attendee: Attendee):
            def saw(poll):
                self.opened.append(time.monotonic() - opened)
                answering.append(asyncio.create_task(self._answer(attendee, poll)))

            return saw

        for one in self.attendees:
            one.saw_poll = answers(one)
        question = f"Question {len(self.polls) + 1}"
        self.board.page.tell("open_poll", question=question, choices=["this", "that", "neither"])
        count = len(self.attendees)
        await self._until(lambda: len(answering) == count, "a poll on every phone")
        await asyncio.gather(*answering)
        self.board.page.tell("close_poll")
        closed = lambda one: one.state["poll"] and one.state["poll"]["counts"]  # noqa: E731
        await self._until(
            lambda: all(map(closed, self.attendees)), "a poll's result on every phone"
        )
        self.polls.append(self.attendees[0].state["poll"])
        self.board.page.tell("put_away_poll")

    async def _answer(self, attendee: Attendee, poll: dict) -> None:
        await asyncio.sleep(random.uniform(0, self.options.exercise / 4))
        self.screen.expect("answers")
        await attendee.answer(poll, random.randrange(3))

    # Exercises

    async def _exercise(self, step: str, disturb) -> None:
        self.say(f"exercise {step}")
        self.screen.begin("done")
        self.board.page.tell("exercise", step=step, minutes=30)
        await self._until(lambda: self.screen.state["step"] == step, "an exercise on the screen")
        await asyncio.gather(
            *(self._work(one, step) for one in self.attendees),
            *([disturb()] if disturb else []),
        )
        await self._until(lambda: self.board.has_seen_all, "every result on the board")
        done = lambda: self.screen.state["done"] == len(self.attendees)  # noqa: E731
        await self._until(done, "everyone's result on the screen")
        stored = lambda: not any(one.unsaid for one in self.attendees)  # noqa: E731
        await self._until(stored, "an answer to every message")

    async def _work(self, attendee: Attendee, step: str) -> None:
        """Some of an exercise's minutes of one attendee."""
        parts = [self._check(attendee, step), self._talk(attendee)]
        if random.random() < HANDS:
            parts.append(self._raise_hand(attendee))
        if random.random() < SLEEPS:
            parts.append(self._sleep(attendee))
        await asyncio.gather(*parts)

    async def _check(self, attendee: Attendee, step: str) -> None:
        entry = catalog.steps()[step]
        names = [check.name for check in entry.checks]
        counts = sorted(random.sample(range(len(names)), min(CHECKS, len(names)) - 1))
        for count in [*counts, len(names)]:
            await asyncio.sleep(self.options.exercise / CHECKS * random.uniform(0.5, 1))
            is_done = count == len(names)
            diagnosis = None if is_done else random.choice(_diagnoses(step))
            sent = {
                "uuid": uuid4().hex,
                "step": step,
                "passed": names[:count],
                "total": len(names),
                "diagnosis": diagnosis,
                "seconds": 1.5,
            }
            if attendee.page.awake.is_set() and not attendee.outbox:
                self._expect(attendee, sent, names)
            await attendee.send(sent)

    def _expect(self, attendee: Attendee, sent: dict, names: list[str]) -> None:
        passed = [name in sent["passed"] for name in names]
        self.board.expect(attendee.state["label"], sent["step"], passed, sent["diagnosis"])
        if all(passed):
            self.screen.expect("done")

    async def _talk(self, attendee: Attendee) -> None:
        for number in range(2):
            await asyncio.sleep(random.uniform(0, self.options.exercise / 2))
            attendee.say(f"message {number}")

    async def _raise_hand(self, attendee: Attendee) -> None:
        await asyncio.sleep(random.uniform(0, self.options.exercise / 2))
        attendee.page.tell("raise", kind="stuck")
        await asyncio.sleep(random.uniform(0, self.options.exercise / 2))
        attendee.page.tell("lower")

    async def _sleep(self, attendee: Attendee) -> None:
        await asyncio.sleep(random.uniform(0, self.options.exercise / 2))
        await attendee.page.sleep()
        await asyncio.sleep(random.uniform(0, self.options.exercise / 2))
        attendee.page.awake.set()

    # What goes wrong

    async def _restart(self) -> None:
        await self._disturbed("server", self.room.stop, self.room.start)

    async def _lose_redis(self) -> None:
        await self._disturbed("redis", self.room.stop_redis, self.room.start_redis)

    async def _disturbed(self, what: str, end, begin) -> None:
        await asyncio.sleep(self.options.exercise / 3)
        self.say(f"{what} is away")
        pages = [self.board.page, self.screen.page, *(one.page for one in self.attendees)]
        before = {page: page.socket for page in pages}
        for page in (self.board, self.screen):
            page.delays.undisturbed = False
        await asyncio.to_thread(end)
        await asyncio.sleep(1)
        await asyncio.to_thread(begin)
        again = time.monotonic()

        def here(page):
            # A page's connection may outlive Redis, so the instructor's have to hear something. One
            # that slept when the server went away had none.
            if what == "redis" and page in pages[:2]:
                return page.heard_at > again
            returned = page.socket is not before[page] or what == "redis"
            return page.socket and returned or not page.awake.is_set()

        await self._until(lambda: all(map(here, pages)), f"pages that are back after: {what}")
        self.back[what] = time.monotonic() - again
        await asyncio.sleep(2)
        for page in (self.board, self.screen):
            page.delays.undisturbed = True

    # Was everything counted once?

    async def _compare(self) -> None:
        sent = [uuid for one in self.attendees for uuid in one.sent]
        stored = [uuid for (uuid,) in self.room.stored("select uuid from classroom_result")]
        self._same("results", sorted(sent), sorted(stored))
        said = [client_id for one in self.attendees for client_id in one.said]
        messages = self.room.stored("select id, client_id from classroom_message order by id")
        self._same("messages", sorted(said), sorted(client_id for _, client_id in messages))
        ids = [number for number, _ in messages]
        everyone = lambda: all(len(one.heard) >= len(ids) for one in self.attendees)  # noqa: E731
        await self._until(everyone, "every message in every page")
        for one in self.attendees:
            self._same("messages that a page heard", ids, one.heard)
        for poll in self.polls:
            chosen = [one.answered[poll["id"]] for one in self.attendees]
            counts = [chosen.count(choice) for choice in range(len(poll["choices"]))]
            self._same(f"answers to {poll['question']}", counts, poll["counts"])
        hands = self.room.stored("select count(*) from classroom_hand where lowered is null")
        self.hands_left = hands[0][0]
        self.counts = {"results": len(stored), "messages": len(ids), "polls": len(self.polls)}

    def _same(self, what: str, wanted: list, found: list) -> None:
        if wanted != found:
            self.wrong.append(f"{what}: {len(found)} where {len(wanted)} were sent")


def _diagnoses(step: str) -> list[str]:
    """Those that the step's known mistakes get."""
    rows = catalogue.entries(manifest.find(step), "mistakes")
    return sorted({row["diagnosis"] for row in rows if "diagnosis" in row})
