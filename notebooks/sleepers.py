"""Five hundred sleepers for experiment 5 of step 1: python sleepers.py coroutines (or threads)."""

import asyncio
import json
import sys
import threading
from time import perf_counter

import psutil

SLEEPERS = 500


def now():
    """Threads, megabytes and milliseconds at this moment."""
    return threading.active_count(), psutil.Process().memory_info().rss / 1e6, 1000 * perf_counter()


async def coroutines():
    before = now()
    dawn = asyncio.Event()
    sleepers = [asyncio.create_task(dawn.wait()) for _ in range(SLEEPERS)]
    await asyncio.sleep(0)  # lets each of them run to its await
    after = now()
    dawn.set()
    await asyncio.gather(*sleepers)
    return before, after


async def threads():
    before = now()
    dawn = threading.Event()
    sleepers = [threading.Thread(target=dawn.wait) for _ in range(SLEEPERS)]
    for sleeper in sleepers:
        sleeper.start()
    after = now()
    dawn.set()
    for sleeper in sleepers:
        sleeper.join()
    return before, after


before, after = asyncio.run({"coroutines": coroutines, "threads": threads}[sys.argv[1]]())
print(json.dumps([b - a for a, b in zip(before, after, strict=True)]))
