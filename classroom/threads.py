"""All that asks the database does so in a thread of the server process, in turn.

Django gives each HTTP request a thread of its own. Two hundred laptops that send their results
would open two hundred connections, and SQLite lets one of them write: those that wait for it ask
again and again, and whoever has no luck for some seconds fails. Here they stand in line.

What many pages show (readings.py) is read in a thread of its own. SQLite, with a write-ahead log,
lets it read while another writes, so the board doesn't stand in line behind all whose results it is
to show.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from channels.db import database_sync_to_async

_in_turn = ThreadPoolExecutor(1, "database")
_for_pages = ThreadPoolExecutor(1, "pages")


def in_database(function: Callable, thread: ThreadPoolExecutor = _in_turn) -> Callable:
    """An asynchronous function: await in_database(actions.join)("Ana")"""
    return database_sync_to_async(function, thread_sensitive=False, executor=thread)


def for_pages(read: Callable) -> Callable:
    """The same for a function that only reads, and what many pages show."""
    return in_database(read, _for_pages)


class Together:
    """`await Together(function)(thing)` is the thing's answer. function is called in the database's
    thread, with everything that is waiting by then, and returns the answer to each; one that is an
    exception is raised for that thing alone. What function raises is raised for all of them."""

    AT_ONCE = 50  # things: those who wait for another transaction wait no longer than for these

    def __init__(self, function: Callable[[Sequence], Sequence]):
        self._function = in_database(function)
        self._waiting: list[tuple[object, asyncio.Future]] = []
        self._task: asyncio.Task | None = None

    async def __call__(self, thing):
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((thing, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[: self.AT_ONCE], self._waiting[self.AT_ONCE :]
            try:
                answers = await self._function([thing for thing, _ in asked])
            except Exception as error:
                answers = [error] * len(asked)
            for (_, future), answer in zip(asked, answers, strict=True):
                if future.done():
                    pass  # whoever asked is gone
                elif isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
