"""Commands for hashes."""

from ..arguments import integer, pairs
from ..client import Client
from ..protocol import Error
from ..registry import command


def _get(client: Client, key: bytes) -> dict:
    return client.database.get(key, dict) or {}


@command("HSET", 3, ...)
def put(client: Client, key: bytes, *words: bytes):
    if len(words) % 2:
        raise Error("wrong number of arguments for 'hset' command")
    fields = client.database.make(key, dict)
    before = len(fields)
    fields.update(pairs(words))
    return len(fields) - before


@command("HGET", 2)
def get(client: Client, key: bytes, field: bytes):
    return _get(client, key).get(field)


@command("HGETALL", 1)
def get_all(client: Client, key: bytes):
    return dict(_get(client, key))


@command("HDEL", 2, ...)
def delete(client: Client, key: bytes, *fields: bytes):
    there = _get(client, key)
    deleted = sum(there.pop(field, None) is not None for field in fields)
    client.database.tidied(key)
    return deleted


@command("HLEN", 1)
def length(client: Client, key: bytes):
    return len(_get(client, key))


@command("HEXISTS", 2)
def exists(client: Client, key: bytes, field: bytes):
    return int(field in _get(client, key))


@command("HINCRBY", 3)
def increment(client: Client, key: bytes, field: bytes, amount: bytes):
    more = integer(amount)
    value = integer(_get(client, key).get(field, b"0"), "hash value is not an integer") + more
    if not -(2**63) <= value < 2**63:
        raise Error("increment or decrement would overflow")
    client.database.make(key, dict)[field] = b"%d" % value
    return value
