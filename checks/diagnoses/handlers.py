"""A group's message and the method that takes it: types and handlers."""

import ast
import difflib
import re

from checks.diagnoses.layer import value_of
from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Flooded, Silent

BUILT_IN = ("send", "receive", "accept", "close", "connect", "disconnect", "dispatch")


@rule
def type_collides(evidence):
    """A type that names a method of the consumer's own machinery, which gets the event."""
    if not evidence.saw(Closed) or not evidence.errors:
        return None
    for event in evidence.layer_calls("group_send") + evidence.layer_calls("send"):
        kind = event.type or ""
        name = kind.replace(".", "_")
        if name in BUILT_IN and evidence.begun(kind):
            return Explanation(
                f'A message of type "{kind}" goes to the method {name}, which Channels uses for '
                'something else. Take a type of your own, such as "chat.message", and write '
                "chat_message for it.",
                _type_at(evidence, kind) or evidence.place(event),
            )


@rule
def type_of_asgi(evidence):
    """ "websocket.receive" sent to the group: every consumer takes it for a browser's frame."""
    for event in evidence.layer_calls("group_send"):
        kind = event.type or ""
        if kind in ("websocket.receive", "websocket.connect", "websocket.disconnect") and (
            evidence.saw(Silent, Flooded, Closed)
        ):
            return Explanation(
                f'The message to the group has the type "{kind}", which is a name of ASGI\'s own: '
                "every consumer takes it for something that its browser did. Give it a name of "
                'yours, such as "chat.message", and write a method chat_message for it.',
                _type_at(evidence, kind) or evidence.place(event),
            )


@rule(
    raised=r"AttributeError: '(int|float|list|dict|tuple|NoneType)' object has no attribute "
    r"'(?:replace|startswith)'"
)
def type_not_text(evidence, error, name):
    return Explanation(
        'The "type" of a message to the group is a text such as "chat.message"; here it is of type '
        f"{name}.",
        evidence.where(error),
    )


@rule(raised=r"Malformed type in message \(leading underscore\)")
def type_begins_with_underscore(evidence, error):
    return Explanation(
        'The "type" of a message to the group may not begin with a dot or an underscore. Write '
        '"chat.message".',
        evidence.where(error),
    )


@rule
def handler_missing(evidence):
    found = evidence.error(r"No handler for message type (.+)")
    if found is None:
        return None
    kind = found.message.removeprefix("No handler for message type ").rstrip(".")
    if kind in ("websocket.connect", "websocket.receive", "websocket.disconnect"):
        return None  # the class is no WebSocket consumer: see consumer.py
    if kind.startswith("websocket."):
        return Explanation(
            f'The message to the group has the type "{kind}", which is a name of ASGI\'s own. Give '
            'it a name of yours, such as "chat.message", and write a method chat_message for it.',
            _type_at(evidence, kind),
        )
    wanted = kind.replace(".", "_")
    if not wanted.isidentifier():
        return Explanation(
            f'No method can be called "{wanted}": Channels makes the handler\'s name from the '
            f'type "{kind}" and turns only dots into underscores. Write "chat.message".',
            _type_at(evidence, kind),
        )
    for consumer in evidence.consumers:
        own = set(consumer.methods) - {
            "connect",
            "receive",
            "receive_json",
            "disconnect",
            "__init__",
        }
        near = difflib.get_close_matches(wanted, own, 1, 0.5)
        words = [n for n in own if sorted(_words(n)) == sorted(_words(wanted))]
        takes_event = [n for n in own if len(consumer.methods[n].args.args) == 2]
        name = (words or near or (takes_event if len(takes_event) == 1 else None) or [None])[0]
        if name:
            return Explanation(
                f'A message of type "{kind}" goes to a method called {wanted}; yours is called '
                f"{name}. Make the two agree.",
                consumer.where(consumer.methods[name]),
            )
        nested = [
            node
            for node in consumer.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
            if node.name == wanted
        ]
        outside = [
            node for node in consumer.source.tree.body if getattr(node, "name", None) == wanted
        ]
        if nested or outside:
            node = (nested or outside)[0]
            return Explanation(
                f"{wanted} stands {'inside another method' if nested else 'outside of the class'}, "
                f"so {consumer.name} has no such method. Methods of the class start four spaces "
                "in.",
                consumer.source.where(node),
            )
    return Explanation(
        f'The group got a message of type "{kind}", and no consumer has the method that takes it: '
        f"{wanted}. Write `async def {wanted}(self, event)`, and let it send to its own browser.",
        _type_at(evidence, kind),
    )


