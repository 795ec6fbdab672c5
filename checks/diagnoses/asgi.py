"""asgi.py: which application gets what, and who is let in."""

import ast

from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Refused


@rule(raised=r"Django can only handle ASGI/HTTP connections, not websocket")
def asgi_py_left_default(evidence, error):
    asgi = evidence.project.asgi
    return Explanation(
        "The WebSocket reached Django itself, which speaks HTTP only. "
        'In asgi.py, let application be a ProtocolTypeRouter that sends "websocket" to a '
        "URLRouter.",
        evidence.project.where_asgi(asgi and asgi.assignment("application")),
    )


@rule(raised=r"No application configured for scope type '(\w+)'")
def protocol_key_wrong(evidence, error, wanted):
    asgi = evidence.project.asgi
    for call in asgi.calls("ProtocolTypeRouter") if asgi else ():
        if call.args:
            keys = getattr(call.args[0], "keys", [])
            written = [repr(key.value) for key in keys if isinstance(key, ast.Constant)]
            return Explanation(
                f"ProtocolTypeRouter has no application for {wanted!r}: "
                f"its keys are {', '.join(written) or 'none'}. "
                'Each protocol has its own key, spelled exactly "http" and "websocket".',
                asgi.where(call),
            )
    return Explanation(
        f"ProtocolTypeRouter in asgi.py has no key {wanted!r}.", evidence.project.where_asgi()
    )


@rule(raised=r"get_asgi_application\(\) takes 0 positional arguments but \d were given")
def http_application_not_called(evidence, error):
    return Explanation(
        "get_asgi_application is a function that makes the application: "
        "call it, with parentheses, get_asgi_application().",
        evidence.where(error),
    )


@rule(raised=r"TypeError: '(list|dict|tuple|URLPattern)' object is not callable")
def routes_not_in_a_router(evidence, error, kind):
    """The list of routes, or one route, stands where an application belongs."""
    if evidence.saw(Refused) and not evidence.raised_by_them(error):
        return Explanation(
            f"The WebSocket was given to a {kind}, which is not an ASGI application. "
            "Wrap the list of routes: URLRouter(websocket_urlpatterns)",
            evidence.project.where_asgi(),
        )


@rule(
    raised=r"TypeError: (\w+)\(\) (?:takes \d positional arguments? but [34] were given"
    r"|got an unexpected keyword argument)"
)
def view_in_websocket_routes(evidence, error, name):
    views = {
        node.name
        for source in evidence.project.sources
        for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if node.args.args and node.args.args[0].arg == "request"
    }
    if evidence.saw(Refused) and name in views:
        return Explanation(
            f"The WebSocket was routed to {name}(), which is a view. "
            "URLRouter gets the WebSocket routes, whose targets are consumers: "
            "URLRouter(websocket_urlpatterns)",
            evidence.project.where_asgi(),
        )


# Who is let in


@rule
def origin_not_allowed(evidence):
    """403, and the consumer that answered was the validator's own."""
    if evidence.status != 403 or not evidence.saw(Refused) or not evidence.denied_for_origin:
        return None
    validators = evidence.project.calls("OriginValidator", "AllowedHostsOriginValidator")
    for source, call in validators:
        own_list = len(call.args) > 1
        allowed = "its list" if own_list else "ALLOWED_HOSTS in settings.py"
        return Explanation(
            f"{last_name(call.func)} turned the browser away (HTTP 403): "
            f"the page came from 127.0.0.1, which is not in {allowed}. Add it there.",
            source.where(call) if own_list else evidence.project.where_set("ALLOWED_HOSTS"),
        )


@advice(needs="chat")
def no_origin_validator(evidence):
    """Any page of any site may open a WebSocket here (Channels documentation, Security)."""
    project = evidence.project
    for source in project.sources:
        checked = any(node.value in ("origin", b"origin") for node in source.nodes(ast.Constant))
        wrapped = any("Origin" in (last_name(c.func) or "") for c in source.nodes(ast.Call))
        if checked or wrapped:
            return None  # a validator, or a check of the learner's own
    for call in project.asgi.calls("ProtocolTypeRouter") if project.asgi else ():
        return Explanation(
            "A page of any other site can open this WebSocket on behalf of its visitors. "
            "Wrap the routes: AllowedHostsOriginValidator(…), from channels.security.websocket.",
            project.asgi.where(call),
        )
