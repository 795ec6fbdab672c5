from django.urls import path, re_path

from . import consumers

websocket_urlpatterns = [
    path("ws/seat/", consumers.SeatConsumer.as_asgi()),
    path("ws/board/", consumers.BoardConsumer.as_asgi()),
    path("ws/screen/", consumers.ScreenConsumer.as_asgi()),
    re_path("", consumers.Nowhere.as_asgi()),
]
