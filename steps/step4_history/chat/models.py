from django.db import models


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
