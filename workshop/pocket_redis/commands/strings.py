"""Commands for strings, which numbers are too."""

import time

from ..arguments import integer, syntax_error
from ..client import Client
from ..protocol import OK, Error
from ..registry import command

SECONDS = {b"EX": 1, b"PX": 1000, b"EXAT": 1, b"PXAT": 1000}  # how many of its units one has


@command("GET", 1)
def get(client: Client, key: bytes):
    return client.database.get(key, bytes)


@command("SET", 2, ...)
def set_to(client: Client, key: bytes, value: bytes, *options: bytes):
    wanted, given = set(), None
    words = list(options)
    while words:
        option = words.pop(0).upper()
        if option in SECONDS and words and given is None:
            given = option, words.pop(0)
        elif option in (b"NX", b"XX", b"GET", b"KEEPTTL"):
            wanted.add(option)
        else:
            raise syntax_error()
    if {b"NX", b"XX"} <= wanted or (b"KEEPTTL" in wanted and given):
        raise syntax_error()
    end = _end(*given, "set") if given else None
    there = key in client.database
    before = client.database.get(key, bytes) if b"GET" in wanted else None
    if (b"NX" in wanted and there) or (b"XX" in wanted and not there):
        return before
    client.database.set(key, value, keep_expiry=b"KEEPTTL" in wanted)
    if end is not None:
        client.database.expire_at(key, end)
    return before if b"GET" in wanted else OK


def _end(unit: bytes, when: bytes, name: str) -> float:
    """The time at which something expires that is to live until then, or for so long."""
    if (number := integer(when)) <= 0:
        raise Error(f"invalid expire time in '{name}' command")
    return number / SECONDS[unit] + (0 if unit.endswith(b"AT") else time.time())


@command("SETEX", 3)
def set_with_seconds(client: Client, key: bytes, seconds: bytes, value: bytes):
    end = _end(b"EX", seconds, "setex")
    client.database.set(key, value)
    client.database.expire_at(key, end)
    return OK


@command("SETNX", 2)
def set_if_new(client: Client, key: bytes, value: bytes):
    return int(set_to(client, key, value, b"NX") is OK)


@command("GETDEL", 1)
def take(client: Client, key: bytes):
    value = client.database.get(key, bytes)
    client.database.delete(key)
    return value


@command("MGET", 1, ...)
def get_several(client: Client, *keys: bytes):
    database = client.database
    return [database.get(k, bytes) if database.type(k) == "string" else None for k in keys]


@command("INCR", 1)
def increment(client: Client, key: bytes):
    return _add(client, key, 1)


@command("DECR", 1)
def decrement(client: Client, key: bytes):
    return _add(client, key, -1)


@command("INCRBY", 2)
def increment_by(client: Client, key: bytes, amount: bytes):
    return _add(client, key, integer(amount))


@command("DECRBY", 2)
def decrement_by(client: Client, key: bytes, amount: bytes):
    return _add(client, key, -integer(amount))


def _add(client: Client, key: bytes, amount: int) -> int:
    before = client.database.get(key, bytes)
    value = (0 if before is None else integer(before)) + amount
    if not -(2**63) <= value < 2**63:
        raise Error("increment or decrement would overflow")
    client.database.set(key, b"%d" % value, keep_expiry=True)
    return value


@command("APPEND", 2)
def append(client: Client, key: bytes, more: bytes):
    value = (client.database.get(key, bytes) or b"") + more
    client.database.set(key, value, keep_expiry=True)
    return len(value)


@command("STRLEN", 1)
def length(client: Client, key: bytes):
    return len(client.database.get(key, bytes) or b"")
