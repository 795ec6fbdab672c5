"""Which middleware is around the router, and in which order."""

import ast

from checks.diagnoses.middleware import THREE, where_named
from workshop.checking.explaining.edits import (
    around,
    ended_with,
    imported,
    instead,
    made_async,
    renamed,
    taking,
)
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.route import routes_in_asgi
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where

STACK = "from channels.auth import AuthMiddlewareStack"


@rule(raised=r"TypeError: '(\w*Middleware\w*)' object is not iterable")
def router_around_middleware(evidence, error, kind):
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    for call in evidence.nodes_at(where, ast.Call):
        inner = call.args[0] if call.args and last_name(call.func) == "URLRouter" else None
        if isinstance(inner, ast.Call) and len(inner.args) == 1:
            router, middleware, routes = map(source.code, (call.func, inner.func, inner.args[0]))
            code = f"{middleware}({router}({routes}))"
            return Explanation(
                "URLRouter takes the list of routes, but got a middleware. Middleware goes around "
                f"it. Write\n    {code}",
                where,
                evidence.suggest(where, instead(call, code)),
            )
    return Explanation(
        "URLRouter takes the list of routes, but got a middleware. Middleware goes around it: "
        f"AuthMiddlewareStack({routes_in_asgi(evidence.project).router})",
        where,
    )


@rule(
    raised=r"ValueError: (?:AuthMiddleware cannot find session|No cookies in scope"
    r"|(?:Cannot|Login cannot|Logout cannot) find session)"
)
def middleware_of_channels_alone(evidence, error):
    """channels.auth and channels.sessions: each needs the one before it."""
    alone = ("AuthMiddleware", "SessionMiddleware")
    where = next(
        (where_named(evidence, name) for name in alone if where_named(evidence, name)), None
    )
    asgi = evidence.project.asgi
    calls = list(asgi.calls("AuthMiddleware", "SessionMiddleware")) if asgi else []
    return Explanation(
        "The user comes from the session, and the session from a cookie: "
        "each has its own middleware, and not all three are here. "
        "AuthMiddlewareStack combines all three. "
        f"Write it instead of {' and '.join(last_name(call.func) for call in calls) or 'them'}, "
        f"with `{STACK}`.",
        where or evidence.project.where_asgi(),
        evidence.suggest(
            where, instead(calls[0].func, "AuthMiddlewareStack"), *imported(asgi, STACK)
        )
        if len(calls) == 1
        else None,
    )


@rule(raised=r"^KeyError: '(user|session|cookies|url_route)'")
def middleware_reads_too_early(evidence, error, key):
    where = evidence.where(error)
    found = next((m for m in middlewares(evidence.project) if m.has(where)), None)
    if found is None or not evidence.asked(error)[1].endswith("scope"):
        return None
    if key == "url_route":
        return Explanation(
            "The scope has no 'url_route' yet: URLRouter adds it, but "
            f"{found.name} is around the router and runs first. "
            f'Read it in the consumer, or write `{evidence.asked(error)[0]}["path"]` here.',
            where,
        )
    asgi = evidence.project.asgi
    calls = list(asgi.calls(found.name))
    wrapped = [*around(calls[0], "AuthMiddlewareStack(", ")")] if len(calls) == 1 else []
    return Explanation(
        f"The scope has no {key!r} yet. "
        f"AuthMiddlewareStack adds it, and must be around {found.name}. "
        f"In asgi.py, write `AuthMiddlewareStack({found.name}(…))`, with `{STACK}`.",
        where,
        evidence.suggest(asgi.where(), *wrapped, *imported(asgi, STACK)) if wrapped else None,
    )


@rule(raised=r"^KeyError: '(\w+)'")
def resolve_scope_never_called(evidence, error, key):
    """The hooks that BaseMiddleware had before Channels 3."""
    for found in (
        middlewares(evidence.project) if evidence.asked(error)[1].endswith("scope") else ()
    ):
        for method in found.node.body:
            name = getattr(method, "name", "")
            if name in ("resolve_scope", "populate_scope") and found.call is None:
                where = Where(found.source.path, method.lineno)
                last = f"return await super().__call__({THREE})"
                return Explanation(
                    f"{name}() of {found.name} is never called: "
                    "BaseMiddleware has had no such hook since Channels 3. "
                    "Instead, write\n"
                    f"    async def __call__(self, {THREE}):\n"
                    "and end it with\n"
                    f"    {last}",
                    where,
                    evidence.suggest(where, *_as_call(found.source, method, last)),
                )


def _as_call(source, method, last):
    """The changes that make __call__() of a hook that takes the scope and returns nothing."""
    if [argument.arg for argument in method.args.args] != ["self", "scope"]:
        return []
    end = ended_with(method, last)
    if not end or any(isinstance(node, ast.Return) for node in ast.walk(method)):
        return []
    plain = [made_async(method)] if isinstance(method, ast.FunctionDef) else []
    return [*plain, renamed(method, "__call__"), taking(source, method, f"self, {THREE}"), *end]