def _words(name):
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


@rule
def handler_signature(evidence):
    """A handler that Channels reached and could not call with the event."""
    found = evidence.error(
        r"TypeError: (?:[\w.<>]+\.)?\w+\(\) (takes \d positional arguments? but \d (was|were) given"
        r"|missing \d+ required (positional|keyword-only) argument)"
    )
    if found is None or evidence.is_theirs(found.frames[-1].file if found.frames else ""):
        return None
    name = found.message.split("(")[0].rpartition(".")[2]
    kinds = {event.type for event in evidence.events(Handles)}
    handlers = {(kind or "").replace(".", "_") for kind in kinds}
    for consumer in evidence.consumers:
        if name in consumer.methods and name in handlers and not name.startswith("websocket_"):
            return Explanation(
                "A group's message reaches its handler as one dictionary. Write it as "
                f"{name}(self, event).",
                consumer.where(consumer.methods[name]),
            )


@rule
def message_without_type(evidence):
    found = evidence.error(r"ValueError: Incoming message has no 'type' attribute|KeyError: 'type'")
    if found:
        return Explanation(
            'A message to the group needs a "type", which names the method that takes it: '
            '{"type": "chat.message", "message": message}',
            evidence.where(found) or _send_at(evidence),
        )


@rule
def message_not_a_dictionary(evidence):
    """The layer carried something else than a dictionary."""
    found = evidence.error(r"TypeError: (string|list) indices must be integers|argument of type")
    deep = found and any(frame.function == "get_handler_name" for frame in found.frames)
    # What group_send() of channels_redis and of the layer in memory meets.
    assertion = evidence.error(
        r"^AssertionError: message is not a dict|^AssertionError$"
        r"|^AttributeError: '\w+' object has no attribute 'items'"
    )
    in_layer = assertion and assertion.frames and "channels" in str(assertion.frames[-1].file)
    if deep or in_layer:
        return Explanation(
            "group_send() takes a dictionary as its message, and got something else. Do not turn "
            "it "
            'into JSON: group_send(group, {"type": "chat.message", "message": message})',
            evidence.where(assertion if in_layer else found) or _send_at(evidence),
        )


@rule
def message_not_serializable(evidence):
    found = evidence.error(r"TypeError: can not serialize '([\w.]+)' object")
    if found is None:
        return None
    kind = found.message.split("'")[1].rpartition(".")[2]
    what = (
        "A coroutine was put into the message, not its result: write await in front of the call."
        if kind == "coroutine"
        else f"Redis cannot carry a {kind}. Put only text, numbers, lists and dictionaries into a "
        "message for the group: of a user the name, of a date str(date)."
    )
    return Explanation(what, evidence.where(found))


@rule
def event_lacks_the_key(evidence):
    """The event lacks what the handler asks of it, so each consumer of the room ends."""
    found = evidence.error(r"^KeyError: '(\w+)'")
    where = found and evidence.where(found)
    method = evidence.project.method_at(where)
    if method is None or not evidence.saw(Closed):
        return None
    kinds = {event.type for event in evidence.layer_calls("group_send")}
    if method.name not in {(kind or "").replace(".", "_") for kind in kinds}:
        return None
    key = found.message.strip("'")
    sent = _send_at(evidence)
    return Explanation(
        f"The handler asks the event for {key!r}, and what was sent to the group has no such key. "
        "Use the same key in group_send() and in the handler.",
        where or sent,
    )


def _type_at(evidence, kind):
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Dict):
            value = value_of(node, "type")
            if isinstance(value, ast.Constant) and value.value == kind:
                return consumer.where(value)
    return _send_at(evidence)


def _send_at(evidence):
    for event in evidence.layer_calls("group_send"):
        if where := evidence.place(event):
            return where
    for consumer in evidence.consumers:
        for node in consumer.mentions("group_send"):
            return consumer.where(node)
    return None
