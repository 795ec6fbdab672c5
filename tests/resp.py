"""A plain client of Redis's protocol: what a server answers, to the type of each reply."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Typed:
    """A reply with its mark: `Typed("-", b"ERR syntax error")`. Numbers and strings have none."""

    mark: str
    value: object


class Connection:
    """Reads replies as int, bytes, list, None; everything else is Typed."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=600)
        self.replies = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.replies.close()
        self.socket.close()

    def send(self, *words) -> None:
        self.socket.sendall(encoded(words))

    def call(self, *words):
        self.send(*words)
        return self.read()

    def has_reply(self) -> bool:
        """Whether one can be read without waiting."""
        self.socket.settimeout(0)
        try:
            return bool(self.replies.peek(1))
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(600)

    def read(self):
        """The next reply. Raises EOFError when the server has closed the connection."""
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        mark, rest = chr(line[0]), line[1:-2]
        if mark == ":":
            return int(rest)
        if mark == "$":
            return self._string(rest)
        if mark == "=":
            return Typed("=", self._string(rest))
        if mark in "*~>%":
            count = int(rest) * (2 if mark == "%" else 1)
            items = None if count < 0 else [self.read() for _ in range(count)]
            return items if mark == "*" and items is not None else Typed(mark, items)
        return Typed(mark, rest)  # + - , _ #

    def read_all(self) -> list:
        """All replies until the server closes the connection."""
        found = []
        try:
            while True:
                found.append(self.read())
        except EOFError:
            return found

    def _string(self, length: bytes) -> bytes | None:
        size = int(length)
        return None if size < 0 else self.replies.read(size + 2)[:-2]


def encoded(words) -> bytes:
    strings = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(strings) + b"".join(b"$%d\r\n%s\r\n" % (len(s), s) for s in strings)
