"""asgi.py: which application gets what; refused handshakes; pages."""

import ast
import re

from workshop.checking.events import ConsumerMade
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import BadPage, Refused


@rule
def asgi_py_left_default(evidence):
    if evidence.error("Django can only handle ASGI/HTTP connections, not websocket"):
        asgi = evidence.project.asgi
        return Explanation(
            "The WebSocket reached Django itself, which speaks HTTP only. In asgi.py, let "
            'application be a ProtocolTypeRouter that sends "websocket" to a URLRouter.',
            asgi.where(_assignment(asgi, "application")) if asgi else None,
        )


@rule
def protocol_key_wrong(evidence):
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
            return Explanation(
                f"ProtocolTypeRouter has no application for {wanted!r}: its keys are {there}. "
                f'Each protocol has its own key, spelled exactly "http" and "websocket".',
                asgi.where(call),
            )
    return Explanation(
        f"ProtocolTypeRouter in asgi.py has no key {wanted!r}.", asgi.where() if asgi else None
    )


@rule(raised=r"get_asgi_application\(\) takes 0 positional arguments but \d were given")
def http_application_not_called(evidence, error):
    return Explanation(
        "get_asgi_application is a function that makes the application: call it, with parentheses, "
        "get_asgi_application().",
        evidence.where(error),
    )


@rule
def routes_not_in_a_router(evidence):
    """The list of routes, or a class, stands where an application belongs."""
    found = evidence.error(r"TypeError: '(list|dict|tuple|URLPattern)' object is not callable")
    if found and evidence.saw(Refused):
        kind = found.message.split("'")[1]
        return Explanation(
            f"The WebSocket was given to a {kind}, which is no application. Wrap the list of "
            "routes: URLRouter(websocket_urlpatterns)",
            evidence.project.asgi.where() if evidence.project.asgi else None,
        )


@rule
def view_in_websocket_routes(evidence):
    found = evidence.error(
        r"TypeError: (\w+)\(\) (takes \d positional arguments? but [34] were given"
        r"|got an unexpected keyword argument)"
    )
    if found and evidence.saw(Refused):
        name = found.message.split("(")[0]
        views = {
            node.name
            for source in evidence.project.sources
            for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
            if node.args.args and node.args.args[0].arg == "request"
        }
        if name in views:
            return Explanation(
                f"The WebSocket was routed to {name}(), which is a view. URLRouter gets the "
                "WebSocket routes, whose targets are consumers: URLRouter(websocket_urlpatterns)",
                evidence.project.asgi.where() if evidence.project.asgi else None,
            )


# Refused


@rule
def origin_not_allowed(evidence):
    """403, and the consumer that answered was the validator's own."""
    if evidence.status != 403 or not evidence.saw(Refused) or not denied(evidence):
        return None
    for source in evidence.project.sources:
        for call in source.nodes(ast.Call):
            if last_name(call.func) in ("OriginValidator", "AllowedHostsOriginValidator"):
                allowed = "its list" if len(call.args) > 1 else "ALLOWED_HOSTS in settings.py"
                return Explanation(
                    f"{last_name(call.func)} turned the browser away (HTTP 403): the page came "
                    f"from 127.0.0.1, which is not in {allowed}. Add it there.",
                    source.where(call)
                    if len(call.args) > 1
                    else evidence.project.where_set("ALLOWED_HOSTS"),
                )


def denied(evidence):
    """Whether Channels' own WebsocketDenier answered, to which an OriginValidator sends whom it
    does not let in."""
    return any(e.name == "WebsocketDenier" for e in evidence.events(ConsumerMade))


# Pages


@rule
def host_not_allowed(evidence):
    if evidence.saw(BadPage) and evidence.error(r"DisallowedHost: "):
        return Explanation(
            "Django answers only for the hosts in ALLOWED_HOSTS, and 127.0.0.1 is not among them. "
            'Write ALLOWED_HOSTS = ["127.0.0.1", "localhost"].',
            evidence.project.where_set("ALLOWED_HOSTS"),
        )


@rule
def template_missing(evidence):
    found = evidence.error(r"TemplateDoesNotExist: ")
    if evidence.saw(BadPage) and found:
        return Explanation(
            f"Django found no template {found.message}. Its app must stand in INSTALLED_APPS "
            "('page' brings the chat's), and the name in render() must be that of the file."
        )


@rule
def consumer_called_from_a_view(evidence):
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute 'base_send'")
    if found:
        return Explanation(
            "A consumer that you make yourself belongs to no browser and cannot send. From outside "
            "of consumers, send to a group: get_channel_layer().group_send(…)",
            evidence.where(found),
        )


@rule
def view_returns_nothing(evidence):
    found = evidence.error(r"ValueError: The view ([\w.]+) didn't return an HttpResponse object")
    if found is None:
        return None
    name = re.search(r"The view ([\w.]+)", found.message)[1]
    where = None
    module, _, function = name.rpartition(".")
    source = evidence.project.source(module)
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        where = source.where(node) if node.name == function else where
    what = "an unawaited coroutine: write await" if "coroutine" in found.message else "None: return"
    end = " in front of the call in it." if "coroutine" in found.message else " the rendered page."
    return Explanation(f"The view {function}() returned {what}{end}", where)


@rule
def view_returns_no_response(evidence):
    """Django, which got it from the view, missed what every response has."""
    found = evidence.error(r"AttributeError: '(tuple|dict|str|list|int|bool|bytes|set)' object has")
    if found is None or not found.frames or "django" not in found.frames[-1].file.parts:
        return None
    kind = found.message.split("'")[1]
    comma = " (a comma at the end of the line makes one)" if kind == "tuple" else ""
    return Explanation(
        f"The view returned a {kind}{comma}, and a view returns a response: what render(), "
        "HttpResponse() or JsonResponse() gives."
    )


@rule
def page_not_found(evidence):
    if evidence.saw(BadPage) and evidence.status == 404:
        return Explanation(
            f"No page answers at {evidence.failure.path}: urls.py has no path to it. The chat's "
            "pages are /chat/ and /chat/<room_name>/.",
            _urlconf(evidence),
        )


def _urlconf(evidence):
    source = evidence.project.source(evidence.project.setting_value("ROOT_URLCONF") or "")
    return source.where(_assignment(source, "urlpatterns")) if source else None


def _assignment(source, name):
    for node in source.nodes(ast.Assign) if source else ():
        if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
            return node
    return None
