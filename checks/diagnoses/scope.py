"""What a connection's scope holds (ASGI specification, "WebSocket connection scope"), what routers
and middleware add to it, and what is not in it but is looked for."""

import ast
import difflib
import re

from workshop.checking.explaining.edits import around, imported, instead
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.project import ROUTES
from workshop.checking.explaining.route import routes_in_asgi, written_routes
from workshop.checking.explaining.rules import Explanation, rule

KEYS = (
    *("type", "path", "raw_path", "root_path", "headers", "query_string", "client", "server"),
    *("subprotocols", "url_route", "user", "session", "cookies"),
)
ROUTE = '{scope}["url_route"]["kwargs"]["room_name"]'
QUERY = 'parse_qs({scope}["query_string"].decode())'
HEADERS = 'dict({scope}["headers"])'
PARSE_QS = "from urllib.parse import parse_qs"
# What has to be known of a place besides.
BESIDES = {QUERY: f", with `{PARSE_QS}`", HEADERS: ", whose keys and values are bytes"}
# Where a consumer finds what a view has in its request or in itself. The names are compared
# without underscores, in lower case.
PLACES = {
    **dict.fromkeys(("kwargs", "args", "roomname", "room"), ROUTE),
    **dict.fromkeys(("get", "queryparams", "query", "params", "token"), QUERY),
    **dict.fromkeys(("meta", "header", "headers"), HEADERS),
    "user": '{scope}["user"]',
    "username": '{scope}["user"].username',
    "userid": '{scope}["user"].id',
    "session": '{scope}["session"]',
    "cookies": '{scope}["cookies"]',
    "path": '{scope}["path"]',
    "querystring": '{scope}["query_string"]',
    "urlroute": '{scope}["url_route"]',
    "remoteaddr": '{scope}["client"][0]',
    "ip": '{scope}["client"][0]',
    "channelname": "self.channel_name",
    "channellayer": "self.channel_layer",
}
BY_HEADER = {
    "referer": "referer",
    "useragent": "user-agent",
    "cookie": "cookie",
    "acceptlanguage": "accept-language",
    "origin": "origin",
    "host": "host",
    "authorization": "authorization",
}
# What a WebSocket's opening never has (RFC 6455 section 4.1).
NOT_THERE = {
    "method": "A WebSocket is always opened with GET, so it has no method: remove what asks for it",
    **dict.fromkeys(
        ("post", "body", "data", "files"),
        "A WebSocket is opened without a body: what the browser says comes later, in receive()",
    ),
}
# The middleware of Channels that puts a key there (channels.auth, channels.sessions).
PUT_THERE = {
    "user": "AuthMiddlewareStack",
    "session": "SessionMiddlewareStack, or AuthMiddlewareStack,",
    "cookies": "CookieMiddleware, which is part of AuthMiddlewareStack,",
}
A_SCOPE = re.compile(r"(?:^|\.)scope$")


def plain(name):
    return name.replace("_", "").lower()


def _is_a_scope(evidence, error):
    """How the scope is written in a line that asked it for a key that it lacks; None in another."""
    written, meaning = evidence.asked(error)
    return written if A_SCOPE.search(meaning) else None


@rule(raised=r"^KeyError: 'url_route'")
def url_route_not_in_scope(evidence, error):
    where = evidence.where(error)
    consumer = evidence.project.consumer_at(where)
    if consumer is None or "scope" in [node.attr for node in consumer.set_on_self()]:
        return None  # a middleware around the router, or a scope of the learner's own
    asgi, routes = evidence.project.asgi, routes_in_asgi(evidence.project)
    if where and asgi:
        routed = [part for call in asgi.calls(*ROUTES) for part in ast.walk(call)]
        direct = [call for call in asgi.calls("as_asgi") if call not in routed]
        at = asgi.where(direct[0]) if len(direct) == 1 else asgi.where()
        imports = [change for line in routes.imports for change in imported(asgi, line)]
        needed = ", with " + " and ".join(f"`{line}`" for line in routes.imports)
        return Explanation(
            "The scope has no url_route, because the socket did not come through a URLRouter. "
            f"In asgi.py, write `{routes.router}`{needed if routes.imports else ''}.",
            at,
            evidence.suggest(at, instead(direct[0], routes.router), *imports)
            if len(direct) == 1 and routes.known
            else None,
        )


@rule(raised=r"^KeyError: '(user|session|cookies)'")
def user_not_in_scope(evidence, error, key):
    """What middleware puts there, asked for by a consumer or a function of the project's."""
    where = evidence.where(error)
    in_middleware = any(found.has(where) for found in middlewares(evidence.project))
    if _is_a_scope(evidence, error) and not in_middleware:
        return _no_middleware(evidence, key, where)


@rule(raised=r"^KeyError: '([^']+)'")
def scope_key_misspelled(evidence, error, key):
    scope = _is_a_scope(evidence, error)
    same = [known for known in KEYS if plain(known) == plain(key)]
    near = same or difflib.get_close_matches(key.lower(), KEYS, 1, 0.8)
    if scope and key not in KEYS and near and plain(key) not in NOT_THERE:
        where = evidence.where(error)
        return Explanation(
            f'The scope has no key {key!r}. Did you mean `{scope}["{near[0]}"]`?',
            where,
            evidence.suggest(where, instead(evidence.lookup(error).slice, f'"{near[0]}"')),
        )


@rule(raised=r"^KeyError: '([^']+)'")
def scope_has_no_such_key(evidence, error, key):
    scope = _is_a_scope(evidence, error)
    if scope and key not in KEYS:
        return _no_such_key(evidence, scope, key, evidence.where(error), evidence.lookup(error))


