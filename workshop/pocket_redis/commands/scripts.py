"""The scripts of channels_redis 4.3, the only ones that run here: there is no interpreter for Lua.

They are known by their text, whatever its spaces and line ends, and written in Python here. A test
compares the digests with those of the scripts of the installed channels_redis.
"""

import hashlib

from ..arguments import integer
from ..client import Client
from ..protocol import Error, number
from ..registry import command

KEYS_AT_ONCE = 5000  # deleted by one command, as the script does


def digest(script: bytes) -> str:
    return hashlib.sha256(b" ".join(script.split())).hexdigest()


@command("EVAL", 2, ...)
def evaluate(client: Client, script: bytes, number_of_keys: bytes, *words: bytes):
    count = integer(number_of_keys)
    if count > len(words):
        raise Error("Number of keys can't be greater than number of args")
    if count < 0:
        raise Error("Number of keys can't be negative")
    known = SCRIPTS.get(digest(script))
    if not known:
        raise Error("This pocket Redis runs no Lua except the scripts of channels_redis 4.3.")
    return known(client, list(words[:count]), list(words[count:]))


def restore(client: Client, keys: list[bytes], words: list[bytes]) -> None:
    """core.py, _brpop_with_clean(): what was taken but never delivered goes back to its queue."""
    queue, in_flight = words
    for member, score in reversed(client.call("ZRANGE", in_flight, 0, -1, "WITHSCORES")):
        client.call("ZADD", queue, number(score), member)
    client.call("DEL", in_flight)


def send_to_group(client: Client, keys: list[bytes], words: list[bytes]) -> int:
    """core.py, group_send(): each queue gets its message unless it is full. Returns how many are
    full."""
    *words, now, expiry = words
    messages, capacities = words[: len(keys)], words[len(keys) :]
    full = 0
    for key, message, capacity in zip(keys, messages, capacities, strict=True):
        if client.call("ZCOUNT", key, "-inf", "+inf") < float(capacity):
            client.call("ZADD", key, now, message)
            client.call("EXPIRE", key, expiry)
        else:
            full += 1
    return full


def flush(client: Client, keys: list[bytes], words: list[bytes]) -> None:
    """core.py, flush(): everything under the layer's prefix is deleted."""
    found = client.call("keys", words[0])
    for first in range(0, len(found), KEYS_AT_ONCE):
        client.call("del", *found[first : first + KEYS_AT_ONCE])


SCRIPTS = {
    "76ea9586f0beb8f1e7f57cd1d1be936ff647ea37db463eedcae0b572f8997b7f": restore,
    "8346c28a49fe60d5dfb9f85e371250b9585e4e8d926d6f6ec34d95a0f347d3e8": send_to_group,
    "b58e6ee7f0bc7e8b23fd54a69b9890e2c2ea74014725af05abbf55d407b8e967": flush,
}
