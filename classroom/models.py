"""What the room has done so far. All state is here: a server process has none of its own."""

from django.db import models
from django.db.models import Q


class Room(models.Model):
    """What the instructor has chosen. There is one."""

    step = models.CharField(max_length=20, blank=True)
    ends = models.DateTimeField(null=True)  # of the exercise
    shown = models.CharField(max_length=100, blank=True)  # a diagnosis, on the screen


class Seat(models.Model):
    label = models.CharField(max_length=40, unique=True)  # "amber otter"
    hue = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=24, blank=True)
    pair = models.CharField(max_length=8, unique=True)  # gives it to another device
    joined = models.DateTimeField(auto_now_add=True)
    active = models.DateTimeField()


class Result(models.Model):
    """However often it is sent, it is stored once: by the name that the laptop gave it."""

    uuid = models.CharField(max_length=32, primary_key=True)
    seat = models.ForeignKey(Seat, models.CASCADE, related_name="results")
    step = models.CharField(max_length=20)
    passed = models.JSONField()  # names of checks
    total = models.PositiveSmallIntegerField()
    diagnosis = models.CharField(max_length=100, blank=True)
    seconds = models.FloatField()
    made = models.DateTimeField()  # it may have arrived much later


class Standing(models.Model):
    """The newest result of a seat in a step: what the board shows, without reading all others."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="standings")
    step = models.CharField(max_length=20)
    result = models.ForeignKey(Result, models.CASCADE)
    done = models.DateTimeField(null=True)  # when it first passed

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "step"], name="one_standing")]


class Hand(models.Model):
    """A sticky note on the lid of the laptop: "I'm stuck" or "I'm done"."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="hands")
    kind = models.CharField(max_length=5)
    raised = models.DateTimeField(auto_now_add=True)
    lowered = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat"], condition=Q(lowered=None), name="one_hand")
        ]


class Poll(models.Model):
    question = models.CharField(max_length=200)
    choices = models.JSONField()
    opened = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)
    put_away = models.BooleanField(default=False)


class Answer(models.Model):
    poll = models.ForeignKey(Poll, models.CASCADE, related_name="answers")
    seat = models.ForeignKey(Seat, models.CASCADE, related_name="answers")
    choice = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "seat"], name="one_answer")]


class Message(models.Model):
    """As in the steps' chat with a history."""

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="messages")
    text = models.CharField(max_length=500)
    client_id = models.CharField(max_length=32)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "client_id"], name="said_once")]
