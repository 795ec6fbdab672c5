"""ASGI middleware of the learner's own: whether a connection is handed on to the routes."""

import ast
import re

from workshop.checking.events import ConsumerMade, Ended, NeverAwaited
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.origin import written_out
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in
from workshop.checking.failures import Refused, Unanswered

EMPTY = " The page's address has no query string, so this is so for every browser."


@rule
def inner_not_awaited(evidence):
    for event in evidence.events(NeverAwaited):
        where = evidence.place(event)
        for found in middlewares(evidence.project):
            if where and where.line in [call.lineno for call in found.passing_on]:
                if found.has(where) and not evidence.events(ConsumerMade):
                    return Explanation(
                        f"{found.name} calls the application inside and does not wait for it, so "
                        f"no consumer was made. Write {found.right}.",
                        where,
                    )


def _handed_on_nothing(evidence):
    """The middlewares, where a connection's application ended and no consumer was made."""
    ended = evidence.saw_only(Unanswered) and evidence.events(Ended, error=None)
    if ended and not evidence.events(ConsumerMade) and not evidence.events(NeverAwaited):
        return [m for m in middlewares(evidence.project) if m.call and len(m.arguments) == 3]
    return []


@rule
def middleware_never_calls_inner(evidence):
    for found in _handed_on_nothing(evidence):
        if not found.passing_on:
            return Explanation(
                f"{found.name} ended and never called the application inside, so no consumer was "
                f"made. End {found.call.name}() with {found.right}.",
                found.where(),
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
                    f"{found.name} ended{_why(evidence, found, node)}, without calling the "
                    "application inside, so no consumer was made and the browser got no answer. "
                    f"Go on for such a browser, too: {found.right}. Or refuse it: await "
                    f'{found.arguments[2]}({{"type": "websocket.close"}})',
                    found.where(node),
                )


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
                f"{found.name} turned the browser away, with websocket.close{because}."
                f"{EMPTY if 'query_string' in test else ''} To let it in, go on: {found.right}",
                found.where(node),
            )


@rule
def middleware_took_the_first_event(evidence):
    """websocket.connect, which the consumer then waits for."""
    waits = evidence.saw_only(Unanswered) and evidence.events(ConsumerMade)
    if not waits or evidence.begun("websocket.connect"):
        return None
    for found in middlewares(evidence.project):
        for call in calls_in(found.call or ast.Pass()) if len(found.arguments) == 3 else ():
            if getattr(call.func, "id", None) == found.arguments[1]:
                return Explanation(
                    f"{found.name} takes the first event here, websocket.connect, so the consumer "
                    "never gets it. Leave receive to the application inside: remove this "
                    "call.",
                    found.where(call),
                )


@rule(raised=r"DenyConnection")
def denied_outside_of_a_consumer(evidence, error):
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        if found.has(where):
            return Explanation(
                "DenyConnection is for the connect() of a consumer, which catches it; around a "
                "consumer it ends the application. To refuse the browser here, write await "
                'send({"type": "websocket.close"}) and return.',
                where,
            )


# What is handed on


@rule(raised=r"TypeError: [\w.<>]+\(\) (?:missing|takes)")
def handed_on_in_another_order(evidence, error):
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        for call in found.passing_on if found.has(where) else ():
            given = [ast.unparse(argument) for argument in call.args]
            if given != found.arguments and sorted(given) == sorted(found.arguments):
                return Explanation(
                    f"The order is {', '.join(found.arguments)}: write {found.right}.", where
                )


@rule(raised=r"ValueError: No 'path' key in connection scope")
def handed_on_a_scope_without_its_keys(evidence, error):
    for found in middlewares(evidence.project):
        for call in found.passing_on:
            return Explanation(
                f"{found.name} hands on a scope of its own, without what the server put into it. "
                "Hand on a copy with your key added: dict(scope, user=…)",
                found.where(call),
            )


@rule(raised=r"'coroutine' object (?:is not|has no attribute)")
def scope_given_a_coroutine(evidence, error):
    """scope["user"] = user_of(scope), without await, and the consumer uses it."""
    key = re.search(r"scope\['(\w+)'\]", evidence.origin(evidence.where(error)))
    for source in evidence.project.sources if key else ():
        for node in source.nodes(ast.Assign):
            target = ast.unparse(node.targets[0])
            value = written_out(source, node.value, node.lineno)
            if target.endswith(f"scope['{key[1]}']") and value.endswith(")"):
                functions = source.at(node.lineno, ast.FunctionDef, ast.AsyncFunctionDef)
                plain = functions and isinstance(functions[-1], ast.FunctionDef)
                first = f" Make {functions[-1].name} an async def for that." if plain else ""
                line = f"{target} = await {value}".replace("'", '"')
                return Explanation(
                    f"{target} is a coroutine, because it is not awaited here. Write {line}."
                    f"{first}".replace("'", '"'),
                    source.where(node),
                )


@rule(raised=r"SynchronousOnlyOperation")
def query_in_plain_middleware(evidence, error):
    """It runs on the event loop all the same, because the server awaits what it returns."""
    where = evidence.where(error)
    for found in middlewares(evidence.project):
        if found.has(where) and isinstance(found.call, ast.FunctionDef):
            return Explanation(
                f"A query waits for the database, and {found.call.name}() of a middleware runs on "
                f"the event loop, where nothing may wait. Write async def {found.call.name}, and "
                "in it await the method of the same name with an a in front, such as aget(); end "
                f"it with return await {found.inner}({', '.join(found.arguments)}).",
                where,
            )
