"""Redis's wire protocol, RESP 2 and 3: bytes to commands, replies to bytes.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import math
import shlex
from decimal import Decimal

LONGEST_STRING = 512 * 1024 * 1024
MOST_WORDS = 1024 * 1024


class Error(Exception):
    """A reply that is an error. Its first word is a code that clients go by."""

    def __init__(self, message: str, code: str = "ERR"):
        super().__init__(f"{code} {message}")


class ProtocolError(Error):
    """What a client sent is not RESP: what follows cannot be understood either."""

    def __init__(self, message: str):
        super().__init__(f"Protocol error: {message}")


# Replies that Python has no type for


class Status(str):
    """A short word, such as OK."""


class Verbatim(str):
    """Text to be shown as it is."""


class Push(list):
    """What comes without having been asked for: a message to a subscriber."""


class Pairs(list):
    """Pairs, which RESP 2 has as one flat list."""


class Several(list):
    """As many replies as there are items."""


OK = Status("OK")
NOTHING = Several()
NO_ARRAY = object()  # in place of an array: null in RESP 3, an array of length -1 in RESP 2


class Parser:
    """Commands from bytes that arrive in pieces."""

    def __init__(self):
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> list[bytes] | None:
        """The words of the next command, perhaps none of them; None if it hasn't arrived yet.
        Raises ProtocolError."""
        buffer = self._buffer
        end = buffer.find(b"\n")
        if not buffer.startswith(b"*") and 0 <= buffer.find(b"\0") < end:
            end = -1  # as in Redis, where a NUL ends what is searched: a TLS hello is waited for
        if end < 0:
            if len(buffer) > 65536:
                raise ProtocolError("too big inline request")
            return None
        if not buffer.startswith(b"*"):
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            return _inline(line)
        count = _length(buffer[1:end], MOST_WORDS, "invalid multibulk length")
        words, at = [], end + 1
        for _ in range(count):
            end = buffer.find(b"\n", at)
            if end < 0:
                return None
            if buffer[at] != ord("$"):
                raise ProtocolError(f"expected '$', got '{chr(buffer[at])}'")
            size = _length(buffer[at + 1 : end], LONGEST_STRING, "invalid bulk length")
            if size < 0:
                raise ProtocolError("invalid bulk length")
            at = end + 1 + size + 2
            if len(buffer) < at:
                return None
            words.append(bytes(buffer[end + 1 : end + 1 + size]))
        del buffer[:at]
        return words


def _length(digits: bytearray, most: int, complaint: str) -> int:
    digits = digits.removesuffix(b"\r")
    if not digits.removeprefix(b"-").isdigit() or int(digits) > most:
        raise ProtocolError(complaint)
    return int(digits)


def _inline(line: bytes) -> list[bytes]:
    """A command as it is typed in a terminal."""
    try:
        words = shlex.split(line.decode("latin-1"))
    except ValueError:
        raise ProtocolError("unbalanced quotes in request") from None
    return [word.encode("latin-1") for word in words]


def text(word: bytes) -> str:
    """A word for a message, in which it comes back as it was, whatever it is."""
    return word.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def encode(reply, version: int) -> bytes:
    """A reply as RESP 2 or 3 has it."""
    match reply:
        case None:
            return b"_\r\n" if version == 3 else b"$-1\r\n"
        case Status():
            return b"+%s\r\n" % _bytes(reply)
        case Verbatim() if version == 3:
            return _string(b"txt:" + _bytes(reply), b"=")
        case str():
            return _string(_bytes(reply))
        case bytes():
            return _string(reply)
        case bool() | int():
            return b":%d\r\n" % reply
        case float():
            return b",%s\r\n" % number(reply) if version == 3 else _string(number(reply))
        case Error():
            return b"-%s\r\n" % _bytes(str(reply).replace("\r", " ").replace("\n", " "))
        case Several():
            return b"".join(encode(one, version) for one in reply)
        case Push():
            return _items(b">" if version == 3 else b"*", reply, version)
        case Pairs() if version == 2:
            return _items(b"*", [item for pair in reply for item in pair], version)
        case dict():
            items = [item for pair in reply.items() for item in pair]
            if version == 2:
                return _items(b"*", items, version)
            return _items(b"%", items, version, len(reply))
        case set() | frozenset():
            return _items(b"~" if version == 3 else b"*", reply, version)
        case list() | tuple():
            return _items(b"*", reply, version)
    if reply is NO_ARRAY:
        return b"_\r\n" if version == 3 else b"*-1\r\n"
    raise TypeError(f"{reply!r} cannot be a reply")


def _string(value: bytes, mark: bytes = b"$") -> bytes:
    return b"%s%d\r\n%s\r\n" % (mark, len(value), value)


def _items(mark: bytes, items, version: int, length: int | None = None) -> bytes:
    head = b"%s%d\r\n" % (mark, len(items) if length is None else length)
    return head + b"".join(encode(item, version) for item in items)


def number(value: float) -> bytes:
    """A score in the notation of Redis: the shortest that reads back as the same number, in
    scientific notation where that is much shorter."""
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    if value == int(value) and abs(value) <= 2**62:
        return b"%d" % int(value)
    sign, digits, power = Decimal(repr(value)).normalize().as_tuple()
    exponent = power + len(digits) - 1
    plain = exponent < len(digits) + 7 if power >= 0 else power > -7 or abs(exponent) < 4
    if plain:
        return f"{Decimal((sign, digits, power)):f}".encode()
    first, *others = map(str, digits)
    fraction = f".{''.join(others)}" if others else ""
    return f"{'-' * sign}{first}{fraction}e{exponent:+d}".encode()
