"""Consumers that wait as the views of step 1 do, served alongside them: what wait.py measures."""

import asyncio
import os
import time

from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
SECONDS = float(os.environ["THINKING_SECONDS"])


class SyncConsumer(WebsocketConsumer):
    def receive(self, text_data):
        time.sleep(SECONDS)
        self.send(text_data)


class AsyncConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await asyncio.sleep(SECONDS)
        await self.send(text_data)


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [path("sync/", SyncConsumer.as_asgi()), path("async/", AsyncConsumer.as_asgi())]
        ),
    }
)
