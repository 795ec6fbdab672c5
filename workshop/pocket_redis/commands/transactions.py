"""Transactions: commands that are collected, and run one after the other with none in between."""

from ..client import Client
from ..protocol import OK, Error
from ..registry import command


@command("MULTI", at_once=True)
def begin(client: Client):
    if client.queued is not None:
        client.spoilt = True
        raise Error("Command 'multi' not allowed inside a transaction")
    client.queued, client.spoilt = [], False
    return OK


@command("DISCARD", at_once=True)
def discard(client: Client):
    if client.queued is None:
        raise Error("DISCARD without MULTI")
    client.queued = None
    return OK


@command("EXEC", silent=True, at_once=True)
def execute(client: Client):
    """A monitor is told of it when it has ended."""
    if client.queued is None:
        raise Error("EXEC without MULTI")
    if client.spoilt:
        client.queued = None
        raise Error("Transaction discarded because of previous errors.", code="EXECABORT")
    replies = client.run_queued()
    client.server.tell_monitors(client.number, client.address, [b"EXEC"])
    return replies
