"""asgi.py: which application gets what, and who may connect."""

import ast

from workshop.checking.explaining.edits import around, first_in, imported, instead, last_in
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.route import routes_in_asgi
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import Refused


@rule(raised=r"Django can only handle ASGI/HTTP connections, not websocket")
def asgi_py_left_default(evidence, error):
    asgi = evidence.project.asgi
    code, imports = sorted_by_protocol(evidence.project)
    return Explanation(
        "The WebSocket reached Django itself, which only speaks HTTP. "
        'In asgi.py, route by protocol: Django gets "http", a URLRouter gets "websocket":\n'
        f"{as_lines(*imports, f'application = {code}')}",
        evidence.project.where_asgi(asgi and asgi.assignment("application")),
    )


def as_lines(*lines):
    """Code to type, each line of it on a line of the message."""
    return "\n".join(f"    {line}" for line in lines)


def sorted_by_protocol(project):
    """The application as asgi.py could write it, and the imports that it needs for that."""
    asgi, routes = project.asgi, routes_in_asgi(project)
    http = http_application(asgi) if asgi else "get_asgi_application()"
    imports = ["from channels.routing import ProtocolTypeRouter", *routes.imports]
    imports += ["from django.core.asgi import get_asgi_application"] if "()" in http else []
    known = asgi.imports if asgi else ()
    return (
        f'ProtocolTypeRouter({{"http": {http}, "websocket": {routes.router}}})',
        [line for line in imports if line.rpartition(" ")[2] not in known],
    )


def http_application(asgi):
    """The expression for Django's own application in asgi.py."""
    for name, node in asgi.values:
        if last_name(getattr(node.value, "func", None)) == "get_asgi_application":
            return name
    return "get_asgi_application()"


@rule(raised=r"No application configured for scope type '(\w+)'")
def protocol_key_wrong(evidence, error, wanted):
    asgi = evidence.project.asgi
    for call in asgi.calls("ProtocolTypeRouter") if asgi else ():
        if call.args:
            keys = getattr(call.args[0], "keys", [])
            keys = [key for key in keys if isinstance(getattr(key, "value", None), str)]
            advice, change = _right_key(asgi, call.args[0], keys, wanted)
            return Explanation(
                f"ProtocolTypeRouter has no application for {wanted!r}, only for "
                f"{', '.join(repr(key.value) for key in keys) or 'nothing'}. {advice}",
                asgi.where(call),
                evidence.suggest(asgi.where(), *change),
            )
    return Explanation(
        f"ProtocolTypeRouter in asgi.py has no key {wanted!r}.", evidence.project.where_asgi()
    )


PROTOCOLS = ("http", "websocket", "lifespan", "channel")


def _right_key(asgi, applications, keys, wanted):
    """What to do about the key that is missing: in words, and as changes where that is certain."""
    others = {key.value: key for key in keys if key.value not in PROTOCOLS}
    if near := nearest(wanted, others):
        return f'Write "{wanted}" instead of {near!r}.', [instead(others[near], f'"{wanted}"')]
    if wanted == "http" and isinstance(applications, ast.Dict):
        http = http_application(asgi)
        call = imported(asgi, f"from django.core.asgi import {http[:-2]}") if "()" in http else ()
        entry = f'"http": {http}'
        return f"Add `{entry}` to its dictionary.", [first_in(applications, entry), *call]
    return 'Each protocol has its own key, spelled exactly "http" or "websocket".', []


@rule(raised=r"get_asgi_application\(\) takes 0 positional arguments but \d were given")
def http_application_not_called(evidence, error):
    asgi = evidence.project.asgi
    called = [call.func for call in asgi.nodes(ast.Call)] if asgi else []
    names = asgi.nodes(ast.Name, ast.Attribute) if asgi else ()
    found = [n for n in names if last_name(n) == "get_asgi_application" and n not in called]
    where = asgi.where(found[0]) if len(found) == 1 else evidence.where(error)
    return Explanation(
        "get_asgi_application is a function that creates the application. "
        "Call it: write `get_asgi_application()`, with parentheses.",
        where,
        evidence.suggest(where, *around(found[0], "", "()")) if len(found) == 1 else None,
    )


