"""A browser leaves, or the consumer ends the conversation."""

from workshop.checking.events import Ended, Handled
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Crashed, Silent, StillRunning


@rule
def never_stops(evidence):
    """The consumer was told that its browser left, has handled that, and goes on."""
    left = len(evidence.events(Handled, type="websocket.disconnect"))
    if not evidence.saw(StillRunning) or not left:
        return None
    consumer = next(iter(evidence.consumers), None)
    if consumer and consumer.is_bare:
        return Explanation(
            "The browser has left, and its consumer never stops. A bare consumer ends itself: "
            "raise StopConsumer() (channels.exceptions) at the end of websocket_disconnect.",
            consumer.where(consumer.methods.get("websocket_disconnect")),
        )
    overridden = consumer and consumer.methods.get("websocket_disconnect")
    if overridden:
        return Explanation(
            "websocket_disconnect is overridden and never ends the consumer. Override "
            "disconnect(self, close_code) instead, or call super().websocket_disconnect().",
            consumer.where(overridden),
        )


@rule
def closed_by_the_consumer(evidence):
    """The consumer itself sent the close."""
    closes = evidence.sent("websocket.close")
    if evidence.saw_only(Closed) and closes:
        return Explanation(
            "The consumer closed the socket itself, here. Remove self.close() to keep the "
            "conversation going.",
            evidence.place(closes[0]) or evidence.mention("close"),
        )


@rule
def stopped_by_the_consumer(evidence):
    """The consumer's application ended without an exception while its browser was there: the
    socket was closed, or stays open with nobody behind it."""
    left = evidence.begun("websocket.disconnect")
    cut = evidence.saw_only(Closed) or (evidence.saw_only(Silent) and not left)
    where = evidence.mention("StopConsumer")
    if cut and where and evidence.events(Ended, error=None):
        return Explanation(
            "StopConsumer ended the consumer while its browser was still there. Raise it only in "
            "websocket_disconnect.",
            where,
        )


@rule
def crash_on_leaving(evidence):
    if evidence.saw(Crashed) and evidence.errors:
        found = evidence.errors[-1]
        return Explanation(
            f"When the browser had left, the consumer raised {found.text.rstrip('.')}.",
            evidence.where(found),
        )
