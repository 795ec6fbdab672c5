"""Publish and subscribe. Nothing is kept: who isn't subscribed now misses the message."""

from ..arguments import pattern
from ..client import Client
from ..protocol import Push, Several
from ..registry import command


@command("SUBSCRIBE", 1, ...)
def subscribe(client: Client, *channels: bytes):
    return _subscribe(client, "subscribe", client.server.channels, client.channels, channels)


@command("PSUBSCRIBE", 1, ...)
def subscribe_to_patterns(client: Client, *globs: bytes):
    return _subscribe(client, "psubscribe", client.server.patterns, client.patterns, globs)


@command("UNSUBSCRIBE", 0, ...)
def unsubscribe(client: Client, *channels: bytes):
    return _unsubscribe(client, "unsubscribe", client.server.channels, client.channels, channels)


@command("PUNSUBSCRIBE", 0, ...)
def unsubscribe_from_patterns(client: Client, *globs: bytes):
    return _unsubscribe(client, "punsubscribe", client.server.patterns, client.patterns, globs)


def _subscribe(client: Client, word: str, names: dict, mine: dict, given) -> Several:
    replies = Several()
    for name in given:
        client.subscribe(names, mine, name)
        replies.append(Push([word, name, client.subscriptions]))
    return replies


def _unsubscribe(client: Client, word: str, names: dict, mine: dict, given) -> Several:
    """From all, where none is named."""
    replies = Several()
    for name in given or tuple(mine) or (None,):
        client.unsubscribe(names, mine, name)
        replies.append(Push([word, name, client.subscriptions]))
    return replies


@command("PUBLISH", 2)
def publish(client: Client, channel: bytes, message: bytes):
    return client.server.publish(channel, message)


@command("PUBSUB|CHANNELS", 0, 1)
def channels(client: Client, glob: bytes = b"*"):
    matches = pattern(glob)
    return [channel for channel in client.server.channels if matches(channel)]


@command("PUBSUB|NUMSUB", 0, ...)
def subscribers(client: Client, *channels: bytes):
    counts = ([name, len(client.server.channels.get(name, ()))] for name in channels)
    return [item for count in counts for item in count]


@command("PUBSUB|NUMPAT")
def patterns(client: Client):
    return len(client.server.patterns)
