import asyncio
import json
import logging
from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from .closing import GONE, SilentOnceClosed
from .frames import content_of, is_text
from .limits import RateLimit
from .models import Message, Presence
from .relay import Relay

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)  # rows that a killed server has left


class ChatConsumer(SilentOnceClosed, AsyncWebsocketConsumer):
    last_id = 0  # of the newest message that this browser has been sent
    people = None  # the list that this browser has been sent
    relay = None
    writing = None  # the task that sends what the relay hands over

    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = "chat_" + self.room_name
        self.limit = RateLimit()
        if not self.scope["user"].is_authenticated:
            await self.close()
            return
        # TODO 6: no more than settings.WAITING frames may wait for this browser.
        self.waiting = asyncio.Queue()
        self.relay = await Relay.join(self.room_name, self)
        await self.accept()
        query = parse_qs(self.scope["query_string"].decode())
        if "after" in query:
            self.last_id = int(query["after"][0])
        else:
            newest = Message.objects.filter(room=self.room_name).order_by("-id")
            self.last_id = await newest.values_list("id", flat=True)[50:51].afirst() or 0
        self.writing = asyncio.create_task(self.write())
        await self.arrive()

    def hand_over(self, text, message_id=None):
        """Called by the relay. It does not wait for this browser: nobody waits for a slow one."""
        # TODO 6: when the queue is full, put_nowait() raises asyncio.QueueFull. Decide what then:
        #         end() with code 4408, so that the page comes back and asks for what it missed; or
        #         drop the oldest frame, so that this browser gets the newest only.
        self.waiting.put_nowait((text, message_id))

    def hand_over_people(self, people):
        if people != self.people:
            self.people = people
            self.hand_over(people)

    async def write(self):
        """Send this browser what was said before, then what the relay hands over."""
        try:
            await self.catch_up()
            while True:
                text, message_id = await self.waiting.get()
                if message_id is not None:
                    if message_id <= self.last_id:
                        continue  # it came with what was said before
                    self.last_id = message_id
                await self.base_send({"type": "websocket.send", "text": text})
        except GONE:
            pass  # this browser is gone: disconnect() is called next
        except Exception:
            logger.exception("A browser can be sent nothing more.")
            self.end(1011)

    def end(self, code):
        """Send nothing more, and close the connection as soon as this browser reads again."""
        self.relay.leave(self)
        if self.writing:
            self.writing.cancel()
        self.closing = asyncio.create_task(self.close(code=code))  # a task needs a reference

    async def receive(self, text_data=None, bytes_data=None):
        if self.limit.exceeded():
            await self.close(code=4429)
            return
        content = content_of(text_data)
        if content is None:
            await self.send(text_data=json.dumps({"error": "This is not a message."}))
            return
        client_id = content.get("client_id")
        if not client_id or not is_text(client_id, 50):
            client_id = uuid4().hex
        fields = {
            "room": self.room_name,
            "text": content["message"],
            "author": self.scope["user"].username,
        }
        try:
            message = await self.relay.keep(client_id, fields)
        except DatabaseError as error:
            answer = {"error": f"Not saved: {error}", "client_id": client_id}
            await self.send(text_data=json.dumps(answer))
            return
        await self.send(text_data=json.dumps({"id": message.id, "client_id": client_id}))

    async def catch_up(self):
        newer = Message.objects.filter(room=self.room_name, id__gt=self.last_id)
        async for message in newer.order_by("id"):
            await self.send(text_data=json.dumps(message.as_frame()))
            self.last_id = message.id

    async def arrive(self):
        fields = {
            "room": self.room_name,
            "user": self.scope["user"],
            "session_key": self.scope["session"].session_key,
            "seen": timezone.now(),
        }
        with suppress(DatabaseError):  # a chat without a name in the list is better than none
            await Presence.objects.filter(seen__lt=timezone.now() - KEPT).adelete()
            await Presence.objects.aupdate_or_create(fields, channel=self.channel_name)
        await self.channel_layer.group_send(self.room_group_name, {"type": "people.changed"})

    async def logged_out(self, event):
        await self.close(code=4401)

    async def disconnect(self, close_code):
        if self.writing:
            self.relay.leave(self)
            self.writing.cancel()
            await Presence.objects.filter(channel=self.channel_name).adelete()
            await self.channel_layer.group_send(self.room_group_name, {"type": "people.changed"})
        print(f"A browser left, close code {close_code}.")
