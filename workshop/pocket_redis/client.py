"""One client's connection: reads its commands, runs them in turn, and sends the replies."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from .protocol import NO_ARRAY, NOTHING, Error, Parser, ProtocolError, Push, Status, encode
from .registry import Command, find, wrong_number
from .server import Server
from .store import Database

# What a subscriber or monitor may leave unread before it is cut off, as Redis does: Redis's default
# is 32 MB too (client-output-buffer-limit).
MOST_UNREAD = 32 * 1024 * 1024

# What a subscriber may send with RESP 2, where replies and messages look alike.
WHILE_SUBSCRIBED = {"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PING", "QUIT"}
BEFORE_PASSWORD = {"AUTH", "HELLO", "QUIT"}
QUEUED = Status("QUEUED")


@dataclass
class Waiting:
    """A command that waits until one of its keys holds something."""

    keys: list[tuple[int, bytes]]  # databases and keys
    take: Callable  # of a Database and a key; returns the reply, None if there is none yet
    timer: asyncio.TimerHandle | None


class Client(asyncio.Protocol):
    _last_id = 0

    def __init__(self, server: Server):
        self.server = server
        self.version = 2  # of RESP
        self.name = ""
        self.number = 0  # of the database
        self.allowed = not server.password
        self.queued: list[tuple] | None = None  # the commands of a transaction; None outside of one
        self.spoilt = False  # whether one of them was refused
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.waiting: Waiting | None = None
        self._inside = False  # a transaction or a script that is being run: nothing can wait
        self._parser = Parser()
        self._full = False  # whether it doesn't read its replies
        self._later: list[Push] | None = None  # what comes after the reply to a running command

    @property
    def database(self) -> Database:
        return self.server.databases[self.number]

    @property
    def subscriptions(self) -> int:
        return len(self.channels) + len(self.patterns)

    # What asyncio calls

    def connection_made(self, transport):
        Client._last_id += 1
        self.id = Client._last_id
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.address = f"{peer[0]}:{peer[1]}"
        self.server.clients[self.id] = self

    def connection_lost(self, error):
        """Nothing that comes later is given to someone who has left."""
        self.stop_waiting()
        self.server.clients.pop(self.id, None)
        self.server.monitors.discard(self)
        for channel in list(self.channels):
            self.unsubscribe(self.server.channels, self.channels, channel)
        for glob in list(self.patterns):
            self.unsubscribe(self.server.patterns, self.patterns, glob)

    def data_received(self, data):
        self._parser.feed(data)
        self._proceed()

    def pause_writing(self):
        self._full = True
        self.transport.pause_reading()

    def resume_writing(self):
        self._full = False
        self.transport.resume_reading()
        self._proceed()

    # Commands

    def _proceed(self) -> None:
        """Run what has arrived, as far as nothing waits."""
        while not (self.waiting or self._full or self.transport.is_closing()):
            try:
                words = self._parser.next()
            except ProtocolError as error:
                self.send(error)
                self.transport.close()
                return
            if words is None:
                return
            if words:
                self._later = []
                self.send(self._reply_to(words))
                later, self._later = self._later, None
                for message in later:
                    self.push(message)
                self.server.serve_waiting()

    def _reply_to(self, words: list[bytes]):
        try:
            command, arguments = find(words)
            self._is_allowed(command)
        except Error as error:
            return self._refused(words[0], error)
        if self.queued is not None and not command.at_once:
            self.queued.append((command, arguments, words))
            return QUEUED
        return self._run(command, arguments, words, self.address)

    def _refused(self, name: bytes, error: Error) -> Error:
        """A command that cannot be run spoils the transaction that it would be in."""
        self.spoilt = True
        if name.upper() != b"EXEC":
            return error
        self.queued = None
        why = str(error).removeprefix("ERR ")
        return Error(f"Transaction discarded because of: {why}", code="EXECABORT")

    def _is_allowed(self, command: Command) -> None:
        if not self.allowed and command.name not in BEFORE_PASSWORD:
            raise Error("Authentication required.", code="NOAUTH")
        if self.subscriptions and self.version == 2 and command.name not in WHILE_SUBSCRIBED:
            raise Error(
                f"Can't execute '{command.name.lower()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
                "PING / QUIT / RESET are allowed in this context"
            )

    def _run(self, command: Command, arguments: list[bytes], words: list[bytes], who: str):
        if not command.silent:
            self.server.tell_monitors(self.number, who, words)
        try:
            if command.most is not None and len(arguments) > command.most:
                raise wrong_number(command.name)
            return command.run(self, *arguments)
        except Error as error:
            return error
        except Exception as error:  # a mistake of ours must not close the connection
            traceback.print_exc()
            return Error(f"the pocket Redis failed: {error!r}")

    def run_queued(self) -> list:
        """Run the commands of the transaction, and return their replies."""
        queued, self.queued = self.queued, None
        self._inside = True
        try:
            return [self._run(*one, self.address) for one in queued]
        finally:
            self._inside = False

    def call(self, *words):
        """Run a command for a script. Raises Error if that is its reply."""
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        inside, self._inside = self._inside, True
        try:
            reply = self._run(*find(words), words, "lua")
        finally:
            self._inside = inside
        if isinstance(reply, Error):
            raise reply
        return reply

    # Waiting

    def wait(self, keys: list[bytes], timeout: float, take: Callable):
        """The reply of a command that takes something from the first of the keys that holds
        anything; where none does, it comes as soon as one does. `take` is that of Waiting."""
        for key in keys:
            if (reply := take(self.database, key)) is not None:
                return reply
        if self._inside:
            return NO_ARRAY
        loop = asyncio.get_running_loop()
        timer = loop.call_later(timeout, self.resume, NO_ARRAY) if timeout else None
        self.waiting = Waiting([(self.number, key) for key in keys], take, timer)
        for place in self.waiting.keys:
            self.server.waiting[place][self] = None
        return NOTHING

    def resume(self, reply) -> None:
        self.stop_waiting()
        self.send(reply)
        asyncio.get_running_loop().call_soon(self._proceed)

    def stop_waiting(self) -> None:
        if not self.waiting:
            return
        if self.waiting.timer:
            self.waiting.timer.cancel()
        for place in self.waiting.keys:
            clients = self.server.waiting[place]
            clients.pop(self, None)
            if not clients:
                del self.server.waiting[place]
        self.waiting = None

    # Subscriptions

    def subscribe(self, names: dict, mine: dict, name: bytes) -> None:
        """`names` is one of the server's tables, `mine` this client's part of it."""
        mine[name] = None
        names[name].add(self)

    def unsubscribe(self, names: dict, mine: dict, name: bytes) -> None:
        if name in mine:
            del mine[name]
            names[name].discard(self)
            if not names[name]:
                del names[name]

    # Sending

    def send(self, reply) -> None:
        if data := encode(reply, self.version):
            self.transport.write(data)

    def push(self, message: Push) -> None:
        if self._later is not None:
            self._later.append(message)
        else:
            self.write(encode(message, self.version))

    def write(self, data: bytes) -> None:
        """Send what the client has not asked for; cut it off if it doesn't read."""
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MOST_UNREAD:
            self.transport.abort()
