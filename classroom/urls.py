from django.urls import path, re_path
from django.views.generic import RedirectView

from . import decks, views

urlpatterns = [
    path("", views.room, name="room"),
    path("leave/", views.leave, name="leave"),
    path("board/", views.board, name="board"),
    path("screen/", views.screen, name="screen"),
    path("slides/", RedirectView.as_view(url=f"/slides/{decks.DAY}/"), name="slides"),
    path("slides/<slug:name>/", views.deck),
    # From laptops
    path("seats/", views.seats),
    path("results/", views.results),
    # What the QR code holds, and what gives a seat to another device
    re_path(r"^(?P<code>[2-9A-Za-z]{6})/?$", views.door, name="door"),
    re_path(r"^(?P<code>[2-9A-Za-z]{6})/(?P<pair>[2-9A-Za-z]{8})/?$", views.door, name="pair"),
]
