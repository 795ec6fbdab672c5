"""What all clients share: databases, subscriptions, monitors, and who waits for what."""

import asyncio
import contextlib
import time
from collections import defaultdict

from .arguments import pattern
from .protocol import Error, Push
from .store import DATABASES, Database

SWEEP_EVERY = 1  # seconds: how often what has expired is forgotten even if it isn't asked for


class Server:
    def __init__(self, port: int, password: str = ""):
        self.port = port
        self.password = password
        self.started = time.time()
        self.databases = [Database() for _ in range(DATABASES)]
        self.clients = {}  # id: client
        self.monitors = set()
        self.channels = defaultdict(set)  # name: clients
        self.patterns = defaultdict(set)
        self.waiting = defaultdict(dict)  # (database, key): clients, the one that came first first
        self.stopping = asyncio.Event()

    async def sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            for database in self.databases:
                database.expire()

    def publish(self, channel: bytes, message: bytes) -> int:
        """How many got it."""
        receivers = 0
        for client in list(self.channels.get(channel, ())):
            client.push(Push([b"message", channel, message]))
            receivers += 1
        for glob, clients in list(self.patterns.items()):
            if pattern(glob)(channel):
                for client in list(clients):
                    client.push(Push([b"pmessage", glob, channel, message]))
                    receivers += 1
        return receivers

    def serve_waiting(self) -> None:
        """Give what was stored to the clients that wait for it. In between commands, so that a
        command, a script or a transaction ends before anything that it stored is taken."""
        for number, database in enumerate(self.databases):
            while database.filled:
                key = database.filled.pop(0)
                for client in list(self.waiting.get((number, key), ())):
                    if client.transport.is_closing():
                        continue  # it has left: what it took would be lost
                    with contextlib.suppress(Error):  # it holds another kind of value
                        if (reply := client.waiting.take(database, key)) is not None:
                            client.resume(reply)

    def tell_monitors(self, database: int, who: str, words: list[bytes]) -> None:
        if not self.monitors:
            return
        quoted = " ".join(map(_quoted, words))
        line = f"+{time.time():.6f} [{database} {who}] {quoted}\r\n".encode()
        for client in list(self.monitors):
            client.write(line)


ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\a": "\\a",
    "\b": "\\b",
}


def _quoted(word: bytes) -> str:
    """A word as Redis shows it: in quotes, with escapes for what cannot be printed."""
    chars = (
        ESCAPES.get(c) or (c if " " <= c <= "~" else f"\\x{ord(c):02x}")
        for c in word.decode("latin-1")
    )
    return '"' + "".join(chars) + '"'
