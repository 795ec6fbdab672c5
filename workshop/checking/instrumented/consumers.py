"""Lets it be seen what consumers and the channel layer do: events for the diagnoses.

Part of under_check.py, and as unnoticeable: every function that it stands in front of is called
with the same arguments and answers the same. It writes these events, at most PER_SOCKET of a kind
for one WebSocket. `path` is the WebSocket whose code ran, null outside of any:

    {"event": "consumer", "path": …, "object": 140…, "classes": [["rooms.sockets", "Room"], …]}
    {"event": "handles", "path": …, "type": "chat.message"}     a method begins …
    {"event": "handled", "path": …, "type": "chat.message"}     … and has ended
    {"event": "sends", "path": …, "type": "websocket.send", "frames": [...]}
    {"event": "layer", "path": …, "call": "group_add", "group": …, "channel": … or "type": …,
     "frames": [...]}
    {"event": "backend", "path": …, "name": "channels_redis.core.RedisChannelLayer"}

`classes` are a consumer's class and its bases, the nearest first. `frames` are only the attendee's.
Nothing is imported before the attendee's own code imports it.

Imports the standard library alone.
"""

import collections
import contextlib
import contextvars
import functools
import importlib.abc
import os
import sys

PER_SOCKET = 60

socket = contextvars.ContextVar("socket", default=None)  # its path
told = collections.Counter()
write = None


def tell(event, **facts):
    key = event, facts.get("call"), socket.get()
    told[key] += 1
    if told[key] <= PER_SOCKET:
        write(event, path=socket.get(), **facts)


def own_frames():
    """The frames of the project's own code that led here, the outermost first."""
    here = os.getcwd() + os.sep
    frames, frame = [], sys._getframe(2)
    while frame:
        file = frame.f_code.co_filename
        if file.startswith(here) and "site-packages" not in file and not file.endswith("manage.py"):
            frames.append([file, frame.f_lineno, frame.f_code.co_name])
        frame = frame.f_back
    return frames[::-1]


# Consumers


def watch_consumers(channels):
    """`channels` is the module channels.consumer."""
    call, dispatch = channels.AsyncConsumer.__call__, channels.AsyncConsumer.dispatch
    send, sync_send = channels.AsyncConsumer.send, channels.SyncConsumer.send
    sync_dispatch = channels.SyncConsumer.__dict__["dispatch"]

    @functools.wraps(call)
    async def call_and_tell(self, scope, receive, send):
        classes = [[cls.__module__, cls.__qualname__] for cls in type(self).__mro__[:-1]]
        tell("consumer", object=id(self), classes=classes)
        return await call(self, scope, receive, send)

    async def told_of(message, handling):
        kind = str(message.get("type")) if isinstance(message, dict) else None
        tell("handles", type=kind)
        await handling
        tell("handled", type=kind)

    @functools.wraps(dispatch)
    async def dispatch_and_tell(self, message):
        await told_of(message, dispatch(self, message))

    async def sync_dispatch_and_tell(self, message):
        await told_of(message, sync_dispatch.__get__(self, type(self))(message))

    def tell_of_sending(message):
        kind = message.get("type") if isinstance(message, dict) else None
        tell("sends", type=str(kind), frames=own_frames()[-1:])

    @functools.wraps(send)
    async def send_and_tell(self, message):
        tell_of_sending(message)
        await send(self, message)

    @functools.wraps(sync_send)
    def sync_send_and_tell(self, message):
        tell_of_sending(message)
        sync_send(self, message)

    channels.AsyncConsumer.__call__ = call_and_tell
    channels.AsyncConsumer.dispatch = dispatch_and_tell
    channels.SyncConsumer.dispatch = sync_dispatch_and_tell
    channels.AsyncConsumer.send = send_and_tell
    channels.SyncConsumer.send = sync_send_and_tell


# The channel layer


def watch_layers(channels):
    """`channels` is the module channels.layers."""
    make = channels.ChannelLayerManager._make_backend

    @functools.wraps(make)
    def make_and_watch(self, name, config):
        layer = make(self, name, config)
        tell("backend", name=f"{type(layer).__module__}.{type(layer).__qualname__}")
        for method in ("group_add", "group_discard", "group_send", "send"):
            with contextlib.suppress(AttributeError, TypeError):
                setattr(layer, method, told_call(getattr(layer, method), method))
        return layer

    channels.ChannelLayerManager._make_backend = make_and_watch


def told_call(function, name):
    """`function`, a coroutine function, telling of every call. It stays one that `inspect` and
    asgiref take for a coroutine function, and complains of wrong arguments in its own words."""
    from asgiref.sync import markcoroutinefunction

    def call_and_tell(*args, **kwargs):
        values = [*args, *kwargs.values(), None, None]
        event = values[1].get("type") if isinstance(values[1], dict) else None
        tell(
            "layer",
            call=name,
            group=str(values[0]),
            channel=values[1] if isinstance(values[1], str) else None,
            type=event if isinstance(event, str) else None,
            frames=own_frames()[-1:],
        )
        return function(*args, **kwargs)

    for attribute in ("__name__", "__qualname__", "__doc__", "__self__"):
        with contextlib.suppress(AttributeError):
            setattr(call_and_tell, attribute, getattr(function, attribute))
    return markcoroutinefunction(call_and_tell)


# As soon as they are imported

WATCHED = {"channels.consumer": watch_consumers, "channels.layers": watch_layers}


class AfterImport(importlib.abc.MetaPathFinder):
    """Finds nothing itself: it lets the others find, and is called when the module was run."""

    def find_spec(self, name, path=None, target=None):
        watch = WATCHED.get(name)
        if watch is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find and finder is not self and find(name, path, target)
            if spec:
                break
        else:
            return None
        run = spec.loader.exec_module

        def run_and_watch(module):
            run(module)
            watch(module)

        spec.loader.exec_module = run_and_watch
        return spec


def start(write_event):
    """Watch from now on; `write_event(event, **facts)` writes one event."""
    global write
    write = write_event
    sys.meta_path.insert(0, AfterImport())
    for name, watch in WATCHED.items():
        if name in sys.modules:
            watch(sys.modules[name])
