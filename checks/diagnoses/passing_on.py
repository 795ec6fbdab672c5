"""ASGI middleware of the learner's own: whether a connection is passed on to the routes."""

import ast
import re

from workshop.checking.events import ConsumerMade, Ended, NeverAwaited
from workshop.checking.explaining.edits import below, instead, made_async, removed, without
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.origin import written_out
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Refused, Unanswered

# The methods of query sets that wait for the database, and have a twin to await.
QUERIES = ("get", "count", "exists", "first", "last", "create", "get_or_create", "delete", "update")
EMPTY = " The page's address has no query string, so this rejects every browser."


@rule
def inner_not_awaited(evidence):
    for event in evidence.events(NeverAwaited):
        where = evidence.place(event)
        for found in middlewares(evidence.project):
            if where and where.line in [call.lineno for call in found.passing_on]:
                if found.has(where) and not evidence.events(ConsumerMade):
                    statement = evidence.statement_at(where)
                    bare = isinstance(statement, ast.Expr)
                    return Explanation(
                        f"{found.name} calls the inner application but does "
                        "not await it, so no consumer was created. "
                        f"Write `{found.right}`.",
                        where,
                        evidence.suggest(where, instead(statement, found.right)) if bare else None,
                    )


def _handed_on_nothing(evidence):
    """The middlewares, where a connection's application ended and no consumer was created."""
    ended = evidence.saw_only(Unanswered) and evidence.events(Ended, error=None)
    if ended and not evidence.events(ConsumerMade) and not evidence.events(NeverAwaited):
        return [m for m in middlewares(evidence.project) if m.call and len(m.arguments) == 3]
    return []


@rule
def middleware_never_calls_inner(evidence):
    for found in _handed_on_nothing(evidence):
        if not found.passing_on:
            last = found.call.body[-1]
            place = instead if isinstance(last, ast.Return | ast.Pass) else below
            return Explanation(
                f"{found.name} ended without ever calling the inner "
                "application, so no consumer was created. "
                f"End {found.call.name}() with `{found.right}`.",
                found.where(),
                evidence.suggest(found.where(), place(last, found.right)),
            )


@rule
def middleware_returns_without_inner(evidence):
    """A way through it on which the application inside is not called."""
    for found in _handed_on_nothing(evidence):
        calls = found.passing_on
        for node in ast.walk(found.call) if calls else ():
            inside = [child for child in ast.walk(node) if child in calls]
            leaves = isinstance(node, ast.Return) and not inside
            only_if = isinstance(node, ast.If) and inside and not node.orelse
            if leaves or only_if:
                return Explanation(
                    f"{found.name} ended{_why(evidence, found, node)}, without calling the inner "
                    "application, so no consumer was created and the browser got no answer. "
                    f"Call it for such a browser as well: {_in_its_place(found, node)}.",
                    found.where(node),
                    evidence.suggest(found.where(node), instead(node, found.right))
                    if leaves
                    else None,
                )


def _in_its_place(found, node):
    return f"`{found.right}`" + (" in its place" if isinstance(node, ast.Return) else "")


def _why(evidence, found, node):
    """The condition, or the exception, that led to it."""
    for error, where in evidence.swallowed:
        if found.has(where):
            return f" because {error.text} was raised and caught"
    if isinstance(node, ast.If):
        return f", because `{ast.unparse(node.test)}` was not true"
    condition = _condition(found, node)
    return f" because of `if {ast.unparse(condition.test)}`" if condition else ""


def _condition(found, node):
    """The `if` in whose body a node of the middleware is."""
    ifs = [n for n in ast.walk(found.call) if isinstance(n, ast.If)]
    inside = [n for n in ifs if any(node is c for part in n.body for c in ast.walk(part))]
    return inside[-1] if inside else None


@rule
def middleware_refuses(evidence):
    if not evidence.saw(Refused) or evidence.errors or evidence.events(ConsumerMade):
        return None
    for found in middlewares(evidence.project):
        for node in found.constants("websocket.close"):
            condition = _condition(found, node)
            because = f", because of `if {ast.unparse(condition.test)}`" if condition else ""
            test = written_out(found.source, condition.test, node.lineno) if condition else ""
            return Explanation(
                f"{found.name} rejected the connection, with "
                f"websocket.close{because}.{EMPTY if 'query_string' in test else ''} To accept "
                f"it, call the inner application instead: `{found.right}`",
                found.where(node),
                _let_in(evidence, found, node),
            )


def _let_in(evidence, found, node):
    """The edit that goes on where the browser is refused, without the `return` after it."""
    where = found.where(node)
    refusing = evidence.statement_at(where)
    after = [s for s in found.source.nodes(ast.Return) if s.lineno == refusing.end_lineno + 1]
    changes = [without(s) for s in after if s.col_offset == refusing.col_offset and not s.value]
    return evidence.suggest(where, instead(refusing, found.right), *changes)


