"""Plain functions where something is awaited, and coroutines that were never awaited.

Both stay silent under Daphne (daphne issue 352), so they are asked for before anything that
explains silence.
"""

import ast
import asyncio
import re

from workshop.checking.events import Handles, NeverAwaited
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import (
    Closed,
    EndedByException,
    Refused,
    StillInGroup,
    StillRunning,
)

LEAVING = ("disconnect", "websocket_disconnect")
NOT_AWAITABLE = r"TypeError: object (\w+) can't be used in 'await' expression"
NOT_CALLED = (
    "method",
    "function",
    "builtin_function_or_method",
    "SyncToAsync",
    "DatabaseSyncToAsync",
)


@rule(raised=r"SyntaxError: 'await' outside (?:async )?function")
def await_outside_async(evidence, error):
    return Explanation(
        "`await` can only stand in a function that is defined with `async def`.",
        evidence.where(error),
    )


# `async with` and `async for`


@rule
def async_with_forgotten(evidence):
    found = evidence.error(
        r"TypeError: '[\w.]+' object does not support the context manager protocol"
    )
    if found is None:
        return None
    name = found.message.split("'")[1].rpartition(".")[2]
    of_asyncio = hasattr(getattr(asyncio, name, None), "__aenter__")
    named_so = name.lstrip("_").startswith("Async")
    if of_asyncio or named_so or "asynchronous" in found.message:  # Python 3.14 says it itself
        return Explanation(
            f"{name} is entered and left with waiting. Write `async with`.",
            evidence.where(found),
        )


@rule(raised=r"TypeError: '([\w.]+)' object does not support the asynchronous context manager")
def async_with_not_needed(evidence, error, name):
    return Explanation(
        f"{name} is an ordinary context manager: write `with`, without async.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: 'async_generator' object is not iterable")
def async_for_forgotten(evidence, error):
    return Explanation(
        "An asynchronous generator is read with `async for`.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: 'async for' requires an object with __aiter__.*, got (?!coroutine)(\w+)")
def async_for_not_needed(evidence, error, name):
    return Explanation(
        f"`async for` waits for each item, and the items of this {name} are there already. Write "
        "`for`. What is to run together is started with asyncio.gather().",
        evidence.where(error),
    )


# The wrong bridge between the two

NO_BRIDGE_HERE = (
    "async_to_sync is for synchronous code, and this stands in `async def`. Take it away and await "
    "the coroutine itself"
)


def coroutine_calls(source):
    """The calls that run on the event loop: those in `async def` itself, without the functions
    and lambdas that stand inside of it."""
    for function in source.nodes(ast.AsyncFunctionDef):
        inside = list(function.body)
        while inside:
            node = inside.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                continue
            if isinstance(node, ast.Call):
                yield node
            inside += ast.iter_child_nodes(node)


@rule(advises=True)
def async_to_sync_in_async_code(evidence):
    """An exception, where the line was reached; after a pass, a line that no browser has reached
    yet."""
    error = evidence.error(r"You cannot use AsyncToSync in the same thread as an async event loop")
    if error:
        return Explanation(f"{NO_BRIDGE_HERE}.", evidence.where(error))
    for source in evidence.project.sources if evidence.failure is None else ():
        for call in coroutine_calls(source):
            if (source.dotted(call.func) or "").startswith("asgiref.sync.async_to_sync"):
                return Explanation(
                    "async_to_sync stands in `async def` here, where it raises an error as soon as "
                    "the line is reached. Write await instead.",
                    source.where(call),
                )


@rule(
    raised=r"asyncio\.run\(\) cannot be called from a running event loop"
    r"|This event loop is already running|Cannot run the event loop while another loop is running"
)
def run_inside_a_running_loop(evidence, error):
    return Explanation(
        "An event loop is running already, and a second one cannot be started inside it. You are "
        "in `async def`: write await in front of the coroutine instead.",
        evidence.where(error),
    )


@rule(raised=r"RuntimeError: (no running event loop|There is no current event loop in thread)")
def event_loop_in_sync_code(evidence, error, name):
    return Explanation(
        "Synchronous code has no event loop of its own, so no task can be made here. Wrap the "
        "coroutine function, async_to_sync(function)(…), or make the whole class asynchronous.",
        evidence.where(error),
    )


