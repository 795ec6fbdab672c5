"""What a WebSocket route leads to."""

from workshop.checking.events import ConsumerMade, Ended
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Consumer, mentions


@rule(raised=r"object (\w+) can't be used in 'await' expression")
def as_asgi_forgotten(evidence, error, name):
    if evidence.project.class_named(name):
        return Explanation(
            f"The route was given the class {name} itself. "
            "A route needs an ASGI application that makes one consumer per socket: "
            f"{name}.as_asgi()",
            _route_of(evidence.project, name),
        )


@rule(raised=r"as_asgi\(\) takes 1 positional argument but \d were given")
def as_asgi_not_called(evidence, error):
    return Explanation(
        "as_asgi was named in the route but not called: add the parentheses, as_asgi().",
        _route_of(evidence.project, "as_asgi"),
    )


@rule(raised=r"type object '(\w+)' has no attribute 'as_asgi'")
def class_is_no_consumer(evidence, error, name):
    found = evidence.project.class_named(name)
    if found:
        source, node = found
        base = Consumer(source, node, [], [found]).base
        return Explanation(
            f"{name} is an ordinary class, with no consumer among its bases. "
            f"Derive it: class {name}({base}), from channels.generic.websocket.",
            source.where(node),
        )


@rule
def consumer_instance_in_route(evidence):
    """One object served two WebSockets at the same time."""
    for program in evidence.programs:
        name = _shared(program.events)
        if name:
            return Explanation(
                f"The route holds one object, {name}(), and all sockets share it: "
                "the last one to connect gets everything. "
                f"Write {name}.as_asgi(), which makes one consumer for each socket.",
                _route_of(evidence.project, name),
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
            gone = next((pair for pair in open_now if pair[1] == event.path), None)
            if gone:
                open_now.remove(gone)
    return None


def _route_of(project, name):
    """The place of the route that names it, or of the router."""
    routers = project.calls("URLRouter", "ProtocolTypeRouter")
    for source, call in [*project.routes, *routers]:
        if mentions(call, name):
            return source.where(call)
    return None
