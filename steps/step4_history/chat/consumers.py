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
        # TODO 1: save it before anyone hears it: await Message.objects.aget_or_create(…) finds the
        #         message with this client_id, or else makes one with the fields above. Answer this
        #         browser with its "id" and the "client_id". If a DatabaseError is raised, answer
        #         with an "error" and the "client_id" instead, and go no further. The event
        #         carries the message's id, and nothing else of it.
        event = {"type": "chat.message", "message": content["message"]}
        await self.channel_layer.group_send(self.room_group_name, event)

    async def chat_message(self, event):
        # TODO 2: if this browser has not been sent the event's id, catch up: a new method,
        #         catch_up(self). It sends what the room has after self.last_id, each message as
        #         json.dumps(message.as_frame()) and in the order of the ids, and keeps the id of
        #         each in self.last_id.
        await self.send(text_data=json.dumps({"message": event["message"]}))

    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = "chat_" + self.room_name
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()
        # TODO 3: where does this browser go on? parse_qs() makes a dictionary of lists of the query
        #         string, self.scope["query_string"].decode(). With "after", that is the id of the
        #         last message it has heard. Without it, the last 50 are for it: find the id of the
        #         51st, if there is one. Keep it in self.last_id, and catch up.

    async def disconnect(self, close_code):
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)
        print(f"A browser left, close code {close_code}.")
