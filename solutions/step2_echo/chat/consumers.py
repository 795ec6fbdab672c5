import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        await self.send(text_data=json.dumps({"message": message}))

    async def disconnect(self, close_code):
        print(f"A browser left, close code {close_code}.")
