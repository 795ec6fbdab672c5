"""self.something that no line that ran has set."""

import ast
import difflib

from workshop.checking.explaining.edits import above, instead, renamed
from workshop.checking.explaining.evidence import GROUP_CALLS
from workshop.checking.explaining.nodes import on_self, value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import Refused

LACKS = r"AttributeError: '(\w+)' object has no attribute '(\w+)'"
# What a consumer never has, which other rules explain; and what every consumer has.
NEVER_SET = ("scope", "channel_layer", "channel_name", "base_send", "kwargs", "args", "request")
METHODS = ("accept", "close", "send", "send_json", "connect", "receive", "disconnect")
CALLED = ("connect", "websocket_connect", "receive", "receive_json")


def _consumer_that_lacks(evidence, error, class_name, name):
    """The consumer whose own code asked itself for the attribute; None for what other rules
    explain: __init__, and disconnect() after a refusal (consumer.py), send_json (sending.py)."""
    consumer = next((c for c in evidence.consumers if c.name == class_name), None)
    if consumer is None or name in NEVER_SET or (name == "send_json" and not consumer.is_json):
        return None
    if not evidence.raised_by_them(error):
        return None  # somebody else's code looked for what is missing
    method = consumer.method_at(evidence.where(error))
    asked_in = method.name if method else ""
    if asked_in == "__init__" or (asked_in == "disconnect" and evidence.saw(Refused)):
        return None
    return consumer


@rule(raised=LACKS)
def method_not_there(evidence, error, class_name, name):
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    if consumer and source and f".{name}(" in source.line(where.line):
        if name in GROUP_CALLS:
            near = f"channel_layer.{name}"
            advice = f"It belongs to the channel layer: write `self.{near}`."
        else:
            near = nearest(name, {*METHODS, *consumer.methods})
            advice = f"Did you mean {near}?" if near else "Check its spelling."
        edit = near and _written(evidence, where, name, f"self.{near}")
        return Explanation(f"{class_name} has no method {name}. {advice}", where, edit)


def _written(evidence, where, name, code):
    """The edit that writes something else in place of `self.name` at a place."""
    asked = evidence.only_at(where, ast.Attribute, lambda n: on_self(n) and n.attr == name)
    return asked and evidence.suggest(where, instead(asked, code))


@rule(raised=LACKS)
def argument_asked_of_self(evidence, error, class_name, name):
    """What the method was given, or what is in the event that it was given."""
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    where = evidence.where(error)
    method = consumer.method_at(where) if consumer else None
    given = [argument.arg for argument in method.args.args[1:]] if method else []
    if name in given:
        return Explanation(
            f"{name} is an argument of {method.name}(): write {name}, without self.",
            where,
            _written(evidence, where, name, name),
        )
    if len(given) == 1 and method.name in evidence.group_handlers:
        if any(value_of(node, name) for node in consumer.nodes(ast.Dict)):
            code = f'{given[0]}["{name}"]'
            return Explanation(
                f"What was sent to the group is in {given[0]}, the handler's argument. "
                f"Write `{code}` instead of `self.{name}`.",
                where,
                _written(evidence, where, name, code),
            )


@rule(raised=LACKS)
def attribute_set_where_never_called(evidence, error, class_name, name):
    """It is set in a method whose name is almost one that Channels calls."""
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    for method in consumer.methods.values() if consumer else ():
        near = difflib.get_close_matches(method.name, ["connect", "receive"], 1, 0.75)
        set_here = name in [node.attr for node in consumer.set_on_self(method.name)]
        if set_here and near and method.name not in CALLED:
            where = consumer.where(method)
            return Explanation(
                f"self.{name} is set in {method.name}(), which Channels never calls. "
                f"Rename it to {near[0]}.",
                where,
                evidence.suggest(where, renamed(method, near[0])),
            )


@rule(raised=LACKS)
def attribute_set_without_self(evidence, error, class_name, name):
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    for method in consumer.methods.values() if consumer else ():
        named = [node for node in ast.walk(method) if getattr(node, "id", None) == name]
        for node in [node for node in named if isinstance(node.ctx, ast.Store)][:1]:
            where = consumer.where(node)
            also = f" here and wherever else {method.name}() uses it" if len(named) > 1 else ""
            return Explanation(
                f"{name} was set here without self. in front, so it was gone when "
                f"{method.name}() ended. Write self.{name} = …{also}.",
                where,
                evidence.suggest(where, *(instead(one, f"self.{name}") for one in named)),
            )


@rule(raised=LACKS)
def attribute_misspelled(evidence, error, class_name, name):
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    stored = {node.attr for node in consumer.set_on_self()} if consumer else {}
    near = nearest(name, stored, 0.7)
    if near and name not in stored:
        where = evidence.where(error)
        return Explanation(
            f"self.{name} was never set. Did you mean self.{near}?",
            where,
            _written(evidence, where, name, f"self.{near}"),
        )


@rule(raised=LACKS)
def attribute_not_set(evidence, error, class_name, name):
    consumer = _consumer_that_lacks(evidence, error, class_name, name)
    if consumer is None:
        return None
    where, edit = evidence.where(error), None
    counted = evidence.only_at(where, ast.AugAssign, lambda node: _is_number(node.value))
    connect = consumer.methods.get("connect")
    line = f"self.{name} = 0" if counted else f"self.{name} = …"
    if counted and connect:
        edit = evidence.suggest(consumer.where(connect), above(connect.body[0], line))
    if name in [node.attr for node in consumer.set_on_self()] and not counted:
        what = f"self.{name} does not exist yet: the line that sets it has not run before this one."
    else:
        what = f"self.{name} was never set."
    return Explanation(f"{what} At the beginning of connect(), write `{line}`.", where, edit)


def _is_number(node):
    return isinstance(getattr(node, "value", None), int | float)
