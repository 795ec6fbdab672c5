"""Names that belong to Channels, and were given another meaning in the learner's consumer."""

import ast
import re

from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name, on_self
from workshop.checking.failures import Silent, Unanswered

# What Channels gives each consumer (channels.consumer.AsyncConsumer.__call__).
GIVEN = {
    "channel_name": "the address of this one consumer, at which groups reach it",
    "channel_layer": "the way to the groups",
    "scope": "what this WebSocket was opened with",
    "base_send": "the way to the browser",
}
# What learners call, and Channels itself.
METHODS = ("accept", "close", "send", "send_json", "dispatch", "connect", "receive", "disconnect")
REPLACED = ("accept", "close", "send", "send_json", "dispatch", "__call__")


def _where_given(consumer, name):
    """The place where the consumer gives the name a meaning of its own."""
    for _, node in [pair for pair in consumer.class_values if pair[0] == name]:
        return consumer.where(node)
    for node in sorted(consumer.set_on_self(), key=lambda node: node.lineno):
        if node.attr == name:
            return consumer.where(node)
    method = consumer.methods.get(name) if name not in METHODS else None
    return consumer.where(method) if method else None


@rule
def channel_name_replaced(evidence):
    """Groups were joined with a name of the learner's own."""
    lost = evidence.saw_only(Silent) and evidence.layer_calls("group_add")
    if not lost and not evidence.error(r"TypeError: Channel name must be"):
        return None
    for consumer in evidence.consumers:
        if where := _where_given(consumer, "channel_name"):
            set_here = [n.lineno for n in consumer.set_on_self() if n.attr == "channel_name"]
            lines = " and ".join(str(line) for line in sorted(set(set_here))[:3])
            those = "This line replaces" if len(set(set_here)) < 2 else f"Lines {lines} replace"
            return Explanation(
                "self.channel_name is Channels' own: the address of this one consumer, at which "
                f"groups reach it. {those} it, so nothing arrives. Remove what sets it: "
                "group_add() takes self.channel_name as Channels has set it.",
                where,
            )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(?:group_\w+|send|new_channel)'")
def channel_layer_replaced(evidence, error, kind):
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Assign):
            mine = any(on_self(t) and t.attr == "channel_layer" for t in node.targets)
            if mine and not isinstance(node.value, ast.Call):
                return Explanation(
                    f"self.channel_layer is Channels' own, and this line replaces it by a value of "
                    f"type {kind}. Remove the line.",
                    consumer.where(node),
                )


@rule(raised=r"^(?:KeyError|TypeError: (?:list|string|tuple) indices|AttributeError)")
def scope_replaced(evidence, error):
    where = evidence.where(error)
    consumer = evidence.project.consumer_at(where)
    reads = any(on_self(n) and n.attr == "scope" for n in evidence.nodes_at(where, ast.Attribute))
    for node in consumer.set_on_self() if consumer and reads else ():
        if node.attr == "scope":
            return Explanation(
                "self.scope is Channels' own: what this WebSocket was opened with. This line "
                "replaces it. Choose another name for what you keep.",
                consumer.where(node),
            )


@rule(raised=r"AttributeError: property '(\w+)' of '(\w+)' object has no setter")
def given_name_is_a_property(evidence, error, name, owner):
    for consumer in evidence.consumers if name in GIVEN else ():
        if name in consumer.methods and owner == consumer.name:
            return Explanation(
                f"Channels sets self.{name}, {GIVEN[name]}, and cannot, because this property has "
                "its name. Remove it, or choose another name.",
                consumer.where(consumer.methods[name]),
            )


@rule(raised=r"^TypeError: '(\w+)' object is not callable")
def name_of_a_method_replaced(evidence, error, kind):
    """self.accept = True, and then self.accept(); or a method scope()."""
    where = evidence.where(error)
    calls = evidence.nodes_at(where, ast.Call) if evidence.raised_by_them(error) else ()
    called = {call.func.attr for call in calls if on_self(call.func)}
    called |= set(re.findall(r"self\.(\w+)\(", error.code))
    for consumer in evidence.consumers:
        for name in called & {*METHODS, *GIVEN}:
            if place := _where_given(consumer, name):
                what = "what Channels sets" if name in GIVEN else "a method of Channels"
                return Explanation(
                    f"self.{name} is {what}, and this line gives the name another meaning, so "
                    f"self.{name}() calls a value of type {kind}. Choose another name.",
                    place,
                )


