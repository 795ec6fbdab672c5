"""What a WebSocket route leads to."""

import ast

from workshop.checking.events import ConsumerMade, Ended
from workshop.checking.explaining.consumer import Consumer
from workshop.checking.explaining.edits import based_on, imported, instead
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.suggestion import suggest

NAMES = (ast.Name, ast.Attribute)


@rule(raised=r"object (\w+) can't be used in 'await' expression")
def as_asgi_forgotten(evidence, error, name):
    if evidence.project.class_named(name):
        where, code, edit = _with(evidence, name, ".as_asgi()")
        return Explanation(
            f"The route was given the class {name} itself. "
            "A route needs an ASGI application that makes one consumer per socket. "
            f"Write `{code}`.",
            where,
            edit,
        )


@rule(raised=r"as_asgi\(\) takes 1 positional argument but \d were given")
def as_asgi_not_called(evidence, error):
    where, code, edit = _with(evidence, "as_asgi", "()")
    return Explanation(
        f"as_asgi was named in the route but not called. Add the parentheses: `{code}`",
        where,
        edit,
    )


@rule(raised=r"type object '(\w+)' has no attribute 'as_asgi'")
def class_is_no_consumer(evidence, error, name):
    found = evidence.project.class_named(name)
    if found:
        source, node = found
        base = Consumer(source, node, [], [found]).base
        bases = ", ".join([*map(source.code, node.bases), base])
        line = f"from channels.generic.websocket import {base}"
        known = "" if base in source.imports else f", with `{line}` at the top of the file"
        return Explanation(
            f"{name} is an ordinary class, with no consumer among its bases. "
            f"Write `class {name}({bases}):`{known}.",
            source.where(node),
            suggest(source, based_on(source, node, base), *imported(source, line)),
        )


@rule
def consumer_instance_in_route(evidence):
    """One object served two WebSockets at the same time."""
    for program in evidence.programs:
        name = _shared(program.events)
        if name:
            where, code, edit = _with(evidence, name, ".as_asgi()")
            return Explanation(
                f"The route holds one object, {name}(), and all sockets share it: "
                "the last one to connect gets everything. "
                f"Write `{code}`, which makes one consumer for each socket.",
                where,
                edit,
            )


def _shared(events):
    """The name of the consumer one object of which served two open WebSockets, or None."""
    open_now = []  # the objects and their WebSockets' paths
    for event in events:
        if isinstance(event, ConsumerMade):
            if any(event.object == other for other, _ in open_now):
                return event.name
            open_now.append((event.object, event.path))
        if isinstance(event, Ended):
            # Which of a room's WebSockets it was is not told, and the next object may get its
            # number: only what is certainly open counts.
            open_now = [pair for pair in open_now if pair[1] != event.path]
    return None


def _with(evidence, name, ending):
    """The place of the route that names it, or of the router; the name as it is written there, with
    the ending; and the edit that makes it so, in place of a call's parentheses."""
    project = evidence.project
    for source, call in [*project.routes, *project.calls("URLRouter", "ProtocolTypeRouter")]:
        if not mentions(call, name):
            continue
        calls = {id(node.func): node for node in ast.walk(call) if isinstance(node, ast.Call)}
        named = [n for n in ast.walk(call) if isinstance(n, NAMES) and last_name(n) == name]
        edits = [instead(calls.get(id(n), n), source.code(n) + ending) for n in named]
        return source.where(call), source.code(named[0]) + ending, suggest(source, *edits)
    return None, name + ending, None
