"""What a process does once for all the browsers that it has in a room."""

import asyncio
import json
import logging

from channels.layers import get_channel_layer
from django.conf import settings

from .models import Message, Presence

logger = logging.getLogger(__name__)


class Relay:
    """A room, in this process: one member of the room's group, however many browsers are here."""

    rooms = {}  # the relays of this process, by the name of their room

    def __init__(self, room_name):
        self.room_name = room_name
        self.room_group_name = "chat_" + room_name
        self.browsers = set()  # their consumers
        self.last_id = 0  # of the newest message that was handed to them
        self.said = []  # what is to be saved next: (client_id, fields, future)
        self.saving = None  # the task that does it
        self.rooms[room_name] = self
        self.ready = asyncio.get_running_loop().create_future()  # done once it has joined
        self.running = asyncio.create_task(self.run())

    @classmethod
    async def join(cls, room_name, consumer):
        """The room's relay. From now on, what it reads is handed to this consumer, too."""
        relay = cls.rooms.get(room_name) or cls(room_name)
        relay.browsers.add(consumer)
        try:
            await asyncio.shield(relay.ready)  # a browser that gives up doesn't cancel it for all
        except BaseException:
            relay.leave(consumer)
            raise
        return relay

    def leave(self, consumer):
        self.browsers.discard(consumer)
        if not self.browsers:
            self.forget()
            self.running.cancel()

    def forget(self):
        if self.rooms.get(self.room_name) is self:
            del self.rooms[self.room_name]

    async def run(self):
        """Join the room's group, and listen until the last browser has left."""
        self.layer = get_channel_layer()
        self.channel = await self.layer.new_channel()
        staying = asyncio.create_task(self.stay())
        try:
            # TODO 1: add self.channel to the group self.room_group_name, as a consumer does. It is
            #         done once here, for all browsers.
            self.last_id = await Message.newest_id(self.room_name)
            self.ready.set_result(None)
            await self.listen()
        except Exception as error:
            logger.exception("The relay of %s has ended.", self.room_name)
            if not self.ready.done():
                self.ready.set_exception(error)
            for consumer in list(self.browsers):
                consumer.end(1011)  # its browser comes back, to a new relay
        finally:
            self.forget()
            staying.cancel()
            await self.layer.group_discard(self.room_group_name, self.channel)

    async def listen(self):
        """Handle what is sent to the group."""
        # TODO 1: for as long as this task runs, receive() from the layer what comes to
        #         self.channel, and handle() each event.
        await asyncio.Event().wait()  # for what never comes

    async def handle(self, event):
        """Call the method that is named as the event's type, as a consumer does."""
        await getattr(self, event["type"].replace(".", "_"))(event)

    async def chat_message(self, event):
        if event["id"] <= self.last_id:
            return  # it was read along with the one before
        newer = Message.objects.filter(room=self.room_name, id__gt=self.last_id)
        handed = 0
        at_once = max(settings.WAITING // 2, 1)  # a browser's task is woken once for so many
        async for message in newer.order_by("id"):
            self.last_id = message.id
            # TODO 2: encode the message here, once for all browsers …
            for consumer in list(self.browsers):
                # TODO 2: … and hand over the same text to each of them.
                consumer.hand_over(json.dumps(message.as_frame()), message.id)
            handed += 1
            if handed % at_once == 0:
                await asyncio.sleep(0)  # they send these, before more is handed over

    async def people_changed(self, event):
        people = json.dumps({"people": await Presence.names(self.room_name)})
        for consumer in list(self.browsers):
            consumer.hand_over_people(people)

    async def keep(self, client_id, fields):
        """The message, once it is saved. What several say at the same moment is saved in one
        transaction, and the room is told of it once."""
        saved = asyncio.get_running_loop().create_future()
        self.said.append((client_id, fields, saved))
        if self.saving is None or self.saving.done():
            self.saving = asyncio.create_task(self.save())
        return await saved

    async def save(self):
        """Save everything in self.said, including what arrives while a transaction is written."""
        while self.said:
            together, self.said = self.said, []
            try:
                kept = await Message.keep_all([said for *said, _ in together])
            except Exception as error:
                kept = [error] * len(together)
            for message, (*_, saved) in zip(kept, together, strict=True):
                if saved.done():
                    pass  # its browser is gone
                elif isinstance(message, Exception):
                    saved.set_exception(message)
                else:
                    saved.set_result(message)
            if ids := [message.id for message in kept if isinstance(message, Message)]:
                await self.tell(max(ids))

    async def tell(self, newest_id):
        event = {"type": "chat.message", "id": newest_id}
        try:
            await self.layer.group_send(self.room_group_name, event)
        except Exception:  # it is saved: the next event makes the relays read it
            logger.exception("The room %s was not told of message %s.", self.room_name, newest_id)

    async def stay(self):
        """Note again and again that these browsers are here, and look who else is."""
        while True:
            await asyncio.sleep(settings.PRESENCE_SECONDS / 3)
            await Presence.note([consumer.channel_name for consumer in self.browsers])
            await self.layer.send(self.channel, {"type": "people.changed"})
