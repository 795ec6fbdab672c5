"""What a connection's scope holds (ASGI specification, "WebSocket connection scope"), what routers
and middleware add to it, and what is looked for in it in vain."""

import difflib
import re

from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.route import written_routes
from workshop.checking.explaining.rules import Explanation, rule

KEYS = (
    *("type", "path", "raw_path", "root_path", "headers", "query_string", "client", "server"),
    *("subprotocols", "url_route", "user", "session", "cookies"),
)
ROUTE = '{scope}["url_route"]["kwargs"]["room_name"]'
QUERY = 'parse_qs({scope}["query_string"].decode()), with parse_qs from urllib.parse'
HEADERS = 'dict({scope}["headers"]), whose keys and values are bytes'
# Where a consumer finds what a view has in its request or in itself. The names are compared
# without underscores, in lower case.
PLACES = {
    **dict.fromkeys(("kwargs", "args", "roomname", "room"), ROUTE),
    **dict.fromkeys(("get", "queryparams", "query", "params", "token"), QUERY),
    **dict.fromkeys(("meta", "header", "headers", "origin", "host", "authorization"), HEADERS),
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
# What a WebSocket's opening never has (RFC 6455 section 4.1).
NOT_THERE = {
    "method": "A WebSocket is always opened with GET, so it has no method to ask for: leave it out",
    **dict.fromkeys(
        ("post", "body", "data", "files"),
        "A WebSocket is opened without a body: what the browser says comes later, to receive()",
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
    """How the scope is written in a line that asked it for a key in vain; None in another."""
    written, meaning = evidence.asked(error)
    return written if A_SCOPE.search(meaning) else None


@rule(raised=r"^KeyError: 'url_route'")
def url_route_not_in_scope(evidence, error):
    where = evidence.where(error)
    consumer = evidence.project.consumer_at(where)
    if consumer is None or "scope" in [node.attr for node in consumer.set_on_self()]:
        return None  # a middleware around the router, or a scope of the learner's own
    if where:
        return Explanation(
            "The scope has no url_route, because the socket did not come through a URLRouter. "
            "In asgi.py, wrap the routes: URLRouter(websocket_urlpatterns)",
            evidence.project.where_asgi() or where,
        )


@rule(raised=r"^KeyError: '(user|session|cookies)'")
def user_not_in_scope(evidence, error, key):
    """What middleware puts there, asked for by a consumer or a function of the project's."""
    where = evidence.where(error)
    in_middleware = any(found.has(where) for found in middlewares(evidence.project))
    if _is_a_scope(evidence, error) and not in_middleware:
        return Explanation(_no_middleware(key), where)


@rule(raised=r"^KeyError: '([^']+)'")
def scope_key_misspelled(evidence, error, key):
    scope = _is_a_scope(evidence, error)
    same = [known for known in KEYS if plain(known) == plain(key)]
    near = same or difflib.get_close_matches(key.lower(), KEYS, 1, 0.8)
    if scope and key not in KEYS and near and plain(key) not in NOT_THERE:
        return Explanation(
            f'The scope has no key {key!r}. Did you mean {scope}["{near[0]}"]?',
            evidence.where(error),
        )


@rule(raised=r"^KeyError: '([^']+)'")
def scope_has_no_such_key(evidence, error, key):
    scope = _is_a_scope(evidence, error)
    if scope and key not in KEYS:
        return Explanation(_no_such_key(evidence, scope, key), evidence.where(error))


@rule(raised=r"'NoneType' object (?:has no attribute|is not)")
def scope_has_nothing_to_get(evidence, error):
    """The same with .get(), which answers None."""
    where = evidence.where(error)
    got = re.search(r"((?:\w+\.)*scope)\.get\('(\w+)'\)", evidence.origin(where))
    if got and got[2] in PUT_THERE:
        return Explanation(_no_middleware(got[2]), where)
    if got and got[2] not in KEYS:
        return Explanation(_no_such_key(evidence, *got.groups()), where)


def _no_middleware(key):
    return (
        f"The scope has no {key!r}: {PUT_THERE[key]} puts it there. In asgi.py, wrap the routes: "
        "AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), with AuthMiddlewareStack from "
        "channels.auth."
    )


def _no_such_key(evidence, scope, key):
    name = plain(key).removeprefix("http")
    captured = {word for route in written_routes(evidence.project) for word in route.captured}
    if name in NOT_THERE:
        advice = f"{NOT_THERE[name]}."
    elif key in captured:
        advice = f'What the route captures is deeper: {scope}["url_route"]["kwargs"]["{key}"]'
    elif name in PLACES:
        advice = f"It is here: {PLACES[name].format(scope=scope)}"
    else:
        advice = f"Its keys are {', '.join(KEYS)}; the last three need AuthMiddlewareStack."
    return f"The scope has no key {key!r}. {advice}"


@rule(raised=r"^KeyError: '([^']+)'")
def url_route_has_no_such_key(evidence, error, key):
    written, meaning = evidence.asked(error)
    if meaning.endswith("['url_route']"):
        return Explanation(
            f"The scope's url_route has the keys 'args' and 'kwargs', and no {key!r}. What the "
            f'route captures is in {written}["kwargs"].',
            evidence.where(error),
        )


@rule(raised=r"^KeyError: '([^']+)'")
def room_name_not_in_route(evidence, error, key):
    if not evidence.asked(error)[1].endswith("['kwargs']"):
        return None
    names = [repr(name) for route in written_routes(evidence.project) for name in route.captured]
    there = f" (it captures {', '.join(names)})" if names else ""
    is_path = any(route.is_path for route in written_routes(evidence.project))
    written = f"<str:{key}>" if is_path else f"(?P<{key}>\\w+)"
    return Explanation(
        f"The consumer asks for {key!r}, and the route captures no argument of that name{there}. "
        f"Use the same name in the route, {written}, and in the consumer.",
        evidence.where(error),
    )


@rule(raised=r"^KeyError: '([^']+)'")
def cookie_or_session_lacks_it(evidence, error, key):
    written, meaning = evidence.asked(error)
    kind = next((k for k in ("session", "cookies") if meaning.endswith(f"scope['{k}']")), None)
    if kind:
        lacks = "session is empty" if kind == "session" else f"browser sent no cookie {key!r}"
        return Explanation(
            f"Whoever opens the page for the first time has nothing stored: their {lacks}. Ask so "
            f'that this is allowed: {written}.get("{key}")',
            evidence.where(error),
        )
