"""The channel layer's event is heard once by a server process, for all its pages, as in step 7.

As members of a group, two hundred consumers are woken for each event, one right after the other:
until all of them have sent something, no laptop gets an answer. Here one task calls them, and lets
others go on in between.
"""

import asyncio
import logging
import weakref

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)
IN_A_ROW = 25  # pages


class Relay:
    """The member of a group for all its pages in this process. It calls said() of each."""

    def __init__(self, group: str):
        self._group = group
        self._pages = weakref.WeakSet()  # after an exception, a page may go without a word
        self._joining: asyncio.Task | None = None
        self._listening: asyncio.Task | None = None

    async def join(self, page) -> None:
        """From now on, the page hears the group. Raises what the layer raises without Redis."""
        self._pages.add(page)
        if not self._joining or self._joining.done() and self._joining.exception():
            self._joining = asyncio.create_task(self._join())
        await asyncio.shield(self._joining)  # others wait for it, too

    def leave(self, page) -> None:
        self._pages.discard(page)

    async def _join(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(self._group, channel)
        self._listening = asyncio.create_task(self._listen(layer, channel))

    async def _listen(self, layer, channel: str) -> None:
        while True:
            event = await layer.receive(channel)
            for number, page in enumerate([*self._pages], start=1):
                try:
                    await page.said(event["at"])
                except Exception:
                    log.exception("a page that could not be told is closed: it comes back")
                    await page.close()
                if number % IN_A_ROW == 0:
                    await asyncio.sleep(0)
