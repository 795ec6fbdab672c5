"""ASGI middleware of the learner's own: how it is made, and how it is called."""

from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where, mentions

ROUTER = "URLRouter(websocket_urlpatterns)"
FORM = "async def __call__(self, scope, receive, send), which ends with return await {inner}"


def named(evidence, name):
    """The project's middleware of that name."""
    return next((m for m in middlewares(evidence.project) if m.name == name), None)


def _where_named(evidence, name):
    """The place in the module with the application that names it."""
    asgi = evidence.project.asgi
    for node in reversed(asgi.tree.body if asgi and asgi.tree else ()):
        if mentions(node, name):
            return asgi.where(node)
    return None


@rule(
    raised=r"TypeError: (\w+)\.(?:__call__|<locals>\.\w+)\(\) takes [12] positional arguments? but"
)
def middleware_takes_too_little(evidence, error, name):
    """In Channels 2 it got the scope alone (Channels documentation, release notes of 3.0); in
    Django it gets a request."""
    found = named(evidence, name)
    if found is None or evidence.raised_by_them(error):
        return None
    took = ", ".join(found.arguments)
    if found.arguments == ["request"]:
        whose = "for Django's pages: it takes a request, and is named in MIDDLEWARE"
    else:
        whose = f"of the form that Channels 2 had: it takes {took} alone"
    inner = found.inner if found.inner.startswith("super") else "self.inner"
    return Explanation(
        f"{name} is a middleware {whose}. Around WebSockets it is called with scope, receive and "
        f"send: write {FORM.format(inner=f'{inner}(scope, receive, send)')}.",
        found.where(),
    )


@rule(raised=r"TypeError: (\w+)[\w.<>]*\(\) missing 2 required positional arguments: 'receive' and")
def inner_called_with_the_scope_alone(evidence, error, name):
    where = evidence.where(error)
    for found in middlewares(evidence.project) if evidence.raised_by_them(error) else ():
        if found.has(where):
            return Explanation(
                "In Channels 2 the application inside was called with the scope alone; now it "
                f"takes all three at once. Write {found.right}.",
                where,
            )


@rule(
    raised=r"TypeError: (\w+)\.__call__\(\) missing 2 required positional arguments: 'receive' and"
)
def asgi_middleware_in_settings(evidence, error, name):
    setting = evidence.project.setting_value("MIDDLEWARE") or ()
    if any(str(entry).endswith(f".{name}") for entry in setting):
        return Explanation(
            f"MIDDLEWARE in settings.py is for Django's middleware, which takes a request, and "
            f"{name} takes scope, receive and send. Remove it there; in asgi.py, write "
            f"{name}({ROUTER}).",
            evidence.project.where_set("MIDDLEWARE"),
        )


@rule(raised=r"TypeError: (\w+)(?:\.__init__)?\(\) takes [12] positional arguments? but [34] were")
def middleware_named_and_not_called(evidence, error, name):
    asgi = evidence.project.asgi
    theirs_or_channels = named(evidence, name) or "Middleware" in name
    if theirs_or_channels and not evidence.raised_by_them(error) and asgi:
        return Explanation(
            f"asgi.py names {name} and does not call it, so it is given a connection in place of "
            f"an application. Write {name}({ROUTER}).",
            _where_named(evidence, name),
        )


@rule(raised=r"TypeError: (\w+)\.__init__\(\) missing 1 required positional argument")
def middleware_without_an_application(evidence, error, name):
    if named(evidence, name) and evidence.raised_by_them(error):
        return Explanation(
            f"{name} is made around an application. Give it one: {name}({ROUTER})",
            evidence.where(error),
        )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
def middleware_lacks_its_inner(evidence, error, owner, name):
    found = named(evidence, owner)
    if found is None or name not in ("inner", "app", "application", "get_response"):
        return None
    if found.inner not in ("self.inner", "super().__call__", f"self.{name}"):
        return Explanation(
            f"{owner} keeps its application as {found.inner}, and asks for self.{name}. Write "
            f"{found.right}.",
            evidence.where(error),
        )
    keep = "super().__init__(inner)" if found.node.bases else f"self.{name} = {name}"
    return Explanation(
        f"The __init__ of {owner} does not keep the application that it is given. Write in it: "
        f"{keep}",
        found.where(found.node),
    )


