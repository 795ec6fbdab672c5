"""Traffic with a Redis: recorded by a proxy, and sent again to other servers in the same order."""

import asyncio
import contextlib
import re
import selectors
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.resp import Connection
from workshop import ports
from workshop.pocket_redis.protocol import Parser

Event = tuple[int, list[bytes] | None]  # a connection, and a command of it; None: it ended

WAIT = {b"BZPOPMIN", b"BLPOP", b"BRPOP"}
# Their last word is when something expires, in seconds; of the scripts, only group_send()'s is a
# number. Here it takes so much longer that nothing expires in between the turns of two servers.
EXPIRE = {b"EXPIRE", b"EVAL"}
# Their replies tell of the server, not of what is stored.
OF_THE_SERVER = {b"INFO", b"HELLO", b"CLIENT", b"TIME"}
UNORDERED = {b"KEYS", b"SCAN", b"SMEMBERS", b"PUBSUB"}
OF_THE_CONNECTION = {b"HELLO", b"AUTH", b"SELECT", b"CLIENT"}  # sent again after a new start
NOT_AGAIN = {b"MONITOR", b"SHUTDOWN"}


@contextlib.contextmanager
def recorder(port: int) -> Iterator[tuple[int, list[Event]]]:
    """The port of a proxy before the Redis at `port`, and the list that it fills."""
    own, events = ports.any_free(), []
    opened = 0

    async def connected(reader, writer):
        nonlocal opened
        number, opened = opened, opened + 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        answering = asyncio.create_task(passed_on(there, writer))
        try:
            await passed_on(reader, back, noted(number, events))
        finally:
            events.append((number, None))
            back.close()
            answering.cancel()
            writer.close()

    async def serve():
        server = await asyncio.start_server(connected, "127.0.0.1", own)
        loop.ended = asyncio.Event()
        ready.set()
        await loop.ended.wait()
        server.close()

    loop, ready = asyncio.new_event_loop(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    ready.wait()
    try:
        yield own, events
    finally:
        loop.call_soon_threadsafe(loop.ended.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()


async def passed_on(reader, writer, seen: Callable = lambda data: None) -> None:
    """Pass on all that comes, until either end closes."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            seen(data)
            writer.write(data)
            await writer.drain()
    writer.close()


def noted(number: int, events: list[Event]) -> Callable[[bytes], None]:
    parser = Parser()

    def note(data: bytes) -> None:
        parser.feed(data)
        while (words := parser.next()) is not None:
            events.append((number, words))

    return note


class Replay:
    """One server, to which recorded commands are sent as the recorded connections sent them.

    After each of them, whatever it had the server say, and to whom, is read.
    """

    def __init__(self, port: int):
        self._port = port
        self._control = Connection(port)
        self._ready = selectors.DefaultSelector()
        self._open: dict[int, Connection] = {}
        self._began = defaultdict(list)  # what made each connection what it is
        self._waiting = set()
        self.answers = defaultdict(list)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for number in list(self._open):
            self._close(number)
        self._control.__exit__()
        self._ready.close()

    def event(self, number: int, words: list[bytes] | None) -> None:
        if words is None:
            self._close(number)
            self._began.pop(number, None)
            self._settle()
        elif (name := words[0].upper()) not in NOT_AGAIN:
            self._send(number, name, words)

    def _send(self, number: int, name: bytes, words: list[bytes]) -> None:
        if number in self._waiting:  # its time was over: here none ends, or each run would differ
            self._close(number)
            self._settle()
        if number not in self._open:
            self._open[number] = connection = Connection(self._port)
            self._ready.register(connection.socket, selectors.EVENT_READ, number)
            for before in self._began[number]:
                connection.call(*before)
        if name in OF_THE_CONNECTION:
            self._began[number].append(words)
        if name in WAIT:
            words = [*words[:-1], b"0"]
        elif name in EXPIRE and words[-1].isdigit():
            words = [*words[:-1], b"%d" % (1000 * int(words[-1]))]
        self._open[number].send(*words)
        self._waiting.add(number)
        for answered, reply in self._settle():
            if answered != number or name not in OF_THE_SERVER:
                self.answers[answered].append((answered == number and name in UNORDERED, reply))

    def _settle(self) -> list:
        """All that has been said by the time that nothing but what waits has no answer.

        The server is asked how many wait after what it said has been read, and what it says until
        it answers that is read too: asked before, it might count one whose reply is on its way.
        """
        said = self._heard()
        while True:
            waiting = len(self._waiting)
            blocked = self._blocked()
            said += self._heard()
            if blocked == waiting:
                return said

    def _heard(self) -> list:
        """What has arrived, and for which connections."""
        said = []
        for key, _ in self._ready.select(0):
            connection = self._open[key.data]
            while connection.has_reply():
                said.append((key.data, connection.read()))
                self._waiting.discard(key.data)
        return said

    def _blocked(self) -> int:
        info = self._control.call("INFO", "clients").decode()
        return int(re.search(r"blocked_clients:(\d+)", info)[1])

    def _close(self, number: int) -> None:
        self._waiting.discard(number)
        if connection := self._open.pop(number, None):
            self._ready.unregister(connection.socket)
            connection.__exit__()
