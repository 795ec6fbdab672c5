"""Commands for sets."""

from ..client import Client
from ..registry import command


def _get(client: Client, key: bytes) -> set:
    return client.database.get(key, set) or set()


@command("SADD", 2, ...)
def add(client: Client, key: bytes, *members: bytes):
    there = client.database.make(key, set)
    before = len(there)
    there.update(members)
    return len(there) - before


@command("SREM", 2, ...)
def remove(client: Client, key: bytes, *members: bytes):
    there = _get(client, key)
    before = len(there)
    there.difference_update(members)
    client.database.tidied(key)
    return before - len(there)


@command("SMEMBERS", 1)
def members(client: Client, key: bytes):
    return set(_get(client, key))


@command("SISMEMBER", 2)
def is_member(client: Client, key: bytes, member: bytes):
    return int(member in _get(client, key))


@command("SCARD", 1)
def size(client: Client, key: bytes):
    return len(_get(client, key))
