"""async_to_sync() that was given the wrong thing, or only made and never called."""

import ast

from checks.diagnoses.bridges import NO_BRIDGE_HERE, bridged_at
from workshop.checking.explaining.asynchronous import BRIDGES
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"TypeError: object \w+ can't be used in 'await' expression")
def async_to_sync_on_a_plain_function(evidence, error):
    if error.frames and error.frames[-1].function == "main_wrap":
        where = evidence.where(error)
        at = bridged_at(evidence, where)
        sure = at.coroutine is not None
        code = at.source.code(at.coroutine) if sure else "this function"
        return Explanation(
            "async_to_sync() is for coroutine functions, such as those of "
            f"the channel layer, but {code} is a plain function. "
            "Call it without async_to_sync.",
            where,
            evidence.suggest(where, instead(at.call.func, code)) if sure else None,
        )


@rule
def async_to_sync_made_in_async_code(evidence):
    for inner, name, where in _bridges_left(evidence):
        if evidence.project.is_async_at(where):
            if isinstance(inner, ast.Call):
                at = bridged_at(evidence, where)
                return Explanation(f"{NO_BRIDGE_HERE} {at.to_run()}", where, at.suggestion)
            code = evidence.project.source_at(where).code(inner) if inner else f"…{name}"
            return Explanation(
                f"{NO_BRIDGE_HERE} Write `await {code}(…)`, with its arguments in the parentheses.",
                where,
            )


@rule
def async_to_sync_closes_too_late(evidence):
    """async_to_sync(f(…)), with the parentheses misplaced."""
    for inner, name, where in _bridges_left(evidence):
        if isinstance(inner, ast.Call) and not evidence.project.is_async_at(where):
            at = bridged_at(evidence, where)
            return Explanation(
                f"The parentheses of async_to_sync close too late: {name}(…) is called before it "
                f"is wrapped. {at.to_run()}",
                where,
                at.suggestion,
            )


@rule
def async_to_sync_not_called(evidence):
    for inner, name, where in _bridges_left(evidence):
        if not isinstance(inner, ast.Call) and not evidence.project.is_async_at(where):
            function = evidence.project.source_at(where).code(inner) if inner else f"…{name}"
            return Explanation(
                f"`async_to_sync({function})` only creates a function, which is never called. "
                f"Write `async_to_sync({function})(…)`, with its "
                "arguments in the second parentheses.",
                where,
            )


def _bridges_left(evidence):
    """Each async_to_sync(…) that is a statement by itself and can explain the failure: its
    argument, the last name in it, its place."""
    for consumer in evidence.consumers if not evidence.errors else ():
        for statement in consumer.nodes(ast.Expr):
            call, where = statement.value, consumer.where(statement)
            method = consumer.method_at(where)
            if isinstance(call, ast.Call) and last_name(call.func) in BRIDGES:
                if evidence.in_question(method and method.name):
                    inner = call.args[0] if call.args else None
                    name = last_name(inner.func if isinstance(inner, ast.Call) else inner)
                    yield inner, name or "…", where
