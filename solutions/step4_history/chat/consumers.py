import json
from urllib.parse import parse_qs
from uuid import uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from .models import Message


class ChatConsumer(AsyncWebsocketConsumer):
    last_id = 0  # of the newest message that this browser has been sent

    async def receive(self, text_data=None, bytes_data=None):
        content = json.loads(text_data)
        client_id = content.get("client_id") or uuid4().hex
        fields = {
            "room": self.room_name,
            "text": content["message"],
            "author": content.get("author", ""),
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

    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = "chat_" + self.room_name
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()
        query = parse_qs(self.scope["query_string"].decode())
        if "after" in query:
            self.last_id = int(query["after"][0])
        else:
            newest = Message.objects.filter(room=self.room_name).order_by("-id")
            self.last_id = await newest.values_list("id", flat=True)[50:51].afirst() or 0
        await self.catch_up()

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)
        print(f"A browser left, close code {close_code}.")
