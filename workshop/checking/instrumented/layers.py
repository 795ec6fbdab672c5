"""The calls of the channel layer.

    {"event": "layer_call", "path": …, "call": "group_add", "group": …, "channel": … or "type": …,
     "frames": [...]}
    the same with "call": "receive", the channel under "group", the type of the event under "type":
     the project's own code, and no consumer, has taken an event from a channel
    {"event": "layer_made", "path": …, "name": "channels_redis.core.RedisChannelLayer",
     "hosts": [{"address": "redis://127.0.0.1:6379"}]}

`hosts` is how a layer of channels_redis reaches its Redis, passwords included, for the check that
looks at the groups there; null where there is none. `frames` are only the project's own, and only
the last. `path` is null for flush(), which concerns every WebSocket. Imports only the standard
library.
"""

import asyncio
import contextlib
import functools
import json
import sys

from workshop.checking.instrumented import telling

CALLS = ("group_add", "group_discard", "group_send", "send", "flush")
# Not group_discard: browsers of an earlier check may still be leaving, and synchronous consumers
# share a thread.
HELD_UP = ("group_add", "group_send")
LOOK_EVERY = 0.001  # seconds

_is_held_up = False


def tell_of_layers(channels):
    """`channels` is the module channels.layers."""
    make = channels.ChannelLayerManager._make_backend

    @functools.wraps(make)
    def make_and_tell(self, name, config):
        layer = make(self, name, config)
        kind = type(layer)
        telling.tell_of_socket(
            "layer_made", name=f"{kind.__module__}.{kind.__qualname__}", hosts=_hosts_of(layer)
        )
        for method in CALLS:
            with contextlib.suppress(AttributeError, TypeError):
                setattr(layer, method, _telling_call(getattr(layer, method), method))
        with contextlib.suppress(AttributeError, TypeError):
            layer.receive = _telling_what_is_taken(layer.receive)
        return layer

    channels.ChannelLayerManager._make_backend = make_and_tell


def _hosts_of(layer):
    """What the layer's connections are made of (channels_redis.utils.decode_hosts); None where it
    has none, or where they are more than plain values."""
    kept = getattr(layer, "__dict__", {})
    with contextlib.suppress(Exception):
        if "_kwargs" in kept:  # the layer that uses Redis' pub/sub decodes them later
            from channels_redis.utils import decode_hosts

            return json.loads(json.dumps(decode_hosts(_first_or_named(kept))))
        return json.loads(json.dumps(kept.get("hosts")))


def _first_or_named(kept):
    return kept["_args"][0] if kept["_args"] else kept["_kwargs"].get("hosts")


def _telling_call(function, name):
    """`function`, a coroutine function, telling of every call. `inspect` and asgiref still see a
    coroutine function, and it complains about wrong arguments in its own words."""
    from asgiref.sync import markcoroutinefunction

    def call_and_tell(*args, **kwargs):
        values = [*args, *kwargs.values(), None, None]
        event = values[1].get("type") if isinstance(values[1], dict) else None
        telling.tell_of_socket(
            "layer_call",
            call=name,
            group=str(values[0]),
            channel=values[1] if isinstance(values[1], str) else None,
            type=event if isinstance(event, str) else None,
            frames=functools.partial(telling.their_last_frame, sys._getframe(1)),
            path=None if name == "flush" else telling.websocket.get(),
        )
        call = function(*args, **kwargs)
        return _later(call) if _is_held_up and name in HELD_UP else call

    for attribute in ("__name__", "__qualname__", "__doc__", "__self__"):
        with contextlib.suppress(AttributeError):
            setattr(call_and_tell, attribute, getattr(function, attribute))
    return markcoroutinefunction(call_and_tell)


def _telling_what_is_taken(receive):
    """`receive`, telling of the events that the project takes. A consumer's are told as what it
    handles (consumers.py)."""

    def receive_and_tell(channel):
        caller = sys._getframe(1)
        taking = receive(channel)
        if not telling.is_theirs(caller.f_code.co_filename):
            return taking
        return taken(taking, channel, telling.their_last_frame(caller))

    async def taken(taking, channel, frames):
        event = await taking
        telling.tell_of_socket(
            "layer_call",
            call="receive",
            group=str(channel),
            channel=None,
            type=event.get("type"),
            frames=frames,
        )
        return event

    return functools.wraps(receive)(receive_and_tell)


async def _later(call):
    # Not an asyncio.Event: synchronous code calls from event loops of its own.
    while _is_held_up:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_EVERY)
    return await call


def hold_up():
    """Make the calls that join or tell a group wait, as for a Redis that is far away."""
    global _is_held_up
    _is_held_up = True
    telling.tell("held_up")


def let_go_on():
    global _is_held_up
    _is_held_up = False
