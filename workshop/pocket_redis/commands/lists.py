"""Commands for lists."""

from ..arguments import integer, section, timeout
from ..client import Client
from ..protocol import NO_ARRAY, OK, Error
from ..registry import command
from ..store import Database


def _push(name: str, at_the_end: bool) -> None:
    @command(name, 2, ...)
    def push(client: Client, key: bytes, *values: bytes):
        values_there = client.database.make(key, list)
        if at_the_end:
            values_there.extend(values)
        else:
            values_there[:0] = reversed(values)
        return len(values_there)


def _pop(name: str, place: int) -> None:
    def take(database: Database, key: bytes):
        values = database.get(key, list)
        if not values:
            return None
        value = values.pop(place)
        database.tidied(key)
        return [key, value]

    @command(name, 1, 2)
    def pop(client: Client, key: bytes, count: bytes | None = None):
        complaint = "value is out of range, must be positive"
        number = 1 if count is None else integer(count, complaint)
        if number < 0:
            raise Error(complaint)
        there = len(client.database.get(key, list) or ())
        taken = [take(client.database, key)[1] for _ in range(min(number, there))]
        if count is None:
            return taken[0] if taken else None
        return taken if there else NO_ARRAY

    @command(f"B{name}", 2, ...)
    def pop_or_wait(client: Client, *words: bytes):
        *keys, seconds = words
        return client.wait(keys, timeout(seconds), take)


_push("LPUSH", at_the_end=False)
_push("RPUSH", at_the_end=True)
_pop("LPOP", 0)
_pop("RPOP", -1)


@command("LLEN", 1)
def length(client: Client, key: bytes):
    return len(client.database.get(key, list) or ())


@command("LRANGE", 3)
def range_of(client: Client, key: bytes, first: bytes, last: bytes):
    first, last = integer(first), integer(last)
    return section(client.database.get(key, list) or [], first, last)


@command("LTRIM", 3)
def trim(client: Client, key: bytes, first: bytes, last: bytes):
    first, last = integer(first), integer(last)
    if values := client.database.get(key, list):
        values[:] = section(values, first, last)
        client.database.tidied(key)
    return OK
