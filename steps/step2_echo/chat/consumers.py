import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    # TODO 4: connect(self): let the browser in.

    # TODO 5: receive(self, text_data=None, bytes_data=None): read the message from the JSON text,
    #         and send it back, as JSON again.

    # TODO 6: disconnect(self, close_code): print that a browser left, and its close code.
    pass
