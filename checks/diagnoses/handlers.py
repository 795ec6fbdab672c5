"""The type of a group's message, and the method that it leads to."""

import difflib
import re

from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import handler_name
from workshop.checking.failures import Closed, Flooded, Silent

BUILT_IN = ("send", "receive", "accept", "close", "connect", "disconnect", "dispatch")
FOR_BROWSERS = ("connect", "receive", "receive_json", "disconnect", "__init__")
NO_HANDLER = r"No handler for message type (?!websocket\.)(.+?)\.?$"  # websocket.*: a bare consumer


@rule
def type_collides(evidence):
    """A type that names a method of the consumer's own machinery, which gets the event."""
    if not evidence.saw(Closed) or not evidence.errors:
        return None
    for call in evidence.layer_calls("group_send") + evidence.layer_calls("send"):
        name = handler_name(call.type)
        if name in BUILT_IN and evidence.begun(call.type):
            return Explanation(
                f'A message of type "{call.type}" goes to the method {name}, which Channels uses '
                'for something else. Choose a type of your own, such as "chat.message", and write '
                "chat_message for it.",
                evidence.where_type(call.type),
            )


@rule
def type_of_asgi(evidence):
    """ "websocket.receive" sent to the group, say: consumers take it for a browser's frame."""
    for call in evidence.layer_calls("group_send"):
        kind = call.type or ""
        if kind.startswith("websocket.") and evidence.saw(Silent, Flooded, Closed):
            return Explanation(
                f'The message to the group has the type "{kind}", which is one of ASGI\'s own '
                "names: consumers take it for what happens between them and their browser. Give it "
                'a name of yours, such as "chat.message", and write a method chat_message for it.',
                evidence.where_type(kind),
            )


@rule(
    raised=r"AttributeError: '(int|float|list|dict|tuple|NoneType)' object has no attribute "
    r"'(?:replace|startswith)'"
)
def type_not_text(evidence, error, kind):
    return Explanation(
        'The "type" of a message to the group is a string such as "chat.message"; '
        f"here it is of type {kind}.",
        evidence.where(error),
    )


@rule(raised=r"Malformed type in message \(leading underscore\)")
def type_begins_with_underscore(evidence, error):
    return Explanation(
        'The "type" of a message to the group may not begin with a dot or an underscore. '
        'Write "chat.message".',
        evidence.where(error),
    )


# The method


@rule(raised=NO_HANDLER)
def type_is_no_name(evidence, error, kind):
    wanted = handler_name(kind)
    if not wanted.isidentifier():
        return Explanation(
            f'A method cannot be called "{wanted}": Channels makes the handler\'s name from the '
            f'type "{kind}" and turns only dots into underscores. Write "chat.message".',
            evidence.where_type(kind),
        )


@rule(raised=NO_HANDLER)
def handler_of_another_name(evidence, error, kind):
    """The words are the same, or the spelling is near, or only one method takes an event."""
    wanted = handler_name(kind)
    for consumer in evidence.consumers if wanted.isidentifier() else ():
        own = [name for name in consumer.methods if name not in FOR_BROWSERS]
        words = [name for name in own if sorted(_words(name)) == sorted(_words(wanted))]
        near = difflib.get_close_matches(wanted, own, 1, 0.5)
        takes_event = [name for name in own if len(consumer.methods[name].args.args) == 2]
        for name in words or near or (takes_event if len(takes_event) == 1 else ()):
            return Explanation(
                f'A message of type "{kind}" goes to a method called {wanted}; '
                f"yours is called {name}. Make the two agree.",
                consumer.where(consumer.methods[name]),
            )


def _words(name):
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


@rule(raised=NO_HANDLER)
def handler_not_in_the_class(evidence, error, kind):
    wanted = handler_name(kind)
    for consumer in evidence.consumers:
        inside = consumer.inside_a_method(wanted)
        if where := inside or consumer.outside_of_the_class(wanted):
            return Explanation(
                f"{wanted} is {'inside another method' if inside else 'outside of the class'}, so "
                f"{consumer.name} has no such method. Indent the methods of a class by four "
                "spaces.",
                where,
            )


@rule(raised=NO_HANDLER)
def handler_missing(evidence, error, kind):
    wanted = handler_name(kind)
    if wanted.isidentifier():
        asynchronous = evidence.consumer is None or evidence.consumer.is_async
        plain = "async def" if asynchronous else "def"
        return Explanation(
            f'The group got a message of type "{kind}", and no consumer has the method that takes '
            f"it: {wanted}. Write `{plain} {wanted}(self, event)`, which sends to its own browser.",
            evidence.where_type(kind),
        )


@rule(
    raised=r"TypeError: (?:[\w.<>]+\.)?(\w+)\(\) "
    r"(?:takes \d positional arguments? but \d (?:was|were) given"
    r"|missing \d+ required (?:positional|keyword-only) argument)"
)
def handler_signature(evidence, error, name):
    """A handler that Channels reached and could not call with the event."""
    handlers = {handler_name(event.type) for event in evidence.events(Handles)}
    if evidence.raised_by_them(error) or name not in handlers or name.startswith("websocket_"):
        return None
    for consumer in evidence.consumers:
        if name in consumer.methods:
            return Explanation(
                "A group's message reaches its handler as one dictionary. "
                f"Write it as {name}(self, event).",
                consumer.where(consumer.methods[name]),
            )
