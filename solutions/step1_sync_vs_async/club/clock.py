"""The clock of the hall. It runs faster than yours, so that an evening takes seconds."""

import asyncio
import time


class Clock:
    """All times are in hall seconds; one real second is `speed` of them."""

    def __init__(self, speed):
        self.speed = speed
        self.start()

    def start(self):
        self.started = time.perf_counter()

    def now(self):
        return (time.perf_counter() - self.started) * self.speed

    def work(self, seconds):
        """Keep the thread, as a computation does.

        A sleep stands for it here: to the event loop both are the same, a call that does not give
        the thread back, and a sleeping laptop stays cool. No `await` makes either shorter.
        """
        time.sleep(seconds / self.speed)

    def wait(self, seconds):
        """Block: the thread has nothing to do, and can do nothing else."""
        time.sleep(seconds / self.speed)

    async def wait_async(self, seconds):
        """Wait, but let the event loop run other coroutines meanwhile."""
        await asyncio.sleep(seconds / self.speed)
