"""The WebSocket routes: from the path that the browser asks for to a consumer."""

import ast
import difflib
import re

from workshop.checking.events import ConsumerMade, Ended
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import ROUTES, last_name

ROOM = re.compile(r"r[0-9a-f]{12}")  # the rooms of the checks
CONVERTERS = {
    "str": "[^/]+",
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "path": ".+",
}


# The target


@rule
def as_asgi_forgotten(evidence):
    found = evidence.error(r"object (\w+) can't be used in 'await' expression")
    name = found and re.search(r"object (\w+) can't", found.message)[1]
    if name in {node.name for _, node in evidence.project.classes}:
        return Explanation(
            f"The route was given the class {name} itself. A route needs an ASGI application that "
            f"makes one consumer per socket: {name}.as_asgi()",
            _route_of(evidence, name),
        )
    found = evidence.error(r"as_asgi\(\) takes 1 positional argument but \d were given")
    if found:
        return Explanation(
            "as_asgi was named in the route but not called: add the parentheses, as_asgi().",
            _route_of(evidence, "as_asgi"),
        )


@rule
def class_is_no_consumer(evidence):
    found = evidence.error(r"type object '(\w+)' has no attribute 'as_asgi'")
    if found is None:
        return None
    name = found.message.split("'")[1]
    for source, node in evidence.project.classes:
        if node.name == name:
            return Explanation(
                f"{name} is an ordinary class, with no consumer among its bases. Derive it: class "
                f"{name}(AsyncWebsocketConsumer), from channels.generic.websocket.",
                source.where(node),
            )


@rule
def consumer_instance_in_route(evidence):
    """One object served two WebSockets at the same time."""
    for program in evidence.programs:
        open_now = []
        for event in program.events:
            if isinstance(event, ConsumerMade):
                if any(event.object == other for other, _ in open_now):
                    name = event.name
                    return Explanation(
                        f"The route holds one object, {name}(), and all sockets share it: the last "
                        f"one to connect gets everything. Write {name}.as_asgi(), which makes one "
                        "consumer for each socket.",
                        _route_of(evidence, name),
                    )
                open_now.append((event.object, event.path))
            if isinstance(event, Ended):
                gone = next((pair for pair in open_now if pair[1] == event.path), None)
                if gone:
                    open_now.remove(gone)


def _route_of(evidence, name):
    for source, call in evidence.project.routes:
        if any(last_name(node) == name for node in ast.walk(call)):
            return source.where(call)
    for source in evidence.project.sources:
        for node in source.nodes(ast.Call):
            if last_name(node.func) in ("URLRouter", "ProtocolTypeRouter"):
                if any(last_name(child) == name for child in ast.walk(node)):
                    return source.where(node)
    return None


# The path


@rule
def no_route(evidence):
    found = evidence.error(r"No route found for path '(.*?)'")
    if found is None:
        return None
    path = re.search(r"path '(.*?)'", found.message)[1]
    asked = ROOM.sub("<room_name>", path)
    project = evidence.project
    routes = [
        (source, call, call.args[0].value)
        for source, call in project.routes
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    ]
    if not routes:
        consumer = next(
            (f"consumers.{c.name}" for c in project.consumers), "consumers.ChatConsumer"
        )
        routing = project.routing or project.asgi
        for source in project.sources:
            for call in source.nodes(ast.Call):
                to_consumer = any(last_name(n) == "as_asgi" for n in ast.walk(call))
                if source.path.name == "urls.py" and last_name(call.func) in ROUTES and to_consumer:
                    return Explanation(
                        "The route to the consumer stands among the pages, where Django looks for "
                        "HTTP only. Move it to websocket_urlpatterns, which asgi.py gives to "
                        "URLRouter.",
                        source.where(call),
                    )
        return Explanation(
            f"The browser asked for {asked}, and websocket_urlpatterns has no route yet. Add one:\n"
            f'    re_path(r"^ws/chat/(?P<room_name>\\w+)/$", {consumer}.as_asgi()),',
            routing.where(_list_of_routes(routing)) if routing else None,
        )
    for source, call, pattern in routes:
        why = _why_not(call, pattern, path, asked)
        if why:
            return Explanation(why, source.where(call))
    shown = " and ".join(repr(pattern) for *_, pattern in routes)
    near = max(routes, key=lambda route: difflib.SequenceMatcher(None, route[2], asked).ratio())
    return Explanation(
        f"No route matches what the browser asked for, {asked}. There is {shown}: compare them "
        "letter by letter.",
        near[0].where(near[1]),
    )