@rule(raised=r"TypeError: '(list|dict|tuple|URLPattern)' object is not callable")
def routes_not_in_a_router(evidence, error, kind):
    """The list of routes, or one route, is where an application belongs."""
    if evidence.saw(Refused) and not evidence.raised_by_them(error):
        routes = routes_in_asgi(evidence.project)
        asgi = evidence.project.asgi
        bare = [n for n in asgi.nodes(ast.Name, ast.Attribute) if ast.unparse(n) == routes.name]
        bare = [n for n in bare if isinstance(n.ctx, ast.Load)]
        where = asgi.where(bare[0]) if len(bare) == 1 else asgi.where()
        edits = [c for code in routes.imports for c in imported(asgi, code)]
        edits += around(bare[0], "URLRouter(", ")") if len(bare) == 1 else []
        return Explanation(
            f"The WebSocket was given to a {kind}, which is not an ASGI application. "
            f"Wrap the list of routes: `{routes.router}`",
            where,
            evidence.suggest(where, *edits) if len(bare) == 1 and routes.known else None,
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
        return _consumer_for_the_view(evidence, name)


def _consumer_for_the_view(evidence, name):
    project = evidence.project
    consumer = project.consumers[0] if len(project.consumers) == 1 else None
    code = f"{consumer.name if consumer else 'ChatConsumer'}.as_asgi()"
    said = (
        f"The WebSocket was routed to {name}(), which is a view. "
        "The routes given to URLRouter lead to consumers. "
        f"Write `{code}` instead"
    )
    for source, call in project.routes:
        if consumer and last_name(call.args[-1]) == name:
            line = f"from {consumer.source.module} import {consumer.name}"
            add = imported(source, line)
            return Explanation(
                f"{said}{f', with `{line}`' if add else ''}.",
                source.where(call),
                evidence.suggest(source.where(), instead(call.args[-1], code), *add),
            )
    return Explanation(f"{said}.", project.where_asgi())


# Who may connect


@rule
def origin_not_allowed(evidence):
    """403, and the consumer that answered was the validator's own."""
    if evidence.status != 403 or not evidence.saw(Refused) or not evidence.denied_for_origin:
        return None
    validators = evidence.project.calls("OriginValidator", "AllowedHostsOriginValidator")
    for source, call in validators:
        own_list = len(call.args) > 1
        allowed = "its list" if own_list else "ALLOWED_HOSTS in settings.py"
        where = source.where(call) if own_list else evidence.project.where_set("ALLOWED_HOSTS")
        setting = None if own_list else evidence.project.setting("ALLOWED_HOSTS")
        hosts = call.args[1] if own_list else setting and setting.value
        return Explanation(
            f"{last_name(call.func)} rejected the connection (HTTP 403): the "
            f"page came from 127.0.0.1, which is not in {allowed}. "
            'Add "127.0.0.1" there.',
            where,
            evidence.suggest(where, last_in(hosts, '"127.0.0.1"'))
            if isinstance(hosts, ast.List)
            else None,
        )


@advice(needs="chat")
def no_origin_validator(evidence):
    """Any page on any site may open a WebSocket here (Channels documentation, Security)."""
    project = evidence.project
    for source in project.sources:
        checked = any(node.value in ("origin", b"origin") for node in source.nodes(ast.Constant))
        wrapped = any("Origin" in (last_name(c.func) or "") for c in source.nodes(ast.Call))
        if checked or wrapped:
            return None  # a validator, or a check of the learner's own
    for call in project.asgi.calls("ProtocolTypeRouter") if project.asgi else ():
        return Explanation(
            "A page on any other site can open this WebSocket on behalf of its visitors. "
            "Wrap the routes: AllowedHostsOriginValidator(…), from channels.security.websocket.",
            project.asgi.where(call),
        )
