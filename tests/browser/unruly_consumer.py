"""A consumer that does what it is told, even what no chat does: the page must show it all."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        order, _, rest = json.loads(text_data)["message"].partition(" ")
        await getattr(self, f"then_{order}")(rest)

    async def then_text(self, text):
        await self.send(text_data=text)

    async def then_binary(self, digits):
        await self.send(bytes_data=bytes.fromhex(digits))

    async def then_many(self, count):
        for number in range(1, int(count) + 1):
            await self.send(text_data=json.dumps({"message": f"number {number}"}))

    async def then_close(self, code):
        await self.close(int(code) if code else None)

    async def then_fail(self, _):
        raise RuntimeError("A failure on purpose.")
