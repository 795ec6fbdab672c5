"""Between synchronous and asynchronous code: async_to_sync, sync_to_async and event loops."""

import ast
from dataclasses import replace

from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import last_name

BRIDGES = ("async_to_sync", "AsyncToSync")
NO_BRIDGE_HERE = (
    "async_to_sync is for synchronous code, and this is in `async def`. "
    "Remove it and await the coroutine itself"
)


@rule(advises=True)
def async_to_sync_in_async_code(evidence):
    error = evidence.error(r"You cannot use AsyncToSync in the same thread as an async event loop")
    if error:
        return _bridge_on_the_loop(evidence, evidence.where(error))
    for source in evidence.project.sources if evidence.failure is None else ():
        for call in source.calls_on_the_loop():
            if (source.dotted(call.func) or "").startswith("asgiref.sync.async_to_sync"):
                return Explanation(
                    f"{NO_BRIDGE_HERE}: it raises an error as soon as this line is reached.",
                    source.where(call),
                )


def _bridge_on_the_loop(evidence, where):
    """In `async def`, or in a plain function that asynchronous code calls."""
    function = evidence.project.function_at(where)
    bridged = [
        call
        for call in evidence.nodes_at(where, ast.Call)
        if isinstance(call.func, ast.Call) and last_name(call.func.func) in BRIDGES
    ]
    source = evidence.project.source_at(where)
    call = "the coroutine itself"
    if len(bridged) == 1 and bridged[0].func.args:
        inner, outer = source.code(bridged[0].func.args[0]), source.code(bridged[0])
        call = f"`await {inner}{outer[len(source.code(bridged[0].func)) :]}`"
    if isinstance(function, ast.FunctionDef):
        return Explanation(
            f"async_to_sync is for code that no event loop runs, and {function.name}() is called "
            f"by asynchronous code. Write `async def {function.name}`, {call} in it, and `await` "
            f"where {function.name}() is called.",
            where,
        )
    return Explanation(
        f"async_to_sync is for synchronous code, and this is in `async def`. Write {call} instead.",
        where,
    )


# Event loops


@rule(
    raised=r"asyncio\.run\(\) cannot be called from a running event loop"
    r"|This event loop is already running|Cannot run the event loop while another loop is running"
)
def run_inside_a_running_loop(evidence, error):
    where = evidence.where(error)
    function = evidence.project.function_at(where)
    calls = evidence.nodes_at(where, ast.Call)
    runs = [c for c in calls if last_name(c.func) in ("run", "run_until_complete") and c.args]
    source = evidence.project.source_at(where)
    what = f"await {source.code(runs[0].args[0])}" if len(runs) == 1 else "await …"
    also = ""
    if isinstance(function, ast.FunctionDef):
        also = f", for which {function.name} must be `async def`, and be awaited where it is called"
    return Explanation(
        "An event loop is running already, and a second one cannot be started inside it. "
        f"Write `{what}` instead{also}.",
        where,
    )


@rule(raised=r"RuntimeError: (?:no running event loop|There is no current event loop in thread)")
def event_loop_in_sync_code(evidence, error):
    where = evidence.where(error)
    makes = ("create_task", "ensure_future", "run_until_complete")
    for call in evidence.nodes_at(where, ast.Call):
        made = call.args[0] if call.args and last_name(call.func) in makes else None
        if isinstance(made, ast.Call):
            at = replace(evidence.at(where), call=made)
            return Explanation(
                "Synchronous code has no event loop of its own, so no task can be made here. "
                f"Write `{at.bridged()}`, or make the whole class asynchronous.",
                where,
            )
    return Explanation(
        "Synchronous code has no event loop of its own, so no task can be made here. "
        "Wrap the coroutine function, async_to_sync(function)(…), or make the whole class "
        "asynchronous.",
        where,
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
                    "asyncio.run() makes a new event loop for every call, "
                    "to which the channel layer's connections do not belong. "
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
    if error and evidence.line_at(where).startswith(("@", "async def")):
        return Explanation(
            "sync_to_async and database_sync_to_async make a plain function awaitable, "
            "and this one is `async def` already. Write `def`, or remove the decorator.",
            where,
        )


@rule
def sync_to_async_of_a_result(evidence):
    """It was given no function, but what a call had returned, or a coroutine function."""
    error, where = _given_to_sync_to_async(evidence)
    if error is None or evidence.line_at(where).startswith(("@", "async def")):
        return None
    given = _wrapped_at(evidence, where)
    if given and not any(isinstance(argument, ast.Call) for argument in given):
        return Explanation(
            f"sync_to_async() is for plain functions, and {ast.unparse(given[0])} is `async def`: "
            "await it as it is.",
            where,
        )
    return Explanation(
        "sync_to_async() was given the result of a call. "
        "Give it the function, and call what it returns: "
        "await sync_to_async(function)(arguments)",
        where,
    )


def _given_to_sync_to_async(evidence):
    """The exception that says that it was given no plain function, and its place."""
    error = evidence.error(r"TypeError: sync_to_async can only be applied to sync functions")
    if error:
        return error, evidence.where(error)
    # Given None, it takes itself for a decorator with arguments, and returns a function.
    error = evidence.error(r"TypeError: object function can't be used in 'await' expression")
    where = error and evidence.where(error)
    called = any(isinstance(argument, ast.Call) for argument in _wrapped_at(evidence, where))
    return (error, where) if called else (None, None)


def _wrapped_at(evidence, where):
    """What sync_to_async is given at a place."""
    calls = evidence.nodes_at(where, ast.Call)
    wraps = [c for c in calls if last_name(c.func) in ("sync_to_async", "database_sync_to_async")]
    return [argument for call in wraps for argument in call.args]


@rule(raised=r"object (?:SyncToAsync|DatabaseSyncToAsync) can't be used in 'await'")
def sync_to_async_not_called(evidence, error):
    return Explanation(
        "sync_to_async(function) only makes the awaitable function. "
        "Call it: await sync_to_async(function)()",
        evidence.where(error),
    )