def _list_of_routes(source):
    for node in source.nodes(ast.Assign):
        if isinstance(node.value, ast.List) and "url" in (last_name(node.targets[0]) or ""):
            return node
    return None


def _why_not(call, pattern, path, asked):
    """The one change that would let this route match, as advice. None where one is not enough."""
    kind = last_name(call.func)
    nested = any(last_name(getattr(n, "func", None)) == "URLRouter" for n in ast.walk(call))
    if nested and pattern.endswith("$"):
        return (
            "This route leads to another URLRouter and ends with $, so it leaves nothing of "
            f"{asked} for the routes inside. Take the $ away."
        )
    if kind == "path" and re.search(r"\(\?P<|\\w|^\^|\$$", pattern):
        return (
            f"path() compares letter by letter, and {pattern!r} is a regular expression. Write "
            're_path(…), or path("ws/chat/<str:room_name>/", …).'
        )
    if kind != "path" and re.search(r"<\w+:\w+>", pattern):
        return (
            f"re_path() takes a regular expression, and {pattern!r} is written for path(). Write "
            "path(…), or (?P<room_name>\\w+) for the room."
        )
    if pattern.lstrip("^").startswith("/") and _fits(kind, pattern.replace("/", "", 1), path):
        return (
            "The route begins with a slash. Django takes the first slash off before it compares, "
            f"so write {pattern.replace('/', '', 1)!r}."
        )
    if path.endswith("/") and _fits(kind, pattern, path[:-1]):
        return (
            f"The route ends without a slash, and the browser asks for {asked}, with one. End the "
            "route with a slash."
        )
    if _fits(kind, pattern, path, re.IGNORECASE):
        return f"The route {pattern!r} has other capital letters than {asked}."
    wider = re.sub(r"(\(\?P<\w+>)[^()]*\)", r"\1[^/]+)", pattern)
    wider = re.sub(r"<\w+:", "<str:", wider)
    if wider != pattern and _fits(kind, wider, path):
        room = ROOM.search(path)
        return (
            f"The route {pattern!r} does not match the room's name: the browser asked for a room "
            f"called {room[0] if room else asked}. Let it match any, with (?P<room_name>\\w+) in "
            "re_path() or <str:room_name> in path()."
        )
    return None


def _fits(kind, pattern, path, flags=0):
    if kind == "path":
        pattern = re.sub(
            r"<(?:(\w+):)?(\w+)>",
            lambda found: f"(?P<{found[2]}>{CONVERTERS.get(found[1] or 'str', '[^/]+')})",
            re.sub(r"([.^$*+?{}()|\\])", r"\\\1", pattern),
        )
        pattern = f"^{pattern}$"
    try:
        return re.search(pattern, path, flags) is not None
    except re.error:
        return False


# What the route hands on


@rule
def room_name_not_in_route(evidence):
    found = evidence.error(r"^KeyError: '(\w+)'")
    where = found and evidence.where(found)
    source = evidence.project.source_at(where)
    if found is None or source is None:
        return None
    key, line = found.message.strip("'"), source.line(where.line)
    if key == "url_route":
        asgi = evidence.project.asgi
        return Explanation(
            "The scope has no url_route, because the socket did not come through a URLRouter. In "
            "asgi.py, wrap the routes: URLRouter(websocket_urlpatterns)",
            asgi.where() if asgi else where,
        )
    if key not in line or "scope" not in line and "kwargs" not in line:
        return None
    if key in ("user", "session", "cookies"):
        return None  # see consumer.py
    if "kwargs" not in line or key == "kwargs":
        return Explanation(
            f"The scope has no key {key!r}. It keeps the route's arguments deeper: "
            'self.scope["url_route"]["kwargs"]["room_name"]',
            where,
        )
    names = _captured(evidence)
    there = f" (it captures {', '.join(map(repr, names))})" if names else ""
    return Explanation(
        f"The consumer asks for {key!r}, and the route captures no argument of that name{there}. "
        f"Use the same name in the route, (?P<{key}>\\w+), and in the consumer.",
        where,
    )


def _captured(evidence):
    return [
        found[1] or found[2]
        for _, call in evidence.project.routes
        if isinstance(call.args[0], ast.Constant)
        for found in re.finditer(r"\(\?P<(\w+)>|<(?:\w+:)?(\w+)>", str(call.args[0].value))
    ]


@rule(raised=r"AttributeError: '\w+' object has no attribute '(kwargs|args|request)'")
def kwargs_like_a_view(evidence, error, name):
    return Explanation(
        f"A view has self.{name}; a consumer has its scope: "
        'self.scope["url_route"]["kwargs"]["room_name"]',
        evidence.where(error),
    )
