"""The method that a group's message leads to."""

import ast
import difflib
import re

from checks.diagnoses.event_types import NO_HANDLER, own_methods, takes_event, types_written
from workshop.checking.events import Handles
from workshop.checking.explaining.consumer import handler_name
from workshop.checking.explaining.edits import instead, moved, renamed, taking
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=NO_HANDLER)
def handler_of_another_name(evidence, error, kind):
    """The words are the same, or the spelling is near, or only one method takes an event."""
    wanted = handler_name(kind)
    for consumer in evidence.consumers if wanted.isidentifier() else ():
        own = own_methods(consumer)
        words = [name for name in own if sorted(_words(name)) == sorted(_words(wanted))]
        near = difflib.get_close_matches(wanted, own, 1, 0.5)
        alone = [name for name in own if len(consumer.methods[name].args.args) == 2]
        for name in words or near or (alone if len(alone) == 1 else ()):
            where, cure, edit = _made_to_agree(evidence, consumer, name, kind)
            return Explanation(
                f'A message of type "{kind}" goes to a method called {wanted}; yours is called '
                f"{name}. {cure}",
                where,
                edit,
            )


def _made_to_agree(evidence, consumer, name, kind):
    """What is changed so that the type leads to the method, where, and the edit: the method's name,
    unless another type leads to it or it is called by that name."""
    method, written = consumer.methods[name], list(types_written(evidence))
    where = consumer.where(method)
    other = [v.value for v, _ in written if handler_name(str(v.value)) == name]
    nodes = [(node, place) for node, place in written if node.value == kind]
    if other and nodes:
        edit = evidence.suggest(nodes[0][1], instead(nodes[0][0], f'"{other[0]}"'))
        return nodes[0][1], f'Write "{other[0]}".', edit
    if takes_event(consumer, name):
        cure = f"Rename it: `{_head(method, handler_name(kind))}`"
        return where, cure, evidence.suggest(where, renamed(method, handler_name(kind)))
    return where, "Make the two match.", None


def _words(name):
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


@rule(raised=NO_HANDLER)
def handler_not_in_the_class(evidence, error, kind):
    wanted = handler_name(kind)
    for consumer in evidence.consumers:
        inside = consumer.inside_a_method(wanted)
        if where := inside or consumer.outside_of_the_class(wanted):
            return Explanation(
                f"{wanted} is {'inside another method' if inside else 'outside the class'}, so "
                f"{consumer.name} has no such method. "
                "Move it to the end of the class, and indent its "
                "`def` as far as those of the other methods.",
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
            f'The group got a message of type "{kind}", but no '
            f"consumer has the method that handles it: {wanted}. "
            f"Write `{plain} {wanted}(self, event)`, which sends "
            'event["message"] to its own browser, as JSON.',
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
            also = ", ".join(f'event["{key}"] instead of {key}' for key in sorted(keys))
            said = f"Write `{_head(method, name)}`{also and ', and in it ' + also}."
            where = consumer.where(method)
            source = evidence.project.source_at(where)
            edits = [instead(node, f'event["{node.id}"]') for node in reads]
            return Explanation(
                f"A group's message reaches its handler as one dictionary. {said}",
                where,
                evidence.suggest(where, taking(source, method, "self, event"), *edits),
            )


def _head(method, name):
    """The first line of a method of that name for a group's messages."""
    return f"{'async ' * isinstance(method, ast.AsyncFunctionDef)}def {name}(self, event):"


def _parameters(method):
    """The names that it takes besides self."""
    return {a.arg for a in [*method.args.args[1:], *method.args.kwonlyargs]}
