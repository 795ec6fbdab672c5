from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_required
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.shortcuts import render

from .models import Presence


@login_required
def index(request):
    return render(request, "chat/index.html")


@login_required
def room(request, room_name):
    return render(request, "chat/room.html", {"room_name": room_name, "history": True})


# A session ends on HTTP, and a WebSocket knows only who it was when it was opened. So each consumer
# of this session is sent an event: Presence knows their channels.
@receiver(user_logged_out)
def tell_the_consumers(request, **kwargs):
    open_here = Presence.objects.filter(session_key=request.session.session_key)
    for channel in open_here.values_list("channel", flat=True):
        async_to_sync(get_channel_layer().send)(channel, {"type": "logged.out"})
