"""The path that the browser asks for, and the routes that do not match it."""

import ast
import difflib
import re

from workshop.checking.explaining.route import written_routes
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import ROUTES, last_name, mentions

ROOM = re.compile(r"r[0-9a-f]{12}")  # the rooms of the checks
NO_ROUTE = r"No route found for path '(.*?)'"  # without the first slash


def asked(path):
    """The path as its author would write it: "ws/chat/<room_name>/"."""
    return ROOM.sub("<room_name>", path)


# No route at all


@rule(raised=NO_ROUTE)
def route_among_the_pages(evidence, error, path):
    if any(written_routes(evidence.project)):
        return None
    for source, call in evidence.project.calls(*ROUTES):
        if source.path.name == "urls.py" and mentions(call, "as_asgi"):
            return Explanation(
                "The route to the consumer is among the pages, where Django looks for HTTP only. "
                "Move it to websocket_urlpatterns, which asgi.py gives to URLRouter.",
                source.where(call),
            )


@rule(raised=NO_ROUTE)
def no_routes_yet(evidence, error, path):
    project = evidence.project
    if any(written_routes(project)):
        return None
    consumer = next((c.name for c in project.consumers), "ChatConsumer")
    routing = project.routing or project.asgi
    return Explanation(
        f"The browser asked for {asked(path)}, and websocket_urlpatterns has no route yet. "
        "Add one:\n"
        f'    re_path(r"^ws/chat/(?P<room_name>\\w+)/$", consumers.{consumer}.as_asgi()),',
        routing.where(_list_of_routes(routing)) if routing else None,
    )


def _list_of_routes(source):
    for node in source.nodes(ast.Assign):
        if isinstance(node.value, ast.List) and "url" in (last_name(node.targets[0]) or ""):
            return node
    return None


# One change away from a match


@rule(raised=NO_ROUTE)
def nested_router_after_an_end(evidence, error, path):
    for route in written_routes(evidence.project):
        if mentions(route.call, "URLRouter") and route.pattern.endswith("$"):
            return Explanation(
                "This route leads to another URLRouter and ends with $, so it leaves nothing of "
                f"{asked(path)} for the routes inside. Remove the $.",
                route.where,
            )


@rule(raised=NO_ROUTE)
def regular_expression_in_path(evidence, error, path):
    for route in written_routes(evidence.project):
        if route.is_path and re.search(r"\(\?P<|\\w|^\^|\$$", route.pattern):
            return Explanation(
                f"path() compares letter by letter, and {route.shown} is a regular expression. "
                'Write re_path(…), or path("ws/chat/<str:room_name>/", …).',
                route.where,
            )


@rule(raised=NO_ROUTE)
def path_syntax_in_re_path(evidence, error, path):
    for route in written_routes(evidence.project):
        if not route.is_path and re.search(r"<\w+:\w+>", route.pattern):
            return Explanation(
                f"re_path() takes a regular expression, and {route.shown} is written for "
                "path(). Write path(…), or (?P<room_name>\\w+) for the room.",
                route.where,
            )


@rule(raised=NO_ROUTE)
def route_begins_with_a_slash(evidence, error, path):
    for route in written_routes(evidence.project):
        without = route.pattern.replace("/", "", 1)
        if route.pattern.lstrip("^").startswith("/") and route.with_pattern(without).fits(path):
            return Explanation(
                "The route begins with a slash. "
                "Django takes the first slash off before it compares, so write "
                f"{_written(route, without)}.",
                route.where,
            )


def _written(route, pattern):
    return f'"{pattern}"' if route.is_path else f'r"{pattern}"'


@rule(raised=NO_ROUTE)
def route_ends_without_a_slash(evidence, error, path):
    for route in written_routes(evidence.project):
        if path.endswith("/") and route.fits(path[:-1]):
            return Explanation(
                f"The route ends without a slash, and the browser asks for {asked(path)}, "
                "with one. End the route with a slash.",
                route.where,
            )


@rule(raised=NO_ROUTE)
def route_in_other_capitals(evidence, error, path):
    for route in written_routes(evidence.project):
        if not route.fits(path) and route.fits(path, re.IGNORECASE):
            return Explanation(
                f"The route {route.shown} has other capital letters than {asked(path)}.",
                route.where,
            )


@rule(raised=NO_ROUTE)
def route_does_not_match_the_room(evidence, error, path):
    room = ROOM.search(path)
    for route in written_routes(evidence.project):
        wider = re.sub(r"(\(\?P<\w+>)[^()]*\)", r"\1[^/]+)", route.pattern)
        wider = re.sub(r"<\w+:", "<str:", wider)
        if wider != route.pattern and route.with_pattern(wider).fits(path):
            return Explanation(
                f"The route {route.shown} does not match the room's name: "
                f"the browser asked for a room called {room[0] if room else asked(path)}. "
                "Let it match any, with (?P<room_name>\\w+) in re_path() or <str:room_name> in "
                "path().",
                route.where,
            )


# Any other


@rule(raised=NO_ROUTE)
def no_route(evidence, error, path):
    routes = list(written_routes(evidence.project))
    if routes:
        wanted = asked(path)
        shown = " and ".join(route.shown for route in routes)
        alike = [difflib.SequenceMatcher(None, route.pattern, wanted).ratio() for route in routes]
        return Explanation(
            f"No route matches what the browser asked for, {wanted}. "
            f"There is {shown}: compare them letter by letter.",
            routes[alike.index(max(alike))].where,
        )


@advice(needs="chat")
def route_without_an_end(evidence):
    """Django compares the whole path only with an expression that ends in $, and searches it in
    the path otherwise (django.urls.resolvers.RegexPattern)."""
    for route in written_routes(evidence.project):
        leads_on = mentions(route.call, "URLRouter") or not mentions(route.call, "as_asgi")
        if last_name(route.call.func) != "re_path" or leads_on:
            continue
        if not re.search(r"\$$|\\Z$", route.pattern):
            before = "" if route.pattern.startswith(("^", r"\A")) else "and before "
            return Explanation(
                f"The route {route.shown} matches whatever comes after {before}it as well, "
                "such as ws/chat/lobby/anything. Begin it with ^ and end it with $.",
                route.where,
            )
