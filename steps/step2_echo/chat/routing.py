from django.urls import re_path

from . import consumers

websocket_urlpatterns = [
    # TODO 3: a re_path from ws/chat/<room_name>/ to the consumer, as an ASGI application.
]