@rule
def middleware_took_the_first_event(evidence):
    """websocket.connect, which the consumer then waits for."""
    waits = evidence.saw_only(Unanswered) and evidence.events(ConsumerMade)
    if not waits or evidence.begun("websocket.connect"):
        return None
    for found in middlewares(evidence.project):
        for call in calls_in(found.call or ast.Pass()) if len(found.arguments) == 3 else ():
            if getattr(call.func, "id", None) == found.arguments[1]:
                where, source = found.where(call), found.source
                statement = evidence.statement_at(where)
                alone = isinstance(statement, ast.Expr)
                return Explanation(
                    f"{found.name} takes the first event here, websocket.connect, so the consumer "
                    "never gets it. Leave receive to the inner application: remove this "
                    f"{'line' if alone else 'call'}.",
                    where,
                    evidence.suggest(where, removed(source, statement)) if alone else None,
                )


@rule(raised=r"DenyConnection")
def denied_outside_of_a_consumer(evidence, error):
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        if found.has(where):
            return Explanation(
                "DenyConnection is for the connect() of a consumer, which "
                "catches it; around a consumer it ends the application. "
                f"To accept the browser, call the inner application instead: `{found.right}`. "
                "To reject it, send the event websocket.close.",
                where,
                evidence.suggest(where, instead(evidence.statement_at(where), found.right)),
            )


# What is passed on


@rule(raised=r"TypeError: [\w.<>]+\(\) (?:missing|takes)")
def handed_on_in_another_order(evidence, error):
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        for call in found.passing_on if found.has(where) else ():
            given = [ast.unparse(argument) for argument in call.args]
            if given != found.arguments and sorted(given) == sorted(found.arguments):
                code = f"{ast.unparse(call.func)}({', '.join(found.arguments)})"
                return Explanation(
                    f"The order is {', '.join(found.arguments)}: write `{found.right}`.",
                    where,
                    evidence.suggest(where, instead(call, code)),
                )


@rule(raised=r"ValueError: No 'path' key in connection scope")
def handed_on_a_scope_without_its_keys(evidence, error):
    for found in middlewares(evidence.project):
        for call in found.passing_on:
            where, scope = found.where(call), (found.arguments or ["scope"])[0]
            given = call.args[0] if call.args else None
            edit, code = None, f"dict({scope}, user=…)"
            if isinstance(given, ast.Dict) and given.keys:
                code = f"{{**{scope}, {found.source.code(given)[1:]}"
                edit = evidence.suggest(where, instead(given, code))
            return Explanation(
                f"{found.name} passes on a scope of its own, without what the server put in it. "
                f"Pass on a copy with your key added: `{code}`",
                where,
                edit,
            )


@rule(raised=r"'coroutine' object (?:is not|has no attribute)")
def scope_given_a_coroutine(evidence, error):
    """scope["user"] = user_of(scope), without await, and the consumer uses it."""
    key = re.search(r"scope\['(\w+)'\]", evidence.origin(evidence.where(error)))
    for source in evidence.project.sources if key else ():
        for node in source.nodes(ast.Assign):
            target, where = ast.unparse(node.targets[0]), source.where(node)
            value = written_out(source, node.value, node.lineno)
            if target.endswith(f"scope['{key[1]}']") and value.endswith(")"):
                target, value = source.code(node.targets[0]), source.code(node.value)
                code, edit = f"{target} = await {value}", None
                function, first = evidence.project.function_at(where), ""
                if isinstance(function, ast.FunctionDef):
                    first = f" Make {function.name} an async def for that."
                elif isinstance(node.value, ast.Call):
                    edit = evidence.suggest(where, instead(node.value, f"await {value}"))
                return Explanation(
                    f"{target} is a coroutine, because it is not awaited here. "
                    f"Write `{code}`.{first}",
                    where,
                    edit,
                )


@rule(raised=r"SynchronousOnlyOperation")
def query_in_plain_middleware(evidence, error):
    """It runs on the event loop all the same, because the server awaits what it returns."""
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        if found.has(where) and isinstance(found.call, ast.FunctionDef):
            right = f"return await {found.inner}({', '.join(found.arguments)})"
            query = evidence.only_at(where, ast.Call, lambda call: last_name(call.func) in QUERIES)
            awaited, edit = "await the method of the same name with an a prefix: aget()", None
            if query:
                code = f"await {_with_a(found.source, query)}"
                awaited = f"`{code}`"
                ends = [n for n in ast.walk(found.call) if isinstance(n, ast.Return) and n.value]
                changes = [instead(n, right) for n in ends if n.value in found.passing_on]
                edit = evidence.suggest(
                    where, made_async(found.call), instead(query, code), *changes
                )
            return Explanation(
                f"A query waits for the database, and {found.call.name}() in a "
                "middleware runs on the event loop, where nothing may block. "
                f"Write `async def {found.call.name}`, and in it {awaited}; end it with `{right}`.",
                where,
                edit,
            )


def _with_a(source, query):
    """The call of the asynchronous twin: User.objects.acount() of User.objects.count()."""
    function = source.code(query.func)
    owner, dot, name = function.rpartition(".")
    return f"{owner}{dot}a{name}{source.code(query)[len(function) :]}"
