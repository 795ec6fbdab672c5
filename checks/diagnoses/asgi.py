"""The way from the socket to the consumer: asgi.py, routing.py, the handshake."""

import ast
import re

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import BadPage, Refused
from workshop.checking.source import last_name

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error


@diagnosis("asgi-py-left-default")
def _(evidence):
    if evidence.logged("Django can only handle ASGI/HTTP connections, not websocket"):
        asgi = evidence.project.asgi
        return (
            "The WebSocket reached Django itself, which speaks HTTP only. In asgi.py, let "
            'application be a ProtocolTypeRouter that sends "websocket" to a URLRouter.',
            asgi.where(_assignment(asgi, "application")) if asgi else None,
        )


@diagnosis("protocol-key-wrong")
def _(evidence):
    found = evidence.error(r"No application configured for scope type '(\w+)'")
    if found is None:
        return None
    wanted = re.search(r"'(\w+)'", found.message)[1]
    asgi = evidence.project.asgi
    for call in asgi.nodes(ast.Call) if asgi else ():
        if last_name(call.func) == "ProtocolTypeRouter" and call.args:
            keys = [
                k.value for k in getattr(call.args[0], "keys", []) if isinstance(k, ast.Constant)
            ]
            there = ", ".join(repr(key) for key in keys) or "none"
            return (
                f"ProtocolTypeRouter has no application for {wanted!r}: its keys are {there}. "
                f'Each protocol has its own key, spelled exactly "http" and "websocket".',
                asgi.where(call),
            )
    return f"ProtocolTypeRouter in asgi.py has no key {wanted!r}.", asgi.where() if asgi else None


error(
    "http-application-not-called",
    r"get_asgi_application\(\) takes 0 positional arguments but \d were given",
    "get_asgi_application is a function that makes the application: call it, with parentheses, "
    "get_asgi_application().",
)


# Routes


@diagnosis("as-asgi-forgotten")
def _(evidence):
    for consumer in evidence.project.consumers:
        if evidence.error(rf"object {consumer.name} can't be used in 'await' expression"):
            return (
                f"The route was given the class {consumer.name} itself. A route needs an ASGI "
                f"application that makes one consumer per socket: {consumer.name}.as_asgi()",
                _route_of(evidence, consumer.name),
            )
    found = evidence.error(r"as_asgi\(\) takes 1 positional argument but 4 were given")
    if found:
        return (
            "as_asgi was named in the route but not called: add the parentheses, as_asgi().",
            _route_of(evidence, "as_asgi"),
        )


@diagnosis("consumer-instance-in-route")
def _(evidence):
    """One object for all sockets: seen as soon as two browsers are there."""
    routing = evidence.project.routing
    names = {consumer.name for consumer in evidence.project.consumers}
    if isinstance(evidence.failure, BadPage) or evidence.errors:
        return None
    for source in evidence.project.sources if routing else ():
        for call in source.nodes(ast.Call):
            if last_name(call.func) in ("path", "re_path") and len(call.args) > 1:
                view = call.args[1]
                if isinstance(view, ast.Call) and last_name(view.func) in names:
                    name = last_name(view.func)
                    return (
                        f"The route holds one object, {name}(), and all sockets share it: the last "
                        f"one to connect gets everything. Write {name}.as_asgi(), which makes one "
                        "consumer for each socket.",
                        source.where(call),
                    )


@diagnosis("no-route")
def _(evidence):
    found = evidence.error(r"No route found for path '(.+?)'")
    if found is None:
        return None
    path = re.search(r"path '(.+?)'", found.message)[1]
    asked = re.sub(r"r[0-9a-f]{12}", "<room_name>", path)
    source = evidence.project.routing
    if source is None:
        return f"No route leads to {asked}: no file of this project holds WebSocket routes."
    routes = [
        (call, call.args[0].value)
        for call in source.nodes(ast.Call)
        if last_name(call.func) in ("path", "re_path", "url")
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]
    if not routes:
        return (
            f"The browser asked for {asked}, and websocket_urlpatterns has no route yet. Add one:\n"
            '    re_path(r"^ws/chat/(?P<room_name>\\w+)/$", consumers.ChatConsumer.as_asgi()),',
            source.where(_assignment(source, "websocket_urlpatterns")),
        )
    call, pattern = routes[0]
    if pattern.lstrip("^").startswith("/"):
        return (
            "The route begins with a slash. Django takes the first slash off before it compares, so "
            f"write {pattern.replace('/', '', 1)!r}.",
            source.where(call),
        )
    ends = pattern.rstrip("$").endswith("/")
    if path.endswith("/") and not ends and _matches(call, pattern, path[:-1]):
        return (
            f"The route ends without a slash, and the browser asks for {asked}, with one. End the "
            "route with a slash.",
            source.where(call),
        )
    shown = " and ".join(repr(pattern) for _, pattern in routes)
    return (
        f"No route matches what the browser asked for, {asked}. There is {shown}: compare them "
        "letter by letter.",
        source.where(call),
    )