@rule(raised=r"AttributeError: '(\w+)' object has no attribute 'scope'")
def middleware_has_no_scope(evidence, error, owner):
    if named(evidence, owner):
        return Explanation(
            "A middleware serves all connections, so it has no self.scope: the scope is the first "
            'argument of __call__(). Write scope["…"].',
            evidence.where(error),
        )


@rule(raised=r"TypeError: '(\w+)' object is not callable")
def middleware_cannot_be_called(evidence, error, kind):
    for found in middlewares(evidence.project) if not evidence.raised_by_them(error) else ():
        if found.name == kind and found.call is None and not found.node.bases:
            inner = FORM.format(inner=f"{found.inner}(scope, receive, send)")
            return Explanation(f"{kind} has no method __call__(). Write {inner}.", found.where())
        if kind == "NoneType" and _returns_nothing(found):
            return Explanation(
                f"{found.name} returns nothing. End it with return {found.call.name}",
                found.where(found.node),
            )


def _returns_nothing(found):
    body = found.node.body
    return found.call in body and not any(type(node).__name__ == "Return" for node in body)


# The order, and the middleware of Channels


@rule(raised=r"TypeError: '(\w*Middleware\w*)' object is not iterable")
def router_around_middleware(evidence, error, kind):
    return Explanation(
        "URLRouter takes the list of routes, and got a middleware. Middleware goes around it: "
        f"AuthMiddlewareStack({ROUTER})",
        evidence.where(error),
    )


@rule(
    raised=r"ValueError: (?:AuthMiddleware cannot find session|No cookies in scope"
    r"|(?:Cannot|Login cannot|Logout cannot) find session)"
)
def middleware_of_channels_alone(evidence, error):
    """channels.auth and channels.sessions: each needs the one before it."""
    alone = ("AuthMiddleware", "SessionMiddleware")
    where = next(
        (_where_named(evidence, name) for name in alone if _where_named(evidence, name)), None
    )
    return Explanation(
        "The user comes from the session, and the session from a cookie: each has a middleware, "
        f"and one is missing. AuthMiddlewareStack has all three: AuthMiddlewareStack({ROUTER}).",
        where or evidence.project.where_asgi(),
    )


@rule(raised=r"^KeyError: '(user|session|cookies|url_route)'")
def middleware_reads_too_early(evidence, error, key):
    where = evidence.where(error)
    found = next((m for m in middlewares(evidence.project) if m.has(where)), None)
    if found is None or not evidence.asked(error)[1].endswith("scope"):
        return None
    if key == "url_route":
        advice = (
            f"URLRouter puts it there, and {found.name} is around the router. Read it in the "
            'consumer; here there is scope["path"].'
        )
    else:
        advice = (
            f"AuthMiddlewareStack puts it there, and must be around {found.name}: "
            f"AuthMiddlewareStack({found.name}({ROUTER})), from channels.auth"
        )
    return Explanation(f"The scope has no {key!r} yet. {advice}", where)


@rule(raised=r"^KeyError: '(\w+)'")
def resolve_scope_never_called(evidence, error, key):
    """The hooks that BaseMiddleware had before Channels 3."""
    for found in (
        middlewares(evidence.project) if evidence.asked(error)[1].endswith("scope") else ()
    ):
        for method in found.node.body:
            name = getattr(method, "name", "")
            if name in ("resolve_scope", "populate_scope") and found.call is None:
                return Explanation(
                    f"{name}() of {found.name} is never called: BaseMiddleware has no such hook "
                    "since Channels 3. Write async def __call__(self, scope, receive, send), which "
                    f'sets scope["{key}"] and ends with return await '
                    "super().__call__(scope, receive, send).",
                    Where(found.source.path, method.lineno),
                )