@rule(raised=r"'NoneType' object (?:has no attribute|is not)")
def scope_has_nothing_to_get(evidence, error):
    """The same with .get(), which returns None."""
    where = evidence.where(error)
    got = re.search(r"((?:\w+\.)*scope)\.get\('(\w+)'\)", evidence.origin(where))
    if got and got[2] in PUT_THERE:
        return _no_middleware(evidence, got[2], where)
    if got and got[2] not in KEYS:
        scope, key = got.groups()
        calls = [
            c for c in evidence.nodes_at(where, ast.Call) if ast.unparse(c.func)[-4:] == ".get"
        ]
        calls = [c for c in calls if ast.unparse(c.func) == f"{scope}.get"]
        return _no_such_key(evidence, scope, key, where, calls[0] if len(calls) == 1 else None)


def _no_middleware(evidence, key, where):
    asgi = evidence.project.asgi
    routers = list(asgi.calls("URLRouter")) if asgi else []
    inside = [n for router in routers for arg in router.args for n in ast.walk(arg)]
    outer = [router for router in routers if router not in inside]
    name = asgi.code(outer[0].args[0]) if len(outer) == 1 and outer[0].args else "…"
    line = "from channels.auth import AuthMiddlewareStack"
    code = f"AuthMiddlewareStack(URLRouter({name if len(name) < 40 else '…'}))"
    wrapped = around(outer[0], "AuthMiddlewareStack(", ")") if len(outer) == 1 else []
    return Explanation(
        f"The scope has no {key!r}: {PUT_THERE[key]} puts it there. In asgi.py, wrap the router, "
        f"with `{line}`:\n    {code}",
        where,
        evidence.suggest(asgi.where(), *wrapped, *imported(asgi, line)) if wrapped else None,
    )


def _no_such_key(evidence, scope, key, where, asked):
    """What the scope has in place of the key; `asked` is what asks for it."""
    name = plain(key).removeprefix("http")
    captured = {word for route in written_routes(evidence.project) for word in route.captured}
    place = PLACES.get(name, "").format(scope=scope)
    lacks = f"The scope has no key {key!r}."
    if name in NOT_THERE:
        return Explanation(f"{lacks} {NOT_THERE[name]}.", where, evidence.without_call(where))
    if key in captured:
        place = f'{scope}["url_route"]["kwargs"]["{key}"]'
        said = f"{lacks} What the route captures is in\n    {place}"
        return Explanation(said, where, replaced(evidence, where, asked, place))
    if header := BY_HEADER.get(name):
        place = f'dict({scope}["headers"]).get(b"{header}", b"").decode()'
        said = f"{lacks} It is a header, which may be missing:\n    {place}"
        return Explanation(said, where, replaced(evidence, where, asked, place))
    if place:
        if asked is not None:
            asked, place = of_the_route(evidence, where, asked, place)
        said = f"{lacks} Write `{place}`{BESIDES.get(PLACES[name], '')}."
        certain = PLACES[name] != HEADERS
        return Explanation(said, where, certain and replaced(evidence, where, asked, place) or None)
    keys = f"Its keys are {', '.join(KEYS)}; the last three need AuthMiddlewareStack."
    return Explanation(f"{lacks} {keys}", where)


def of_the_route(evidence, where, asked, place):
    """What asks for something, and its place in the scope: of the kwargs of a view, with the name
    that is asked for. The first is None where that is not written there."""
    if '["kwargs"]' not in place or not re.search(r"(kwargs|args)\W*$", ast.unparse(asked)):
        return asked, place
    outer = [node for node in evidence.nodes_at(where, ast.Subscript) if node.value is asked]
    key = getattr(outer[0].slice, "value", None) if outer else None
    if isinstance(key, str):
        place = f'{place.rpartition("[")[0]}["{key}"]'
    return (outer[0] if key is not None else None), place


def replaced(evidence, where, asked, place):
    """The edit that reads a value from its place in the scope."""
    if asked is None:
        return None
    source = evidence.project.source_at(where)
    add = imported(source, PARSE_QS) if "parse_qs(" in place else ()
    return evidence.suggest(where, instead(asked, place), *add)


@rule(raised=r"^KeyError: '([^']+)'")
def cookie_or_session_lacks_it(evidence, error, key):
    written, meaning = evidence.asked(error)
    kind = next((k for k in ("session", "cookies") if meaning.endswith(f"scope['{k}']")), None)
    if kind:
        where, asked = evidence.where(error), evidence.lookup(error)
        if kind == "session" and key in ("user", "username"):
            return _user_of_the_session(evidence, where, asked, written, key)
        lacks = "session is empty" if kind == "session" else f"browser sends no cookie {key!r}"
        code = f'{written}.get("{key}")'
        said = f"Anyone who opens the page for the first time has nothing stored: their {lacks}."
        nodes = evidence.nodes_at(where, ast.Attribute, ast.Subscript)
        if any(node.value is asked for node in nodes):  # None has no attributes and no items
            return Explanation(f'{said} Ask first: `if "{key}" in {written}:`', where)
        return Explanation(
            f"{said} Write `{code}`, which is None then.",
            where,
            evidence.suggest(where, instead(asked, code)),
        )


def _user_of_the_session(evidence, where, asked, written, key):
    """Django keeps the user's id there, under a name of its own (django.contrib.auth.login)."""
    user = f'{written.rpartition("[")[0]}["user"]'
    code = user if key == "user" else f"{user}.username"
    return Explanation(
        "The session itself has no user. AuthMiddlewareStack looks up whose it is, and puts them "
        f"into the scope: `{code}`.",
        where,
        evidence.suggest(where, instead(asked, code)),
    )