def _matches(call, pattern, path):
    if last_name(call.func) == "path":
        return True
    try:
        return re.search(pattern, path) is not None
    except re.error:
        return False


@diagnosis("view-in-websocket-routes")
def _(evidence):
    found = evidence.error(r"TypeError: (\w+)\(\) takes \d positional arguments? but 3 were given")
    if found and evidence.saw(Refused) and "." not in found.message.split("(")[0]:
        name = found.message.split("(")[0]
        return (
            f"The WebSocket was routed to {name}(), which is a view. URLRouter gets the WebSocket "
            "routes, whose targets are consumers: URLRouter(websocket_urlpatterns)",
            evidence.project.asgi.where() if evidence.project.asgi else None,
        )


@diagnosis("room-name-not-in-route")
def _(evidence):
    found = evidence.error(r"^KeyError: '(url_route|kwargs|\w*room\w*)'")
    if found is None:
        return None
    key = found.message.strip("'")
    where = evidence.where(found)
    if key == "url_route":
        return (
            "The scope has no url_route, because the socket did not come through a URLRouter. In "
            "asgi.py, wrap the routes: URLRouter(websocket_urlpatterns)",
            evidence.project.asgi.where() if evidence.project.asgi else where,
        )
    if key == "kwargs":
        return (
            'The scope keeps the route\'s arguments one level deeper: self.scope["url_route"]'
            '["kwargs"]["room_name"]',
            where,
        )
    return (
        f"The consumer asks for {key!r}, and the route captures no argument of that name. Use the "
        f"same name in the route, (?P<{key}>\\w+), and in the consumer.",
        where,
    )


error(
    "kwargs-like-a-view",
    r"AttributeError: '\w+' object has no attribute '(kwargs|args|request)'",
    'A view has self.{0}; a consumer has its scope: self.scope["url_route"]["kwargs"]["room_name"]',
)


# Refused


@diagnosis("origin-not-allowed")
def _(evidence):
    if evidence.status == 403 and evidence.project.asgi:
        for call in evidence.project.asgi.nodes(ast.Call):
            if last_name(call.func) in ("OriginValidator", "AllowedHostsOriginValidator"):
                hosts = evidence.project.setting_value("ALLOWED_HOSTS")
                named = [a for a in call.args[1:]]
                if named or (hosts is not None and not {"127.0.0.1", "*"} & set(hosts) and hosts):
                    return (
                        f"{last_name(call.func)} turned the browser away (HTTP 403): its page came "
                        "from 127.0.0.1, which is not among the allowed hosts.",
                        evidence.project.asgi.where(call),
                    )


# Pages


@diagnosis("template-missing")
def _(evidence):
    found = evidence.logged(r"TemplateDoesNotExist:? ?(?:at )?(\S*)")
    if evidence.saw(BadPage) and found:
        return (
            f"Django found no template {found[1]}. Its app must stand in INSTALLED_APPS ('page' "
            "brings the chat's), and the name in render() must be that of the file."
        )


@diagnosis("page-not-found")
def _(evidence):
    if evidence.saw(BadPage) and evidence.status == 404:
        return (
            f"No page answers at {evidence.failure.path}: urls.py has no path to it. The chat's "
            "pages are /chat/ and /chat/<room_name>/."
        )


def _route_of(evidence, name):
    for source in evidence.project.sources:
        for call in source.nodes(ast.Call):
            if last_name(call.func) in ("path", "re_path", "url"):
                if any(last_name(node) == name for node in ast.walk(call)):
                    return source.where(call)
    return None


def _assignment(source, name):
    for node in source.nodes(ast.Assign) if source else ():
        if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            return node
    return None
