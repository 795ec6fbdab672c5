"""The path that the browser asks for, and the routes that do not match it."""

import ast
import difflib
import re

from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.project import ROUTES
from workshop.checking.explaining.route import SLUG, written_routes
from workshop.checking.explaining.rules import Explanation, advice, rule

ROOM = re.compile(r"r[0-9a-f]{12}")  # the rooms of the checks
NO_ROUTE = r"No route found for path '(.*?)'"  # without the first slash


def asked(path):
    """The path as its author would write it: "ws/chat/<room_name>/"."""
    return ROOM.sub("<room_name>", path)


def rewritten(evidence, route, pattern):
    """The edit that gives the route another pattern."""
    return evidence.suggest(route.where, instead(route.call.args[0], route.written(pattern)))


# No route at all


@rule(raised=NO_ROUTE)
def route_among_the_pages(evidence, error, path):
    if any(written_routes(evidence.project)):
        return None
    routing = evidence.project.routing
    home = f" in {routing.path.name}" if routing else ""
    for source, call in evidence.project.calls(*ROUTES):
        if source.path.name == "urls.py" and mentions(call, "as_asgi"):
            return Explanation(
                "The route to the consumer is among the pages, where Django only looks for HTTP. "
                f"Move it, and its imports, to websocket_urlpatterns{home}, which asgi.py gives "
                "to URLRouter.",
                source.where(call),
            )


@rule(raised=NO_ROUTE)
def no_routes_yet(evidence, error, path):
    project = evidence.project
    if any(written_routes(project)):
        return None
    consumer = next((c.name for c in project.consumers), "ChatConsumer")
    routing = project.routing or project.asgi
    imports = [
        f"    {code}\n"
        for code in ("from django.urls import re_path", "from . import consumers")
        if routing and code.rpartition(" ")[2] not in routing.imports
    ]
    return Explanation(
        f"The browser asked for {asked(path)}, but websocket_urlpatterns has no route yet. "
        f"Add one to the list{', and the imports above it' if imports else ''}:\n"
        f"{''.join(imports)}"
        f'    re_path(r"^ws/chat/(?P<room_name>{SLUG})/$", '
        f"consumers.{consumer}.as_asgi()),",
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
                rewritten(evidence, route, route.pattern[:-1]),
            )


@rule(raised=NO_ROUTE)
def regular_expression_in_path(evidence, error, path):
    for route in written_routes(evidence.project):
        if route.is_path and re.search(r"\(\?P<|\\w|^\^|\$$", route.pattern):
            return Explanation(
                f"path() compares literally, but {route.shown} is a regular expression. "
                f"Write re_path instead of path{_and_import(route, 're_path')}.",
                route.where,
                _called(evidence, route, "re_path", route.shown),
            )


def _and_import(route, name):
    known = isinstance(route.call.func, ast.Attribute) or name in route.source.imports
    return "" if known else f", with `from django.urls import {name}` at the top of the file"


def _called(evidence, route, name, pattern):
    """The edit that makes it a call of path() or re_path(), with the pattern as it is written."""
    function = route.call.func
    if isinstance(function, ast.Attribute):
        module = instead(function, f"{ast.unparse(function.value)}.{name}")
        return evidence.suggest(route.where, module, instead(route.call.args[0], pattern))
    return evidence.suggest(
        route.where,
        instead(function, name),
        instead(route.call.args[0], pattern),
        *imported(route.source, f"from django.urls import {name}"),
    )


@rule(raised=NO_ROUTE)
def path_syntax_in_re_path(evidence, error, path):
    for route in written_routes(evidence.project):
        if not route.is_path and re.search(r"<\w+:\w+>", route.pattern):
            pattern = f'"{route.pattern.lstrip("^").rstrip("$")}"'
            return Explanation(
                f"re_path() takes a regular expression, but {route.shown} is written for path(). "
                f"Write path({pattern}, …){_and_import(route, 'path')}.",
                route.where,
                _called(evidence, route, "path", pattern),
            )


