"""Commands for keys, whatever they hold."""

import time

from ..arguments import integer, pattern, syntax_error
from ..client import Client
from ..protocol import OK, Error, Status, text
from ..registry import command
from ..store import NAMES


@command("DEL or UNLINK", 1, ...)
def delete(client: Client, *keys: bytes):
    return sum(client.database.delete(key) for key in keys)


@command("EXISTS", 1, ...)
def exists(client: Client, *keys: bytes):
    return sum(key in client.database for key in keys)


@command("TYPE", 1)
def type_of(client: Client, key: bytes):
    return Status(client.database.type(key))


@command("KEYS", 1)
def keys(client: Client, glob: bytes):
    matches = pattern(glob)
    return [key for key in client.database if matches(key)]


@command("SCAN", 1, ...)
def scan(client: Client, cursor: bytes, *options: bytes):
    """All of them in the first answer: there is no second."""
    begin = integer(cursor, "invalid cursor") == 0
    matches, kind = pattern(b"*"), None
    words = list(options)
    while words:
        match words.pop(0).upper(), len(words):
            case b"MATCH", left if left:
                matches = pattern(words.pop(0))
            case b"TYPE", left if left:
                kind = text(words.pop(0))
                if kind.lower() not in NAMES.values():
                    raise Error(f"unknown type name '{kind}'")
                kind = kind.lower()
            case b"COUNT", left if left:
                if integer(words.pop(0)) < 1:
                    raise syntax_error()
            case _:
                raise syntax_error()
    database = client.database if begin else ()
    found = [key for key in database if matches(key) and kind in (None, client.database.type(key))]
    return [b"0", found]


@command("DBSIZE")
def size(client: Client):
    return len(client.database)


@command("FLUSHDB", 0, 1)
def flush_database(client: Client, how: bytes = b"SYNC"):
    _flush(how, client.database)
    return OK


@command("FLUSHALL", 0, 1)
def flush_all(client: Client, how: bytes = b"SYNC"):
    _flush(how, *client.server.databases)
    return OK


def _flush(how: bytes, *databases) -> None:
    if how.upper() not in (b"SYNC", b"ASYNC"):
        raise syntax_error()
    for database in databases:
        database.clear()


# Expiry


def _expire(name: str, per_second: int, relative: bool) -> None:
    @command(name, 2, ...)
    def expire(client: Client, key: bytes, when: bytes, *options: bytes):
        wanted = {option.upper() for option in options}
        if unknown := [o for o in options if o.upper() not in (b"NX", b"XX", b"GT", b"LT")]:
            raise Error(f"Unsupported option {text(unknown[0])}")
        if b"NX" in wanted and len(wanted) > 1:
            complaint = "NX and XX, GT or LT options at the same time are not compatible"
            raise Error(complaint)
        if {b"GT", b"LT"} <= wanted:
            raise Error("GT and LT options at the same time are not compatible")
        end = integer(when) / per_second + (time.time() if relative else 0)
        if abs(end) > 2**53:
            raise Error(f"invalid expire time in '{name.lower()}' command")
        if key not in client.database:
            return 0
        now = client.database.end(key)
        if (
            (b"NX" in wanted and now is not None)
            or (b"XX" in wanted and now is None)
            or (b"GT" in wanted and (now is None or end <= now))
            or (b"LT" in wanted and now is not None and end >= now)
        ):
            return 0
        client.database.expire_at(key, end)
        return 1


_expire("EXPIRE", 1, relative=True)
_expire("PEXPIRE", 1000, relative=True)
_expire("EXPIREAT", 1, relative=False)
_expire("PEXPIREAT", 1000, relative=False)


@command("PERSIST", 1)
def persist(client: Client, key: bytes):
    if key not in client.database or client.database.end(key) is None:
        return 0
    client.database.expire_at(key, None)
    return 1


@command("TTL", 1)
def seconds_left(client: Client, key: bytes):
    left = milliseconds_left(client, key)
    return left if left < 0 else (left + 500) // 1000


@command("PTTL", 1)
def milliseconds_left(client: Client, key: bytes):
    if key not in client.database:
        return -2
    end = client.database.end(key)
    return -1 if end is None else max(0, round((end - time.time()) * 1000))