@rule(raised=r"^TypeError: '(\w+)' object is not iterable")
def groups_not_a_list(evidence, error, kind):
    for consumer in evidence.consumers if "self.groups" in error.code else ():
        if place := _where_given(consumer, "groups"):
            return Explanation(
                "groups is Channels' own name: the list of groups that a consumer joins by itself. "
                f"Here it is of type {kind}. Choose another name, or write a list of names.",
                place,
            )


# Methods of Channels that a method of the learner's replaces


def _replacing(evidence, *names):
    """The learner's methods of these names, with their consumers, where they don't go on to the
    one that they replace."""
    for consumer in evidence.consumers:
        for name in names:
            method = consumer.methods.get(name)
            supers = [c for c in calls_in(method or ast.Pass()) if last_name(c.func) == "super"]
            if method and not supers and not (consumer.is_bare and name == "send"):
                yield consumer, method


def _replaced(consumer, method, so):
    wait = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
    names = [argument.arg for argument in method.args.args[1:]]
    return Explanation(
        f"{method.name}() is a method of Channels, and this one replaces it, so {so}. Give yours "
        f"another name, or go on to theirs in it: {wait}super().{method.name}({', '.join(names)})",
        consumer.where(method),
    )


@rule(raised=r"^TypeError: (\w+)\.(\w+)\(\) (?:takes|missing|got an unexpected)")
def replaced_method_takes_other_arguments(evidence, error, owner, name):
    for consumer in evidence.consumers if name in REPLACED else ():
        own = any(part.name == owner for _, part in consumer.parts)
        if own and name in consumer.methods and not (consumer.is_bare and name == "send"):
            return Explanation(
                f"{name}() is a method of Channels, and this one, which takes something else, "
                "replaces it: it is called in its place. Give yours another name.",
                consumer.where(consumer.methods[name]),
            )


@rule(raised=r"^RecursionError")
def replaced_method_calls_itself(evidence, error):
    for consumer, method in _replacing(evidence, *REPLACED):
        if method is consumer.method_at(evidence.where(error)):
            return _replaced(consumer, method, "it calls itself, again and again")


@rule
def method_of_channels_replaced(evidence):
    if evidence.saw_only(Unanswered):
        called = ("accept", "close")
        others = () if evidence.events(Handles) else ("dispatch", "__call__")
        for consumer, method in _replacing(evidence, *called, *others):
            if method.name in others or consumer.calls(method.name, "connect"):
                return _replaced(consumer, method, "the browser gets no answer")
    if evidence.saw_only(Silent) and evidence.begun("websocket.receive"):
        for consumer, method in _replacing(evidence, "send", "send_json"):
            if consumer.calls(method.name) and not evidence.sent("websocket.send"):
                return _replaced(consumer, method, "nothing reaches the browser")


# websocket_receive() and its like, which call receive()


@rule(raised=r"^(?:TypeError: the JSON object must be .* not dict|KeyError: 'message'$)")
def websocket_receive_is_given_the_event(evidence, error):
    where = evidence.where(error)
    consumer, method = evidence.project.consumer_at(where), evidence.project.method_at(where)
    if method is None or method.name != "websocket_receive" or len(method.args.args) < 2:
        return None
    event = method.args.args[1].arg
    advice = f'What the browser said is in it: json.loads({event}["text"])'
    if not consumer.is_bare:
        names = ("websocket_connect", "websocket_disconnect")
        others = [name for name in names if name in consumer.methods]
        also = f" {' and '.join(others)} likewise: connect(self), disconnect(self, close_code)."
        advice = "Call the method receive(self, text_data=None, bytes_data=None), which gets the "
        advice += f"text alone.{also if others else ''}"
    return Explanation(
        "websocket_receive() gets the whole event, a dictionary with the keys type and text. "
        f"{advice}",
        where if consumer.is_bare else consumer.where(method),
    )


@rule
def hidden_by_the_events_method(evidence):
    """websocket_connect() or websocket_receive() of the learner's own does not go on to connect()
    or receive(), which are there, too."""
    name = "connect" if evidence.saw_only(Unanswered) else "receive"
    if not evidence.saw_only(Silent, Unanswered):
        return None
    for consumer, method in _replacing(evidence, f"websocket_{name}"):
        inner = "receive_json" if consumer.is_json and name == "receive" else name
        if inner in consumer.methods and not consumer.calls(inner, method.name):
            return Explanation(
                f"{inner}() is never called: websocket_{name}(), which would call it, is replaced "
                f"here. Remove this method, and leave the work to {inner}().",
                consumer.where(method),
            )
