"""The type of a group's message, and the method that it leads to."""

import ast
import difflib
import re

from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import handler_name, value_of
from workshop.checking.explaining.suggestion import (
    instead,
    moved,
    renamed,
    with_parameters,
)
from workshop.checking.failures import Closed, Flooded, Silent

BUILT_IN = ("send", "receive", "accept", "close", "connect", "disconnect", "dispatch")
FOR_BROWSERS = ("connect", "receive", "receive_json", "disconnect", "__init__")
NO_HANDLER = r"No handler for message type (?!websocket\.)(.+?)\.?$"  # websocket.*: a bare consumer

# The type


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
                f'A message of type "{call.type}" goes to the method {name}, which Channels uses '
                "for something else.",
            )


@rule
def type_of_asgi(evidence):
    """ "websocket.receive" sent to the group, say: consumers take it for a browser's frame."""
    for call in evidence.layer_calls("group_send"):
        if (call.type or "").startswith("websocket.") and evidence.saw(Silent, Flooded, Closed):
            return _another_type(
                evidence,
                lambda kind, wrong=call.type: kind == wrong,
                f'The message to the group has the type "{call.type}", which is one of ASGI\'s own '
                "names: consumers take it for what happens between them and their browser.",
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
        'The "type" of a message to the group may not begin with a dot or an underscore.',
    )


def _another_type(evidence, is_wrong, said):
    """What was said of a type, and which one to write: that of the only method that takes a group's
    messages, where there is one."""
    node, where = next((t for t in _types(evidence) if is_wrong(t[0].value)), (None, None))
    where = where or evidence.where_group_sent()
    method = only_handler(evidence)
    if method is None:
        return Explanation(
            f'{said} Choose a type of your own, such as "chat.message", and write a method '
            "chat_message for it.",
            where,
        )
    other = method.replace("_", ".")
    return Explanation(
        f'{said} Write "{other}", which leads to your method {method}.',
        where,
        evidence.suggest(where, instead(node, f'"{other}"')) if node else None,
    )


def only_handler(evidence):
    """The name of the one method that takes a group's messages; None where there are several."""
    found = [name for c in evidence.consumers for name in _own(c) if _takes_event(c, name)]
    return found[0] if len(found) == 1 else None


def _types(evidence):
    """The values under "type" that the consumers' dictionaries write out, with their places."""
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Dict):
            value = value_of(node, "type")
            if isinstance(value, ast.Constant):
                yield value, consumer.where(value)


def _own(consumer):
    """The names of its methods, without those for browsers and those that replace Channels' own."""
    others = (*FOR_BROWSERS, *BUILT_IN)
    return [n for n in consumer.methods if n not in others and not n.startswith("websocket_")]


def _takes_event(consumer, name):
    """Whether the method is made for an event of a group, and not called in the files."""
    return len(consumer.methods[name].args.args) == 2 and not consumer.is_named(name)


# The method


@rule(raised=NO_HANDLER)
def type_is_no_name(evidence, error, kind):
    wanted = handler_name(kind)
    right = re.sub(r"[^\w.]+", ".", kind).strip("._")
    if not wanted.isidentifier() and handler_name(right).isidentifier():
        where = evidence.where_type(kind)
        written = [node for node, place in _types(evidence) if node.value == kind]
        return Explanation(
            f"Channels makes the handler's name from the type by turning dots into underscores, "
            f'and "{wanted}" cannot be the name of a method. Write "{right}", for which the method '
            f"is {handler_name(right)}.",
            where,
            evidence.suggest(where, *[instead(node, f'"{right}"') for node in written]),
        )


@rule(raised=NO_HANDLER)
def handler_of_another_name(evidence, error, kind):
    """The words are the same, or the spelling is near, or only one method takes an event."""
    wanted = handler_name(kind)
    for consumer in evidence.consumers if wanted.isidentifier() else ():
        own = _own(consumer)
        words = [name for name in own if sorted(_words(name)) == sorted(_words(wanted))]
        near = difflib.get_close_matches(wanted, own, 1, 0.5)
        takes_event = [name for name in own if len(consumer.methods[name].args.args) == 2]
        for name in words or near or (takes_event if len(takes_event) == 1 else ()):
            method = consumer.methods[name]
            where, free = consumer.where(method), _takes_event(consumer, name)
            return Explanation(
                f'A message of type "{kind}" goes to a method called {wanted}; '
                f"yours is called {name}. "
                + (f"Rename it: `{_head(method, wanted)}`" if free else "Make the two agree."),
                where,
                evidence.suggest(where, renamed(method, wanted)) if free else None,
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
                f"{consumer.name} has no such method. Move it to the end of the class, where its "
                "`def` is indented as deep as those of the other methods.",
                where,
                _into_the_class(evidence, where, wanted, consumer),
            )


def _into_the_class(evidence, where, name, consumer):
    source = evidence.project.source_at(where)
    functions = evidence.nodes_at(where, ast.FunctionDef, ast.AsyncFunctionDef)
    method = next((node for node in functions if node.name == name), None)
    if method is None or source is not consumer.source:
        return None
    return evidence.suggest(where, *moved(source, method, consumer.node))


@rule(raised=NO_HANDLER)
def handler_missing(evidence, error, kind):
    wanted = handler_name(kind)
    if wanted.isidentifier():
        asynchronous = evidence.consumer is None or evidence.consumer.is_async
        plain = "async def" if asynchronous else "def"
        return Explanation(
            f'The group got a message of type "{kind}", and no consumer has the method that takes '
            f'it: {wanted}. Write `{plain} {wanted}(self, event)`, which sends event["message"] '
            "to its own browser, as JSON.",
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
            method = consumer.methods[name]
            keys = _parameters(method) - {"event"}
            reads = [n for n in ast.walk(method) if isinstance(n, ast.Name) and n.id in keys]
            also = ", ".join(f'event["{key}"] in place of {key}' for key in sorted(keys))
            said = f"Write `{_head(method, name)}`{also and ', and in it ' + also}."
            where = consumer.where(method)
            source = evidence.project.source_at(where)
            edits = [instead(node, f'event["{node.id}"]') for node in reads]
            return Explanation(
                f"A group's message reaches its handler as one dictionary. {said}",
                where,
                evidence.suggest(where, with_parameters(source, method, "self, event"), *edits),
            )


def _head(method, name):
    """The first line of a method of that name for a group's messages."""
    return f"{'async ' * isinstance(method, ast.AsyncFunctionDef)}def {name}(self, event):"


def _parameters(method):
    """The names that it takes besides self."""
    return {a.arg for a in [*method.args.args[1:], *method.args.kwonlyargs]}
