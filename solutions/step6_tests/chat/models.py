from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


class Message(models.Model):
    room = models.CharField(max_length=50)
    text = models.TextField()
    author = models.CharField(max_length=50, blank=True)
    # The browser's own name for it: however often it is sent, it is stored once.
    client_id = models.CharField(max_length=50, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["room", "id"], name="chat_room_and_id")]

    def as_frame(self):
        """What a browser is sent of it."""
        return {
            "id": self.id,
            "message": self.text,
            "author": self.author,
            "created": self.created.isoformat(),
        }


class Presence(models.Model):
    """One open WebSocket. Somebody with two tabs has two of these."""

    channel = models.CharField(max_length=100, unique=True)  # the consumer's channel_name
    room = models.CharField(max_length=50)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    session_key = models.CharField(max_length=40)
    seen = models.DateTimeField()  # when its consumer last said so

    @staticmethod
    def oldest():
        """Whoever was last seen before this moment is gone."""
        return timezone.now() - timedelta(seconds=settings.PRESENCE_SECONDS)
