import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from .closing import SilentOnceClosed
from .frames import content_of, is_text
from .limits import RateLimit
from .models import Message, Presence

KEPT = timedelta(days=1)  # rows that a killed server has left


class ChatConsumer(SilentOnceClosed, AsyncWebsocketConsumer):
    last_id = 0  # of the newest message that this browser has been sent
    people = None  # the list that this browser has been sent
    staying = None  # the task that keeps this tab among those who are here

    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = "chat_" + self.room_name
        self.limit = RateLimit()
        if not self.scope["user"].is_authenticated:
            await self.close()
            return
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()
        query = parse_qs(self.scope["query_string"].decode())
        if "after" in query:
            self.last_id = int(query["after"][0])
        else:
            newest = Message.objects.filter(room=self.room_name).order_by("-id")
            self.last_id = await newest.values_list("id", flat=True)[50:51].afirst() or 0
        await self.catch_up()
        await self.arrive()

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
            message, _ = await Message.objects.aget_or_create(fields, client_id=client_id)
        except DatabaseError as error:
            answer = {"error": f"Not saved: {error}", "client_id": client_id}
            await self.send(text_data=json.dumps(answer))
            return
        await self.send(text_data=json.dumps({"id": message.id, "client_id": client_id}))

        event = {"type": "chat.message", "id": message.id}
        await self.channel_layer.group_send(self.room_group_name, event)

    async def chat_message(self, event):
        if event["id"] > self.last_id:
            await self.catch_up()

    async def catch_up(self):
        newer = Message.objects.filter(room=self.room_name, id__gt=self.last_id)
        async for message in newer.order_by("id"):
            await self.send(text_data=json.dumps(message.as_frame()))
            self.last_id = message.id

    async def arrive(self):
        await self.note_presence()
        await self.channel_layer.group_send(self.room_group_name, {"type": "people.changed"})
        self.staying = asyncio.create_task(self.stay())

    async def stay(self):
        """Remind this consumer again and again that it is still here. The consumer has to note it:
        this task would go on even after an exception in the consumer."""
        while True:
            await asyncio.sleep(settings.PRESENCE_SECONDS / 3)
            await self.channel_layer.send(self.channel_name, {"type": "still.here"})

    async def still_here(self, event):
        await self.note_presence()
        await self.people_changed(event)

    async def note_presence(self):
        fields = {
            "room": self.room_name,
            "user": self.scope["user"],
            "session_key": self.scope["session"].session_key,
            "seen": timezone.now(),
        }
        with suppress(DatabaseError):  # it is noted again soon
            await Presence.objects.filter(seen__lt=timezone.now() - KEPT).adelete()
            await Presence.objects.aupdate_or_create(fields, channel=self.channel_name)

    async def people_changed(self, event):
        here = Presence.objects.filter(room=self.room_name, seen__gte=Presence.oldest())
        names = here.order_by("user__username").values_list("user__username", flat=True)
        people = [name async for name in names.distinct()]
        if people != self.people:
            self.people = people
            await self.send(text_data=json.dumps({"people": people}))

    async def logged_out(self, event):
        await self.close(code=4401)

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)
        if self.staying:
            self.staying.cancel()
            await Presence.objects.filter(channel=self.channel_name).adelete()
            await self.channel_layer.group_send(self.room_group_name, {"type": "people.changed"})
        print(f"A browser left, close code {close_code}.")
