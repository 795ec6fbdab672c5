"""An opponent who thinks, and a count of how many do so at the same moment. Nothing to edit."""

import asyncio
import random
import threading
import time

from django.conf import settings

ANSWERS = ("e5", "c5", "e6", "c6", "d6", "Nf6", "g6", "Nc6")  # good answers to 1. e4


class Waiting:
    """One request that waits for an answer, and the most that waited together with it."""

    everybody = set()
    lock = threading.Lock()  # ordinary views wait in threads

    def __enter__(self):
        with self.lock:
            self.everybody.add(self)
            for one in self.everybody:
                one.together = max(getattr(one, "together", 0), len(self.everybody))
        return self

    def __exit__(self, *exception):
        with self.lock:
            self.everybody.discard(self)


def answer(waiting):
    return {"move": random.choice(ANSWERS), "waiting_together": waiting.together}


def thinks():
    """The opponent's answer, by a blocking call: the thread stands still meanwhile."""
    with Waiting() as waiting:
        time.sleep(settings.THINKING_SECONDS)
    return answer(waiting)


async def thinks_async():
    """The same answer, awaited: the event loop serves others meanwhile."""
    with Waiting() as waiting:
        await asyncio.sleep(settings.THINKING_SECONDS)
    return answer(waiting)
