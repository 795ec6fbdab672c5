import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        # TODO 1: name the room's group, self.room_group_name: "chat_" and the room's name, which is
        #         self.scope["url_route"]["kwargs"]["room_name"]. Add this consumer's channel,
        #         self.channel_name, to it: await self.channel_layer.group_add(group, channel).
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        message = json.loads(text_data)["message"]
        # TODO 2: send to the group instead of to this one browser: await
        #         self.channel_layer.group_send(group, event), where the event is a dictionary with
        #         a "type", "chat.message", and the message.
        await self.send(text_data=json.dumps({"message": message}))

    # TODO 3: chat_message(self, event): every consumer of the group gets the event here. Send its
    #         message to the browser, as JSON.

    async def disconnect(self, close_code):
        # TODO 4: remove the channel from the group: await self.channel_layer.group_discard(…).
        print(f"A browser left, close code {close_code}.")
