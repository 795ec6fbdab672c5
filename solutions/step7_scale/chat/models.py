import asyncio
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, models
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

    @classmethod
    async def keep(cls, client_id, fields):
        """The message with this client_id, which is stored once. Nearly always it is new."""
        try:
            return await cls.objects.acreate(client_id=client_id, **fields)
        except IntegrityError:
            return await cls.objects.aget(client_id=client_id)

    @classmethod
    async def keep_all(cls, said):
        """The same for several, [(client_id, fields), …], in one transaction. If that can't be,
        each by itself: then there may be an exception in place of a message."""
        try:
            return await cls.objects.abulk_create(
                cls(client_id=client_id, **fields) for client_id, fields in said
            )
        except (IntegrityError, DataError):  # one is stored already, or never can be
            return await asyncio.gather(*(cls.keep(*one) for one in said), return_exceptions=True)

    @classmethod
    async def newest_id(cls, room):
        ids = cls.objects.filter(room=room).order_by("-id").values_list("id", flat=True)
        return await ids.afirst() or 0

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

    @classmethod
    async def names(cls, room):
        """Who is here, each once."""
        here = cls.objects.filter(room=room, seen__gte=cls.oldest())
        names = here.order_by("user__username").values_list("user__username", flat=True)
        return [name async for name in names.distinct()]

    @classmethod
    async def note(cls, channels):
        """These were seen now."""
        with suppress(DatabaseError):  # it is noted again soon
            await cls.objects.filter(channel__in=channels).aupdate(seen=timezone.now())