@rule(raised=NO_ROUTE)
def route_begins_with_a_slash(evidence, error, path):
    for route in written_routes(evidence.project):
        without = route.pattern.replace("/", "", 1)
        if route.pattern.lstrip("^").startswith("/") and route.with_pattern(without).fits(path):
            return Explanation(
                "The route begins with a slash. "
                "Channels' URLRouter removes the first slash of the path before it compares. "
                f"Write {route.written(without)}",
                route.where,
                rewritten(evidence, route, without),
            )


@rule(raised=NO_ROUTE)
def route_ends_without_a_slash(evidence, error, path):
    for route in written_routes(evidence.project):
        end = "$" if route.pattern.endswith("$") else ""
        whole = f"{route.pattern.removesuffix(end)}/{end}"
        if path.endswith("/") and route.fits(path[:-1]) and route.with_pattern(whole).fits(path):
            return Explanation(
                f"The route ends without a slash, but the browser asks for {asked(path)}, "
                f"with one. Write {route.written(whole)}",
                route.where,
                rewritten(evidence, route, whole),
            )


@rule(raised=NO_ROUTE)
def route_in_other_capitals(evidence, error, path):
    for route in written_routes(evidence.project):
        if not route.fits(path) and route.fits(path, re.IGNORECASE):
            begins = asked(path).partition("<")[0]
            right = re.sub(re.escape(begins), begins, route.pattern, flags=re.IGNORECASE)
            certain = route.with_pattern(right).fits(path)
            return Explanation(
                f"The browser asks for {asked(path)}, but the route "
                f"{route.shown} differs from it in upper and lower case."
                + (f" Write {route.written(right)}" if certain else ""),
                route.where,
                rewritten(evidence, route, right) if certain else None,
            )


@rule(raised=NO_ROUTE)
def route_does_not_match_the_room(evidence, error, path):
    room = ROOM.search(path)
    for route in written_routes(evidence.project):
        wider = re.sub(r"(\(\?P<\w+>)[^()]*\)", rf"\1{SLUG})", route.pattern)
        wider = re.sub(r"<\w+:", "<slug:", wider)
        if wider != route.pattern and route.with_pattern(wider).fits(path):
            return Explanation(
                f"The route {route.shown} does not match the room's name: "
                f"the browser asked for a room called {room[0] if room else asked(path)}. "
                f"A room's name is letters, digits, - and _. Write {route.written(wider)}",
                route.where,
                rewritten(evidence, route, wider),
            )


# Any other


@rule(raised=NO_ROUTE)
def no_route(evidence, error, path):
    routes = list(written_routes(evidence.project))
    if routes:
        wanted = asked(path)
        shown = " and ".join(route.shown for route in routes)
        alike = [difflib.SequenceMatcher(None, route.pattern, wanted).ratio() for route in routes]
        nearest = routes[alike.index(max(alike))]
        right = _right_for(nearest, path) if len(routes) == 1 else None
        advice = (
            f". Write {nearest.written(right)}" if right else ": compare them letter by letter."
        )
        return Explanation(
            f"No route matches what the browser asked for, {wanted}. There is {shown}{advice}",
            nearest.where,
            rewritten(evidence, nearest, right) if right else None,
        )


def _right_for(route, path):
    """The pattern that the route to a consumer should have; None where it leads on to others, or
    captures more than a room."""
    name = next(iter(route.captured), "room_name")
    argument = f"<slug:{name}>" if route.is_path else f"(?P<{name}>{SLUG})"
    pattern = ROOM.sub(lambda _: argument, path)
    pattern = pattern if route.is_path else f"^{pattern}$"
    single = len(route.captured) < 2 and mentions(route.call, "as_asgi")
    return pattern if single and route.with_pattern(pattern).fits(path) else None


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
