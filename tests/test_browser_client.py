"""The browsers of a check, against a tiny WebSocket server in this process."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tests.conftest import run_coroutine
from workshop.checking import failures
from workshop.checking.events import Connected, Ended
from workshop.checking.observers import browser as browsers
from workshop.checking.observers import room as rooms
from workshop.checking.observers.room import Room
from workshop.checking.observers.timeline import Timeline
from workshop.checking.processes.program import Log, becomes


class Chat:
    """A server for one test: `answer(text)` gives the frames that answer a browser's."""

    was_killed = False

    def __init__(self, answer=lambda text: [text]):
        self.answer = answer
        self.joins = None  # an asyncio.Event that what is done after the handshake waits for
        self.ends = None  # an asyncio.Event that what is done at the end of a socket waits for
        self.log = Log(Path())
        self.requests = []  # the handshakes that came

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def serve(self, socket) -> None:
        self.requests.append(socket.request)
        path = socket.request.path.partition("?")[0]
        if self.joins:
            await self.joins.wait()
        self.log.events.append(Connected(path))
        with suppress(ConnectionClosed):
            async for text in socket:
                for frame in self.answer(text):
                    await socket.send(frame)
        if self.ends:
            await self.ends.wait()
        self.log.events.append(Ended(path, None))

    @asynccontextmanager
    async def runs(self):
        async with serve(self.serve, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self


def played(check, *chats: Chat):
    """Run `check(room, …)` with the same room on each of the servers."""

    async def play(left, rooms):
        if left:
            async with left[0].runs() as chat:
                rooms.append(rooms[0].on(chat) if rooms else Room(chat, "lobby", Timeline(), chats))
                return await play(left[1:], rooms)
        try:
            return await check(*rooms)
        finally:
            for browser in rooms[0].browsers:
                await browser.drop()

    return run_coroutine(play(chats, []))


@pytest.fixture
def impatient(monkeypatch):
    """Nothing comes, and nothing waits for it."""
    monkeypatch.setattr(browsers, "HEARS_WITHIN", 0.05)


def test_a_browser_sends_what_any_page_of_the_server_sends():
    chat = Chat()

    async def check(room):
        await room.open("Ana")

    played(check, chat)
    request = chat.requests[0]
    assert request.path == "/ws/chat/lobby/"
    assert request.headers["Origin"] == f"http://{chat.address}"
    assert "Cookie" not in request.headers


def test_path_headers_origin_and_cookies_are_the_checks_own():
    chat = Chat()

    async def check(room):
        await room.open(
            "Ana",
            path="/ws/moves/?last=7",
            headers={"X-Forwarded-For": "192.0.2.1"},
            origin="http://elsewhere.example",
            cookies={"sessionid": "abc", "csrftoken": "def"},
        )
        await room.open("Ben", origin=None)
        return room.paths

    assert played(check, chat) == {"/ws/chat/lobby/", "/ws/moves/"}
    ana, ben = chat.requests
    assert ana.path == "/ws/moves/?last=7"
    assert ana.headers["X-Forwarded-For"] == "192.0.2.1"
    assert ana.headers["Origin"] == "http://elsewhere.example"
    assert ana.headers["Cookie"] == "sessionid=abc; csrftoken=def"
    assert "Origin" not in ben.headers


def test_whole_frames_are_kept_and_further_keys_are_sent():
    chat = Chat(lambda text: [text, b"\x00\x01", "no JSON", "[1]"])

    async def check(room):
        ana = await room.open("Ana")
        await ana.say("hello", client_id="c1", id=7)
        heard = [await ana.hears_frame(message="hello", id=7)]
        heard += [await ana.hears_frame() for _ in range(3)]
        return heard, ana.frames

    heard, frames = played(check, chat)
    said = {"message": "hello", "client_id": "c1", "id": 7}
    assert heard == [said, b"\x00\x01", "no JSON", "[1]"]
    assert [frame.content for frame in frames] == heard
    times = [frame.at for frame in frames]
    assert times == sorted(times) and times[0] > 0


def test_what_is_no_message_is_passed_over():
    """A server may speak first, and tell more than what was said."""
    chat = Chat(lambda text: ['{"notice": "somebody speaks"}', text, '{"number": 1}'])

    async def check(room):
        ana = await room.open("Ana")
        for message in ("one", "two"):
            await ana.say(message)
            await ana.hears(message)
        return ana.heard

    assert played(check, chat) == ["one", "two"]


def test_an_answer_without_the_key_is_what_was_wrong(impatient):
    chat = Chat(lambda text: ['{"notice": "hi"}', '{"msg": "one"}'])

    async def check(room):
        ana = await room.open("Ana")
        await ana.say("one")
        await ana.hears("one")

    with pytest.raises(failures.NotTheContract) as caught:
        played(check, chat)
    assert caught.value.frame == '{"msg": "one"}'


@pytest.mark.parametrize(
    ("answer", "failure", "said"),
    [
        ('{"message": "hello", "id": 8}', failures.Heard, "with id 8 instead of 7"),
        ('{"message": "hello"}', failures.NotTheContract, "has no key 'id'"),
        ("hello", failures.NotTheContract, "got 'hello'"),
        (b"hello", failures.NotTheContract, "got b'hello'"),
    ],
)
def test_a_frame_that_is_not_the_expected_one(answer, failure, said):
    async def check(room):
        ana = await room.open("Ana")
        await ana.say("hello", id=7)
        await ana.hears_frame(message="hello", id=7)

    with pytest.raises(failure, match=said):
        played(check, Chat(lambda text: [answer]))


def test_messages_and_frames_come_in_one_order():
    async def check(room):
        ana = await room.open("Ana")
        for message in ("one", "two", "three"):
            await ana.say(message)
        await ana.hears("one")
        assert await ana.hears_frame() == {"message": "two"}
        await ana.hears("three")
        assert ana.heard == ["one", "three"]

    played(check, Chat())


def shouted(text: str) -> list[str]:
    return [json.dumps({"message": json.loads(text)["message"].upper()})]


def test_what_comes_back_changed_to_one_who_is_alone():
    async def check(room):
        ana = await room.open("Ana")
        await ana.say("HELLO")
        await ana.hears("HELLO")
        await ana.say("hello")
        await ana.hears("hello")

    with pytest.raises(failures.Changed) as raised:
        played(check, Chat(shouted))
    assert (raised.value.heard, raised.value.expected) == ("HELLO", "hello")


@pytest.mark.parametrize("others", [True, False], ids=["others", "more under way"])
def test_what_may_be_another_message_is_not_called_changed(others):
    async def check(room):
        ana = await room.open("Ana")
        if others:
            await room.open("Ben")
        else:
            await ana.say("first")
        await ana.say("hello")
        await ana.hears("hello")

    with pytest.raises(failures.Heard) as raised:
        played(check, Chat(shouted))
    assert type(raised.value) is failures.Heard


def test_silence_tells_whether_the_speaker_is_on_another_server(impatient):
    async def check(room, elsewhere):
        ana = await room.open("Ana")
        ben = await elsewhere.open("Ben")
        with pytest.raises(failures.Silent) as nobody_spoke:
            await ben.hears()
        await ana.say("hello")
        with pytest.raises(failures.Silent) as same_server:
            await ana.hears()
        with pytest.raises(failures.Silent) as other_server:
            await ben.hears()
        return [type(raised.value) for raised in (nobody_spoke, same_server, other_server)]

    silent = Chat(lambda text: []), Chat(lambda text: [])
    expected = [failures.Silent, failures.Silent, failures.SilentElsewhere]
    assert played(check, *silent) == expected


def test_who_left_has_let_go_on_whichever_server():
    async def check(room, elsewhere):
        ana = await room.open("Ana")
        ben = await elsewhere.open("Ben")
        await ana.leaves()
        await ben.leaves()
        await room.has_let_go(2)

    played(check, Chat(), Chat())


def test_through_a_proxy_the_servers_behind_it_tell_who_is_in():
    """A proxy has no events of its own."""
    behind = Chat()

    async def check(room):
        proxy = SimpleNamespace(address=room.server.address, log=Log(Path()))
        ana = await room.on(proxy).open("Ana")
        assert behind.log.events == [Connected(ana.path)]
        await ana.say("hello")
        await ana.hears("hello")

    played(check, behind)


# Rooms, one after the other


def is_in_before_the_end(monkeypatch, chat) -> bool:
    """Whether Ben, whose room comes after one that Ana has left, is in before her consumer has
    ended."""
    monkeypatch.setattr(rooms, "LEFT_WITHIN", 60)
    chat.ends = asyncio.Event()

    async def check(room):
        ana = await room.open("Ana")
        await ana.drop()
        following = Room(chat, "next", Timeline(), [chat], [room])
        opening = asyncio.ensure_future(following.open("Ben"))
        await becomes(lambda: Connected("/ws/chat/next/") in chat.log.events, 60)
        await asyncio.sleep(0.05)
        was_in = opening.done()
        chat.ends.set()
        await (await opening).drop()
        return was_in

    return played(check, chat)


def test_nobody_is_in_while_a_consumer_of_the_check_before_ends(monkeypatch):
    assert not is_in_before_the_end(monkeypatch, Chat())


def test_a_server_that_was_killed_ends_no_consumer(monkeypatch):
    chat = Chat()
    chat.was_killed = True
    assert is_in_before_the_end(monkeypatch, chat)


def test_a_consumer_that_never_ends_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(rooms, "LEFT_WITHIN", 0.05)
    chat = Chat()
    chat.ends = asyncio.Event()

    async def check(room):
        await (await room.open("Ana")).drop()
        before = [room]
        following = Room(chat, "next", Timeline(), [chat], before)
        ben = await following.open("Ben")
        chat.ends.set()
        await ben.drop()
        return before

    assert played(check, chat) == []


# Browsers that open at the same time


@pytest.mark.parametrize("late", [0, 1])
def test_nobody_is_in_because_another_one_is(monkeypatch, late):
    """Two open at the same time: the one whose server is quick does not speak for the other."""
    monkeypatch.setattr(rooms, "JOINS_WITHIN", 60)
    chats = Chat(), Chat()
    chats[late].joins = asyncio.Event()

    async def check(*places):
        opening = asyncio.ensure_future(
            rooms.together(*(place.open(f"browser {place.server.port}") for place in places))
        )
        await becomes(lambda: any(chat.log.events for chat in chats), 60)
        await asyncio.sleep(0.05)
        were_in = opening.done()
        chats[late].joins.set()
        await opening
        return were_in

    assert not played(check, *chats)
