"""Names that Channels gives to consumers, and that the learner's consumer uses for its own."""

import ast
import re

from workshop.checking.explaining.edits import removed
from workshop.checking.explaining.nodes import on_self
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

# What Channels gives each consumer (channels.consumer.AsyncConsumer.__call__).
GIVEN = {
    "channel_name": "the address of this one consumer, at which groups reach it",
    "channel_layer": "the way to the groups",
    "scope": "what this WebSocket was opened with",
    "base_send": "the way to the browser",
}
# What learners call, and Channels itself.
METHODS = ("accept", "close", "send", "send_json", "dispatch", "connect", "receive", "disconnect")


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
            set_here = {n.lineno: n for n in consumer.set_on_self() if n.attr == "channel_name"}
            lines = " and ".join(str(line) for line in sorted(set_here)[:3])
            those = "This line replaces" if len(set_here) < 2 else f"Lines {lines} replace"
            return Explanation(
                "self.channel_name is Channels' own: the address of this one consumer, at which "
                f"groups reach it. {those} it, so nothing arrives. Remove what sets it: "
                "group_add() takes self.channel_name as Channels has set it.",
                where,
                _without_line(evidence, where) if len(set_here) == 1 else None,
            )


def _without_line(evidence, where):
    """The edit that removes the assignment at a place."""
    source, statement = evidence.project.source_at(where), evidence.statement_at(where)
    if not isinstance(statement, ast.Assign) or len(statement.targets) > 1:
        return None
    return evidence.suggest(where, removed(source, statement))


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(?:group_\w+|send|new_channel)'")
def channel_layer_replaced(evidence, error, kind):
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Assign):
            mine = any(on_self(t) and t.attr == "channel_layer" for t in node.targets)
            if mine and not isinstance(node.value, ast.Call):
                return Explanation(
                    "self.channel_layer is Channels' own, and this line "
                    f"replaces it with a value of type {kind}. "
                    "Remove the line.",
                    consumer.where(node),
                    _without_line(evidence, consumer.where(node)),
                )


@rule(raised=r"^(?:KeyError|TypeError: (?:list|string|tuple) indices|AttributeError)")
def scope_replaced(evidence, error):
    where = evidence.where(error)
    consumer = evidence.project.consumer_at(where)
    reads = any(on_self(n) and n.attr == "scope" for n in evidence.nodes_at(where, ast.Attribute))
    for node in consumer.set_on_self() if consumer and reads else ():
        if node.attr == "scope":
            return Explanation(
                "Channels keeps what it knows of the connection (its path, headers and so on) in "
                "self.scope, and this line replaces that. Choose another name for what you keep.",
                consumer.where(node),
            )


@rule(raised=r"AttributeError: property '(\w+)' of '(\w+)' object has no setter")
def given_name_is_a_property(evidence, error, name, owner):
    for consumer in evidence.consumers if name in GIVEN else ():
        if name in consumer.methods and owner == consumer.name:
            method = consumer.methods[name]
            where = consumer.where(method)
            source = evidence.project.source_at(where)
            return Explanation(
                f"Channels sets self.{name}, {GIVEN[name]}, but "
                "cannot, because this property has the same name. "
                "Remove it, or choose another name.",
                where,
                evidence.suggest(where, removed(source, method)),
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
                "groups is Channels' own name: the groups that a consumer joins automatically. "
                f"Here it is of type {kind}. Choose another name, or write a list of names.",
                place,
            )
