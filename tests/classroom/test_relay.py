"""An event is heard once by a server process, and handed to all its pages."""

import asyncio

import pytest
from channels.layers import InMemoryChannelLayer

from classroom import relay
from tests.conftest import run_coroutine


class Page:
    def __init__(self, fails: bool = False):
        self.heard, self.fails, self.closed = [], fails, False

    async def said(self, at):
        if self.fails:
            raise ValueError("for a test")
        self.heard.append(at)

    async def close(self):
        self.closed = True


class Away(InMemoryChannelLayer):
    """A layer whose Redis comes back at the second try."""

    tries = 0

    async def new_channel(self, prefix="specific"):
        self.tries += 1
        if self.tries == 1:
            raise ConnectionRefusedError
        return await super().new_channel(prefix)


@pytest.fixture
def layer(monkeypatch):
    layer = InMemoryChannelLayer()
    monkeypatch.setattr(relay, "get_channel_layer", lambda: layer)
    return layer


async def until(is_so):
    async with asyncio.timeout(600):
        while not is_so():  # noqa: ASYNC110 - each turn of the loop is looked at
            await asyncio.sleep(0)


def test_all_pages_hear_an_event_that_comes_once(layer):
    async def run():
        pages, room = [Page() for _ in range(60)], relay.Relay("chat")
        await asyncio.gather(*map(room.join, pages))
        assert len(layer.groups["chat"]) == 1
        room.leave(pages[0])
        await layer.group_send("chat", {"type": "changed", "at": 3.0})
        await until(lambda: all(page.heard for page in pages[1:]))
        assert [page.heard for page in pages] == [[]] + 59 * [[3.0]]

    run_coroutine(run())


def test_a_page_that_cannot_be_told_is_closed_and_the_others_are_told(layer):
    async def run():
        pages, room = [Page(fails=number == 7) for number in range(20)], relay.Relay("chat")
        await asyncio.gather(*map(room.join, pages))
        for at in 1.0, 2.0:
            await layer.group_send("chat", {"type": "changed", "at": at})
        others = [page for page in pages if not page.fails]
        await until(lambda: all(page.heard == [1.0, 2.0] for page in others))
        assert [page.closed for page in pages] == [page.fails for page in pages]

    run_coroutine(run())


def test_others_get_on_while_many_pages_are_told(layer):
    async def run():
        pages, room = [Page() for _ in range(200)], relay.Relay("chat")
        await asyncio.gather(*map(room.join, pages))
        await layer.group_send("chat", {"type": "changed", "at": 1.0})
        told = set()
        while len(pages) not in told:
            told.add(sum(bool(page.heard) for page in pages))
            await asyncio.sleep(0)
        assert len(told) > 5

    run_coroutine(run())


def test_without_redis_a_page_is_told_so_and_the_next_one_hears(layer, monkeypatch):
    async def run():
        away, room, page = Away(), relay.Relay("chat"), Page()
        monkeypatch.setattr(relay, "get_channel_layer", lambda: away)
        with pytest.raises(ConnectionRefusedError):
            await room.join(Page())
        await room.join(page)
        await away.group_send("chat", {"type": "changed", "at": 1.0})
        await until(lambda: page.heard)

    run_coroutine(run())
