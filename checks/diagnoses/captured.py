"""What a route captures, as the scope has it (channels.routing.URLRouter)."""

import ast
import re

from workshop.checking.explaining.edits import around, instead, left_out
from workshop.checking.explaining.route import SLUG, written_routes
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"^KeyError: '([^']+)'")
def url_route_has_no_such_key(evidence, error, key):
    written, meaning = evidence.asked(error)
    if meaning.endswith("['url_route']"):
        where, asked = evidence.where(error), evidence.lookup(error)
        captured = {word for route in written_routes(evidence.project) for word in route.captured}
        return Explanation(
            f"The scope's url_route has the keys 'args' and 'kwargs', but not {key!r}. What the "
            f'route captures is in `{written}["kwargs"]`.',
            where,
            evidence.suggest(where, *around(asked.value, "", '["kwargs"]'))
            if key in captured
            else None,
        )


@rule(raised=r"^KeyError: '([^']+)'")
def room_name_not_in_route(evidence, error, key):
    if not evidence.asked(error)[1].endswith("['kwargs']"):
        return None
    routes = list(written_routes(evidence.project))
    if any(key in route.captured for route in routes):
        return _another_route(evidence, routes, key)
    names = [repr(name) for route in routes for name in route.captured]
    lacks = f"The consumer asks for {key!r}, but the route captures "
    lacks += f"only {', '.join(names)}." if names else "no argument of that name."
    route = routes[0] if len(routes) == 1 else None
    right = _capturing(route, key) if route else None
    if right and not _asks_for(evidence, route.captured):
        return Explanation(
            f"{lacks} Use the same name in both. In {route.source.path.name}, write\n"
            f"    {route.written(right)}",
            evidence.where(error),
            evidence.suggest(route.where, instead(route.call.args[0], route.written(right))),
        )
    is_path = any(route.is_path for route in routes)
    written = f"<slug:{key}>" if is_path else f"(?P<{key}>{SLUG})"
    return Explanation(
        f"{lacks} Use the same name in the route, {written}, and in the consumer.",
        evidence.where(error),
    )


def _another_route(evidence, routes, key):
    """Of the routes that fit the path, the first is taken."""
    paths = [path.lstrip("/") for path in evidence.paths or ()]
    for route in routes:
        if key not in route.captured and any(route.fits(path) for path in paths):
            lists = [n for n in route.source.nodes(ast.List) if route.call in n.elts]
            return Explanation(
                f"The route {route.shown} fits this path, too, and is the first that does; it "
                f"captures nothing called {key!r}. Remove it, or end it with $ so that it fits "
                "its own path alone.",
                route.where,
                evidence.suggest(route.where, left_out(route.call, lists[0].elts))
                if lists
                else None,
            )
    return None


def _capturing(route, name):
    """The route's pattern when it captures under this name what it captures under another or none;
    None where it captures more, or nothing."""
    groups = re.findall(r"\((?!\?)|\(\?P<\w+>|<(?:\w+:)?\w+>", route.pattern)
    if len(groups) != 1:
        return None
    if groups[0] == "(":
        return route.pattern.replace("(", f"(?P<{name}>", 1)
    return re.sub(r"<(\w+:)?\w+>", rf"<\g<1>{name}>", route.pattern, count=1)


def _asks_for(evidence, names):
    """Whether a consumer asks for one of these names elsewhere."""
    constants = [node.value for c in evidence.consumers for node in c.nodes(ast.Constant)]
    return any(name in constants for name in names)
