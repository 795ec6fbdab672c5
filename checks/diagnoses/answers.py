"""Nothing comes back, and no exception tells why: a method ran to its end and sent nothing."""

import ast

from workshop.checking.events import Handled
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import SENDERS, calls_in, handler_name, last_name
from workshop.checking.failures import Silent

# The frame was handled to its end


def _handled_in_vain(evidence):
    """The method that took the browser's frame, with its consumer, where it ran to its end, and
    neither a browser nor a group was sent anything."""
    sent = evidence.sent("websocket.send") or evidence.layer_calls("group_send")
    if not evidence.saw_only(Silent) or sent or evidence.layer_calls("send"):
        return None, None
    if not evidence.begun("websocket.receive") or len(evidence.events(Handled)) < 2:
        return None, None
    return next(evidence.receivers, (None, None))


def _nodes(method, kind):
    return [node for node in ast.walk(method or ast.Pass()) if isinstance(node, kind)]


def _sends_in(consumer, method):
    """The calls that send, in the method or in one that it calls."""
    names = {method.name, *(last_name(call.func) for call in calls_in(method))}
    calls = [call for name in SENDERS for call in consumer.calls(name)]
    stands_in = [consumer.method_at(consumer.where(call)) for call in calls]
    return [call for call, at in zip(calls, stands_in, strict=True) if at and at.name in names]


def _how_to_send(evidence, where):
    """To the browser, or to the room's group where the step teaches groups."""
    if evidence.teaches("groups"):
        arguments = f'{evidence.group}, {{"type": "chat.message", "message": message}}'
        send = evidence.call_for(where, "self.channel_layer.group_send", arguments)
        return f"Send it to the room's group: {send}"
    return f"Send it back: {evidence.answer(where).code}"


@rule
def receive_is_a_generator(evidence):
    consumer, method = _handled_in_vain(evidence)
    for node in _nodes(method, ast.Yield):
        return Explanation(
            f"{method.name}() has a yield, which makes it a generator: Channels calls it, and "
            f"nothing of it runs. {_how_to_send(evidence, consumer.where(node))}",
            consumer.where(node),
        )


@rule
def send_not_reached(evidence):
    consumer, method = _handled_in_vain(evidence)
    if consumer is None or "send" in consumer.methods and not consumer.is_bare:
        return None
    for call in _sends_in(consumer, method):
        return Explanation(
            f"{method.name}() ran to its end and did not reach the line that sends. "
            "Look at what is before it: an if, a return.",
            consumer.where(call),
        )


@rule
def answer_returned(evidence):
    consumer, method = _handled_in_vain(evidence)
    for node in _nodes(method, ast.Return):
        if node.value:
            return Explanation(
                f"{method.name}() returns its answer, and Channels ignores what it returns. "
                f"{_how_to_send(evidence, consumer.where(node))}",
                consumer.where(node),
            )


@rule
def nothing_is_sent(evidence):
    consumer, method = _handled_in_vain(evidence)
    if method and not _sends_in(consumer, method):
        where = consumer.where(method)
        return Explanation(
            f"{method.name}() gets the message and sends nothing. {_how_to_send(evidence, where)}",
            where,
        )


# The group's message reached its handler


def _group_handled(evidence):
    """The events of groups that consumers have handled to their end, where those were more than
    what browsers were sent; with the first one's handler and its consumer."""
    kinds = [event.type or "" for event in evidence.events(Handled)]
    kinds = [kind for kind in kinds if kind and not kind.startswith("websocket.")]
    if evidence.saw_only(Silent) and len(kinds) > len(evidence.sent("websocket.send")):
        name = handler_name(kinds[0])
        for consumer in evidence.consumers:
            if name in consumer.methods:
                return kinds, consumer, consumer.methods[name]
    return [], None, None


@rule
def handler_sends_to_the_group(evidence):
    _, consumer, method = _group_handled(evidence)
    for call in consumer.calls("group_send", method.name) if method else ():
        return Explanation(
            f"{method.name}() gets the group's message and sends it to the group again. "
            f"It must send to its own browser: {evidence.answer(consumer.where(method)).code}",
            consumer.where(call),
        )


@rule
def handler_sends_to_some(evidence):
    kinds, consumer, method = _group_handled(evidence)
    sends = evidence.sent("websocket.send")
    if method and sends:
        return Explanation(
            f"The group's message reached {method.name}() in {len(kinds)} consumers, and was sent "
            f"on to a browser in {len(sends)} of them. Look at what keeps it from the others: an "
            "if, a return.",
            consumer.where(method),
        )


@rule
def handler_sends_nothing(evidence):
    _, consumer, method = _group_handled(evidence)
    if method and not evidence.sent("websocket.send"):
        return Explanation(
            f"The group's message reached {method.name}(), which sent nothing to its browser. "
            f"Write {evidence.answer(consumer.where(method)).code} there.",
            consumer.where(method),
        )