@rule
def sync_to_async_of_a_result(evidence):
    """It was given no function, but what a call had returned, or a coroutine function."""
    found = evidence.error(r"TypeError: sync_to_async can only be applied to sync functions")
    # Given None, it takes itself for a decorator with arguments, and returns a function.
    taken = evidence.error(r"TypeError: object function can't be used in 'await' expression")
    where = evidence.where(found or taken) if found or taken else None
    wrapped = [
        call
        for call in evidence.nodes_at(where, ast.Call)
        if last_name(call.func) in ("sync_to_async", "database_sync_to_async")
    ]
    if found is None and not any(isinstance(a, ast.Call) for call in wrapped for a in call.args):
        return None
    source = evidence.project.source_at(where)
    line = source.line(where.line) if source else ""
    if line.startswith(("@", "async def")):
        return Explanation(
            "sync_to_async and database_sync_to_async make a plain function awaitable, and this "
            "one is `async def` already. Write `def`, or take the decorator away.",
            where,
        )
    given = [a for call in wrapped for a in call.args]
    if given and not any(isinstance(a, ast.Call) for a in given):
        return Explanation(
            f"sync_to_async() is for plain functions, and {ast.unparse(given[0])} is `async def`: "
            "await it as it is.",
            where,
        )
    return Explanation(
        "sync_to_async() was given the result of a call. Give it the function, and call what it "
        "returns: await sync_to_async(function)(arguments)",
        where,
    )


@rule
def sync_to_async_not_called(evidence):
    found = evidence.error(r"object (SyncToAsync|DatabaseSyncToAsync) can't be used in 'await'")
    if found:
        return Explanation(
            "sync_to_async(function) only makes the awaitable function. Call it: await "
            "sync_to_async(function)()",
            evidence.where(found),
        )


@rule
def async_to_sync_on_a_plain_function(evidence):
    found = evidence.error(NOT_AWAITABLE)
    if found and found.frames and found.frames[-1].function == "main_wrap":
        return Explanation(
            "async_to_sync() is for coroutine functions, such as those of the channel layer, and "
            "this function is a plain one. Call it as it is.",
            evidence.where(found),
        )


@rule
def async_to_sync_not_finished(evidence):
    """async_to_sync(f) that nobody calls, or async_to_sync(f(…)) with the brackets misplaced."""
    for consumer in evidence.consumers if not evidence.errors else ():
        for statement in consumer.nodes(ast.Expr):
            call = statement.value
            if not isinstance(call, ast.Call) or last_name(call.func) not in BRIDGES:
                continue
            inner = call.args[0] if call.args else None
            name = last_name(inner.func if isinstance(inner, ast.Call) else inner) or "…"
            if not _about(evidence, consumer, statement):
                continue
            method = consumer.method_at(consumer.where(statement))
            if isinstance(method, ast.AsyncFunctionDef):
                return Explanation(
                    f"{NO_BRIDGE_HERE}: await …{name}(…)",
                    consumer.where(statement),
                )
            if isinstance(inner, ast.Call):
                return Explanation(
                    f"The brackets of async_to_sync close too late: {name}(…) is called before it "
                    f"is wrapped. Write async_to_sync(self.channel_layer.{name})(…), with the "
                    "arguments in the second brackets.",
                    consumer.where(statement),
                )
            return Explanation(
                f"async_to_sync(…{name}) only makes the function; nobody calls it. Add the second "
                f"brackets with the arguments: async_to_sync(…{name})(…)",
                consumer.where(statement),
            )


BRIDGES = ("async_to_sync", "AsyncToSync")


def _about(evidence, consumer, node):
    """Whether the place can explain the failure: what stands in disconnect() explains only what
    was seen after somebody had left, and nothing else does."""
    where = consumer.where(node)
    method = consumer.method_at(where)
    leaving = method is not None and method.name in LEAVING
    return leaving == evidence.saw(StillInGroup, StillRunning)


# Awaited what cannot be awaited


@rule(needs="chat")
def sync_method_in_async_consumer(evidence):
    """Channels awaited the attendee's method, and it had run already: the last line of the
    traceback is Channels' own."""
    found = evidence.error(NOT_AWAITABLE)
    if found is None or not found.frames or evidence.is_theirs(found.frames[-1].file):
        return None
    code = found.frames[-1].code
    called = re.search(r"await self\.(\w+)\(|self\.(decode_json|encode_json)\(", code)
    name = called and (called[1] or called[2])
    if "encode_json" in code or "decode_json" in code:
        name = re.search(r"(encode_json|decode_json)", code)[1]
    if name is None and "handler(" in code:
        began = [event.type or "" for event in evidence.events(Handles)]
        name = began[-1].replace(".", "_") if began else None
    for consumer in evidence.consumers:
        method = consumer.methods.get(name)
        if isinstance(method, ast.FunctionDef):
            return Explanation(
                f"{name} is a plain `def`, but {consumer.name} is asynchronous, and Channels "
                f"awaits it. Write `async def {name}`.",
                consumer.where(method),
            )


@rule
def awaited_without_a_call(evidence):
    found = evidence.error(r"object (method|function|builtin_function_or_method) can't be used in")
    calls = evidence.nodes_at(found and evidence.where(found), ast.Await)
    if found and any(not isinstance(node.value, ast.Call) for node in calls):
        return Explanation(
            "`await` stands before a function that is only named, not called. Add the parentheses.",
            evidence.where(found),
        )


