"""What many pages of a server process show is read once for all of them.

When the instructor opens a poll, two hundred consumers hear it at the same moment, and each wants
the same rows. Whoever is first reads them; the others wait for that reading.
"""

import asyncio
import time
from collections.abc import Callable

from .threads import for_pages


class Reading:
    """The result of `read`, a function that asks the database, for all that want it now."""

    def __init__(self, read: Callable):
        self.read = for_pages(read)
        self.value = None
        self.began = 0.0  # when the newest value was read
        self._task: asyncio.Task | None = None

    async def since(self, moment: float):
        """A value that knows all that was stored before `moment`."""
        while self.began < moment or self.value is None:
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._renew())
            # Of those who wait, one may leave: the others still want it.
            await asyncio.shield(self._task)
        return self.value

    async def _renew(self) -> None:
        began = time.time()
        self.value = await self.read()
        self.began = began
