"""Between synchronous and asynchronous code: async_to_sync, sync_to_async and event loops."""

import ast
from dataclasses import replace

from workshop.checking.explaining.asynchronous import (
    BRIDGES,
    made_asynchronous,
    plain_methods,
)
from workshop.checking.explaining.callers import TO_THREAD, takes_nothing
from workshop.checking.explaining.edits import after, instead, made_plain, undecorated
from workshop.checking.explaining.loop import calls_on_the_loop
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.suggestion import suggest

NO_BRIDGE_HERE = "async_to_sync is for synchronous code, but this line is in an `async def`."


@rule(advises=True)
def async_to_sync_in_async_code(evidence):
    error = evidence.error(r"You cannot use AsyncToSync in the same thread as an async event loop")
    if error:
        where = evidence.where(error)
        at = bridged_at(evidence, where)
        if isinstance(at.function, ast.FunctionDef) and at.is_called_by_channels:
            return _bridge_in_a_plain_method(at)
        why = NO_BRIDGE_HERE
        if isinstance(at.function, ast.FunctionDef):
            why = "async_to_sync is for synchronous code, and an event loop is running here."
        return Explanation(f"{why} {at.to_run()}", where, at.suggestion)
    for found in calls_on_the_loop(evidence.project) if evidence.failure is None else ():
        is_async = isinstance(found.function, ast.AsyncFunctionDef)  # NO_BRIDGE_HERE says so
        if is_async and (found.name or "").startswith("asgiref.sync.async_to_sync"):
            return Explanation(
                f"{NO_BRIDGE_HERE} It raises an error as soon as it is reached. "
                "Remove async_to_sync and await the coroutine.",
                found.source.where(found.call),
            )


def _bridge_in_a_plain_method(at):
    """In an asynchronous consumer that, it seems, used to be a synchronous one."""
    write, changes = made_asynchronous(at.source, plain_methods(at.consumer, at.function))
    return Explanation(
        f"async_to_sync is for synchronous code, but {at.consumer.name} is an asynchronous "
        f"consumer, and {at.name}() is a plain `def`. Write {write}.",
        at.where,
        suggest(at.source, *changes),
    )


def bridged_at(evidence, where):
    """The place with the one call of async_to_sync(…)(…) there, as the call of the coroutine
    function that it was given; or, where a coroutine was given to it, as that call."""
    calls = evidence.nodes_at(where, ast.Call)
    bridges = [call for call in calls if last_name(call.func) in BRIDGES and call.args]
    if len(bridges) != 1:
        return evidence.at(where)
    called = [call for call in calls if call.func is bridges[0]]
    given = bridges[0].args[0]
    at = replace(evidence.at(where), whole=(called or bridges)[0])
    if isinstance(given, ast.Call):
        return replace(at, call=given)
    return replace(at, call=called[0], coroutine=given) if called else at


# Event loops


@rule(
    raised=r"asyncio\.run\(\) cannot be called from a running event loop"
    r"|This event loop is already running|Cannot run the event loop while another loop is running"
)
def run_inside_a_running_loop(evidence, error):
    at = _made_at(evidence, evidence.where(error), "run", "run_until_complete")
    return Explanation(
        "An event loop is already running, and a second one cannot be started inside it. "
        f"{at.to_run()}",
        at.where,
        at.suggestion,
    )


def _made_at(evidence, where, *names):
    """The place with the coroutine that is made for a call of asyncio.run(…) or the like."""
    calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in names]
    made = calls[0].args[0] if len(calls) == 1 and calls[0].args else None
    at = evidence.at(where)
    return replace(at, call=made, whole=calls[0]) if isinstance(made, ast.Call) else at


@rule(raised=r"RuntimeError: (?:no running event loop|There is no current event loop in thread)")
def event_loop_in_sync_code(evidence, error):
    where = evidence.where(error)
    at = _made_at(evidence, where, "create_task", "ensure_future", "run_until_complete")
    none_here = (
        "Synchronous code has no event loop of its own, so asyncio cannot start anything here."
    )
    if at.on_the_loop or not isinstance(at.function, ast.FunctionDef):
        return Explanation(f"{none_here} {at.to_run()}", where)
    whole = "the whole class asynchronous" if at.consumer else f"{at.name}() an `async def`"
    return Explanation(
        f"{none_here} Make {whole}, or run the coroutine to completion here. {at.to_bridge()}",
        where,
        at.suggestion,
    )


