"""What consumers do.

    {"event": "consumer", "path": …, "object": 140…, "classes": [["rooms.sockets", "Room"], …]}
    {"event": "handles", "path": …, "type": "chat.message"}     a method begins …
    {"event": "handled", "path": …, "type": "chat.message"}     … and has ended
    {"event": "sends", "path": …, "object": 140…, "type": "websocket.send", "frames": [...]}

`classes` are a consumer's class and its bases, the nearest first. `frames` are only the project's
own. Imports only the standard library.
"""

import functools
import sys

from workshop.checking.instrumented import exceptions, telling


def tell_of_consumers(channels):
    """`channels` is the module channels.consumer."""
    call, dispatch = channels.AsyncConsumer.__call__, channels.AsyncConsumer.dispatch
    send, sync_send = channels.AsyncConsumer.send, channels.SyncConsumer.send
    sync_dispatch = channels.SyncConsumer.__dict__["dispatch"]

    @functools.wraps(call)
    async def call_and_tell(self, scope, receive, send):
        classes = [[cls.__module__, cls.__qualname__] for cls in type(self).__mro__[:-1]]
        telling.tell_of_socket("consumer", object=id(self), classes=classes)
        return await call(self, scope, receive, send)

    async def told_of(message, handling):
        kind = _type_of(message)
        telling.tell_of_socket("handles", type=kind)
        try:
            await handling
        except Exception as exception:
            if not isinstance(exception, channels.StopConsumer):
                exceptions.tell_raised(exception, "consumer", handling=kind)
            raise
        telling.tell_of_socket("handled", type=kind)

    @functools.wraps(dispatch)
    async def dispatch_and_tell(self, message):
        await told_of(message, dispatch(self, message))

    async def sync_dispatch_and_tell(self, message):
        await told_of(message, sync_dispatch.__get__(self, type(self))(message))

    def tell_of_sending(consumer, message):
        frames = functools.partial(telling.their_frames, sys._getframe(2))
        kind = str(_type_of(message))
        telling.tell_of_socket("sends", object=id(consumer), type=kind, frames=frames)

    @functools.wraps(send)
    async def send_and_tell(self, message):
        tell_of_sending(self, message)
        await send(self, message)

    @functools.wraps(sync_send)
    def sync_send_and_tell(self, message):
        tell_of_sending(self, message)
        sync_send(self, message)

    channels.AsyncConsumer.__call__ = call_and_tell
    channels.AsyncConsumer.dispatch = dispatch_and_tell
    channels.SyncConsumer.dispatch = sync_dispatch_and_tell
    channels.AsyncConsumer.send = send_and_tell
    channels.SyncConsumer.send = sync_send_and_tell


def _type_of(message):
    return str(message.get("type")) if isinstance(message, dict) else None
