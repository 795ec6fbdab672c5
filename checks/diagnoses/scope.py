"""What the route hands on to the consumer, in its scope."""

from workshop.checking.explaining.route import written_routes
from workshop.checking.explaining.rules import Explanation, rule

# The missing key is not one that routers and middleware put into the scope.
OWN_KEY = r"^KeyError: '(?!(?:url_route|user|session|cookies)')(\w+)'"


@rule(raised=r"^KeyError: 'url_route'")
def url_route_not_in_scope(evidence, error):
    where = evidence.where(error)
    if where:
        return Explanation(
            "The scope has no url_route, because the socket did not come through a URLRouter. "
            "In asgi.py, wrap the routes: URLRouter(websocket_urlpatterns)",
            evidence.project.where_asgi() or where,
        )


@rule(raised=OWN_KEY)
def scope_has_no_such_key(evidence, error, key):
    where = evidence.where(error)
    line = evidence.line_at(where)
    if "scope" in line and key in line and ("kwargs" not in line or key == "kwargs"):
        return Explanation(
            f"The scope has no key {key!r}. It keeps the route's arguments deeper: "
            'self.scope["url_route"]["kwargs"]["room_name"]',
            where,
        )


@rule(raised=OWN_KEY)
def room_name_not_in_route(evidence, error, key):
    where = evidence.where(error)
    line = evidence.line_at(where)
    if "kwargs" in line and key in line and key != "kwargs":
        names = [
            repr(name) for route in written_routes(evidence.project) for name in route.captured
        ]
        there = f" (it captures {', '.join(names)})" if names else ""
        return Explanation(
            f"The consumer asks for {key!r}, and the route captures no argument of that name"
            f"{there}. "
            f"Use the same name in the route, (?P<{key}>\\w+), and in the consumer.",
            where,
        )


@rule(raised=r"AttributeError: '\w+' object has no attribute '(kwargs|args|request)'")
def kwargs_like_a_view(evidence, error, name):
    return Explanation(
        f"A view has self.{name}; a consumer has its scope: "
        'self.scope["url_route"]["kwargs"]["room_name"]',
        evidence.where(error),
    )
