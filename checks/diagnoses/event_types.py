"""The type of a group's message, from which Channels makes the name of the method it goes to."""

import ast
import re

from workshop.checking.explaining.consumer import handler_name
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import value_of
from workshop.checking.explaining.rules import Explanation, rule
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
            return _another_type(
                evidence,
                lambda kind, wrong=call.type: kind == wrong,
                f'A message of type "{call.type}" goes to the method '
                f"{name}, which Channels uses for something else.",
            )


@rule
def type_of_asgi(evidence):
    """ "websocket.receive" sent to the group, say: consumers mistake it for a browser's frame."""
    for call in evidence.layer_calls("group_send"):
        if (call.type or "").startswith("websocket.") and evidence.saw(Silent, Flooded, Closed):
            return _another_type(
                evidence,
                lambda kind, wrong=call.type: kind == wrong,
                f'The message to the group has the type "{call.type}", which is one of ASGI\'s '
                "own names: consumers mistake it for an event from their own browser.",
            )


@rule(
    raised=r"AttributeError: '(int|float|list|dict|tuple|NoneType)' object has no attribute "
    r"'(?:replace|startswith)'"
)
def type_not_text(evidence, error, kind):
    return _another_type(
        evidence,
        lambda written: not isinstance(written, str),
        f'The "type" of a message to the group has to be a string; here it is of type {kind}.',
    )


@rule(raised=r"Malformed type in message \(leading underscore\)")
def type_begins_with_underscore(evidence, error):
    return _another_type(
        evidence,
        lambda written: str(written).startswith((".", "_")),
        'The "type" of a message to the group must not begin with a dot or an underscore.',
    )


@rule(raised=NO_HANDLER)
def type_is_no_name(evidence, error, kind):
    wanted = handler_name(kind)
    right = re.sub(r"[^\w.]+", ".", kind).strip("._")
    if not wanted.isidentifier() and handler_name(right).isidentifier():
        where = evidence.where_type(kind)
        written = [node for node, place in types_written(evidence) if node.value == kind]
        return Explanation(
            "Channels makes the handler's name from the type by turning dots into "
            f'underscores, but "{wanted}" cannot be the name of a method. '
            f'Write "{right}", for which the method is {handler_name(right)}.',
            where,
            evidence.suggest(where, *[instead(node, f'"{right}"') for node in written]),
        )


def _another_type(evidence, is_wrong, said):
    """What was said of a type, and which one to write: that of the only method that takes a group's
    messages, where there is one."""
    node, where = next((t for t in types_written(evidence) if is_wrong(t[0].value)), (None, None))
    where = where or evidence.where_group_sent()
    method = only_handler(evidence)
    if method is None:
        return Explanation(
            f"{said} Choose a type of your own, such as "
            '"chat.message", and write a method chat_message for it.',
            where,
        )
    other = method.replace("_", ".")
    return Explanation(
        f'{said} Write "{other}", which leads to your method {method}.',
        where,
        evidence.suggest(where, instead(node, f'"{other}"')) if node else None,
    )


def only_handler(evidence):
    """The name of the one method that takes a group's messages, or that would if its argument had
    not been forgotten; None where there are several."""
    for arguments in (2, 1):  # self included
        found = [
            name
            for consumer in evidence.consumers
            for name in own_methods(consumer)
            if takes_event(consumer, name, arguments)
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def types_written(evidence):
    """The values under "type" that the consumers' dictionaries write out, with their places."""
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Dict):
            value = value_of(node, "type")
            if isinstance(value, ast.Constant):
                yield value, consumer.where(value)


def own_methods(consumer):
    """The names of its methods, without those for browsers and those that replace Channels' own."""
    others = (*FOR_BROWSERS, *BUILT_IN)
    return [n for n in consumer.methods if n not in others and not n.startswith("websocket_")]


def takes_event(consumer, name, arguments=2):
    """Whether the method is made for an event of a group, and not called in the files."""
    return len(consumer.methods[name].args.args) == arguments and not consumer.is_named(name)