@rule
def awaited_what_cannot_wait(evidence):
    found = evidence.error(NOT_AWAITABLE)
    if found and evidence.raised_by_them(found):
        kind = re.search(NOT_AWAITABLE, found.text)[1]
        if kind in NOT_CALLED:
            return None
        got = "nothing to wait for" if kind == "NoneType" else f"a value of type {kind}"
        return Explanation(
            f"`await` needs something that can wait, a coroutine, and got {got}. What is called "
            "here is a plain function: call it without await.",
            evidence.where(found),
        )


@rule(raised=r"'coroutine' object (?:is not (?:iterable|callable|subscriptable)|has no attribute)")
def coroutine_is_not_a_result(evidence, error):
    return Explanation(
        "A coroutine is used here as if it were its result. Write `await` in front of the call.",
        evidence.where(error),
    )


# Never awaited


@rule(advises=True)
def never_awaited(evidence):
    """`self.send(...)` without `await`: Python's warning, which Daphne swallows. After a pass,
    nothing that a browser sees depends on it."""
    if evidence.failure is None:
        return _never_awaited_unseen(evidence)
    found = next((f for f in _never_awaited(evidence) if _explains(evidence, *f)), None)
    if found is None:
        return None
    coroutine, where = found
    name = coroutine.rpartition(".")[2]
    consumer = evidence.project.consumer_at(where)
    if where is None:
        # Channels called the attendee's method, and its base class does not await it.
        consumer = next((c for c in evidence.project.consumers if name in c.methods), None)
        if consumer is None or consumer.is_async:
            return None
        base = next((base for base in consumer.bases if base.endswith("Consumer")), "its base")
        return Explanation(
            f"{name} is `async def`, but {base} is a synchronous consumer and only calls it, so it "
            f"never ran. Derive the class from Async{base.removeprefix('Sync')}, or write plain "
            "`def` throughout.",
            consumer.where(consumer.methods[name]),
        )
    method = consumer.method_at(where) if consumer else None
    if isinstance(method, ast.FunctionDef):
        if name in consumer.methods:
            return Explanation(
                f"{name} is `async def`, and {method.name}, which calls it, is a plain `def`: the "
                f"call only prepared it. Write both alike, as the base class {consumer.bases[0]} "
                "wants it.",
                where,
            )
        return Explanation(
            f"{name}() of the channel layer is a coroutine, and this function is synchronous: it "
            f"made the coroutine and never ran it. Write async_to_sync(…{name})(…).",
            where,
        )
    wraps = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in BRIDGES]
    if wraps:
        return Explanation(
            f"{NO_BRIDGE_HERE}: await …{name}(…)",
            where,
        )
    return Explanation(
        f"{name}(…) was called without await. That only prepares the call: nothing of it has run. "
        "Write `await` in front of it.",
        where,
    )


def _never_awaited_unseen(evidence):
    for coroutine, where in _never_awaited(evidence):
        if where:
            name = coroutine.rpartition(".")[2]
            return Explanation(
                f"{name}(…) was called without await, so nothing of it has run.", where
            )
    return None


def _never_awaited(evidence):
    for program in evidence.programs:
        for event in program.events:
            if isinstance(event, NeverAwaited):
                yield event.coroutine, evidence.place(event)


def _explains(evidence, coroutine, where):
    """Whether it can be why the check failed. An exception explains what it ends by itself,
    unless it complains of the coroutine; and what happens at the end explains no silence."""
    complained = any("coroutine" in error.message for error in evidence.errors)
    if evidence.saw(Closed, Refused, EndedByException) and evidence.errors and not complained:
        return False
    method = evidence.project.method_at(where)
    name = method.name if method else coroutine.rpartition(".")[2]
    if evidence.teaches("chat") and (method or name in LEAVING):
        return (name in LEAVING) == evidence.saw(StillInGroup, StillRunning)
    return True


# Named, and not called


@rule(needs="chat")
def not_called(evidence):
    """`self.accept` on a line of its own: it names the method and does nothing."""
    if evidence.errors:
        return None
    for consumer in evidence.consumers:
        for statement in consumer.nodes(ast.Expr):
            named = statement.value
            if isinstance(named, ast.Attribute) and _about(evidence, consumer, statement):
                method = consumer.method_at(consumer.where(statement))
                wait = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
                brackets = "()" if named.attr in ("accept", "close") else "(…)"
                return Explanation(
                    f"{ast.unparse(named)} is named here but not called. Add the parentheses: "
                    f"{wait}{ast.unparse(named)}{brackets}",
                    consumer.where(statement),
                )