@advice(needs="chat")
def event_loop_in_a_sync_consumer(evidence):
    for consumer in evidence.consumers:
        for call in consumer.calls("run"):
            where = consumer.where(call)
            source = evidence.project.source_at(where)
            in_sync = not evidence.project.is_async_at(where)
            if in_sync and source.dotted(call.func) == "asyncio.run":
                return Explanation(
                    "asyncio.run() creates a new event loop on every call, but the "
                    "channel layer's connections belong to another one. "
                    f"Use {_bridged_instead(source, call)}.",
                    where,
                )


def _bridged_instead(source, run):
    """async_to_sync(…)(…) for asyncio.run(…)."""
    made = run.args[0] if run.args else None
    if not isinstance(made, ast.Call):
        return "async_to_sync(function)(…)"
    function, whole = source.code(made.func), source.code(made)
    return f"async_to_sync({function}){whole[len(function) :]}"


# sync_to_async


@rule
def sync_to_async_on_async_def(evidence):
    error, where = _given_to_sync_to_async(evidence)
    if error is None or not evidence.line_at(where).startswith(("@", "async def")):
        return None
    source = evidence.project.source_at(where)
    found = [
        (function, decorator)
        for function in source.nodes(ast.AsyncFunctionDef)
        for decorator in function.decorator_list
        if last_name(decorator) in TO_THREAD and where.line in (decorator.lineno, function.lineno)
    ]
    advice, changes = "Write `def`, or remove the decorator.", []
    for function, decorator in found[-1:]:
        if any(isinstance(node, ast.Await) for node in ast.walk(function)):
            advice, changes = "Remove the decorator.", [undecorated(decorator)]
        else:
            advice, changes = f"Write plain `def {function.name}`.", [made_plain(function)]
    return Explanation(
        "sync_to_async and database_sync_to_async make a plain "
        "function awaitable, but this one is already `async def`. "
        f"{advice}",
        where,
        suggest(source, *changes),
    )


@rule
def sync_to_async_of_a_result(evidence):
    """It was not given a plain function, but the result of a call or a coroutine function."""
    error, where = _given_to_sync_to_async(evidence)
    wraps = _wraps_at(evidence, where)
    if error is None or not wraps or evidence.line_at(where).startswith(("@", "async def")):
        return None
    source, wrap, given = evidence.project.source_at(where), wraps[0], wraps[0].args[0]
    called = next((c for c in evidence.nodes_at(where, ast.Call) if c.func is wrap), None)
    name = source.code(wrap.func)
    if isinstance(given, ast.Call):
        inner = source.code(given.func)
        code = f"{name}({inner}){_arguments(source, given)}"
        seen = f"{name}() was given the result of {inner}(…), not the function."
        changes = [instead(called or wrap, code)]
    else:
        inner = source.code(given)
        code = f"{inner}{_arguments(source, called)}"
        seen = f"{name}() is for plain functions, but {inner} is already asynchronous."
        changes = [instead(called, code)] if called else []
    return Explanation(f"{seen} Write `await {code}`.", where, evidence.suggest(where, *changes))


def _arguments(source, call):
    """The arguments of a call, in their parentheses."""
    if call is None:
        return "(…)"
    return source.as_written(call)[len(source.as_written(call.func)) :]


def _given_to_sync_to_async(evidence):
    """The exception that says that it was not given a plain function, and its place."""
    error = evidence.error(r"TypeError: sync_to_async can only be applied to sync functions")
    if error:
        return error, evidence.where(error)
    # Given None, it takes itself for a decorator with arguments, and returns a function.
    error = evidence.error(r"TypeError: object function can't be used in 'await' expression")
    where = error and evidence.where(error)
    called = any(isinstance(wrap.args[0], ast.Call) for wrap in _wraps_at(evidence, where))
    return (error, where) if called else (None, None)


def _wraps_at(evidence, where):
    """The calls of sync_to_async with an argument at a place."""
    calls = evidence.nodes_at(where, ast.Call)
    return [c for c in calls if last_name(c.func) in TO_THREAD and c.args]


@rule(raised=r"object (?:SyncToAsync|DatabaseSyncToAsync) can't be used in 'await'")
def sync_to_async_not_called(evidence, error):
    where = evidence.where(error)
    source, wraps = evidence.project.source_at(where), _wraps_at(evidence, where)
    code, sure = "sync_to_async(function)", False
    if len(wraps) == 1:
        code = source.code(wraps[0])
        sure = takes_nothing(evidence.project, wraps[0].args[0])
    return Explanation(
        f"`{code}` only creates a function that can be awaited, and nothing calls it. "
        f"Write `await {code}({'' if sure else '…'})`"
        + ("." if sure else ", with its arguments in the second parentheses."),
        where,
        evidence.suggest(where, after(wraps[0], "()")) if sure else None,
    )
