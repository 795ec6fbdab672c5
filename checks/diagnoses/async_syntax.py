"""`await`, `async with` and `async for` where they cannot be, or are missing."""

import ast
import asyncio
from dataclasses import replace

from workshop.checking.explaining.asynchronous import OWN
from workshop.checking.explaining.edits import imported, instead, made_async, made_plain
from workshop.checking.explaining.nodes import last_name, on_self
from workshop.checking.explaining.rules import Explanation, rule

OUTSIDE = (
    r"^SyntaxError: (?:'(await|async with|async for)' outside|(asynchronous comprehension) outside)"
)


@rule(raised=OUTSIDE)
def await_in_a_synchronous_consumer(evidence, error, word, comprehension):
    """There the methods are plain functions, which Channels does not await."""
    where, consumer, function = _around(evidence, error)
    if consumer is None or consumer.is_async or not isinstance(function, ast.FunctionDef):
        return None
    awaits = [n for n in evidence.nodes_at(where, ast.Await) if isinstance(n.value, ast.Call)]
    why = f"{consumer.name} is a synchronous consumer: its methods are plain functions"
    if len(awaits) != 1:
        return Explanation(
            f"{why}, which cannot contain {word or comprehension}: that needs an Async… consumer.",
            where,
        )
    source, call = evidence.project.source_at(where), awaits[0].value
    if last_name(call.func) in OWN and on_self(call.func):
        return Explanation(
            f"{why}, and so is {call.func.attr}(), which is not awaited. "
            f"Write `{source.code(call)}`.",
            where,
            evidence.suggest(where, instead(awaits[0], source.as_written(call))),
        )
    at = replace(evidence.at(where), call=call, whole=awaits[0])
    return Explanation(f"{why}. {at.to_run()}", where, at.suggestion)


@rule(raised=OUTSIDE)
def await_outside_async(evidence, error, word, comprehension):
    where, consumer, function = _around(evidence, error)
    what = word or "an asynchronous comprehension"
    if consumer and not consumer.is_async and function:
        return None
    only = f"{what} can only be used in a function that begins with async def."
    if isinstance(function, ast.FunctionDef):
        at = evidence.at(where)
        return Explanation(
            f"{only} {at.name}() is a plain function. "
            f"Write `async def {at.name}`{at.to_make_async()}.",
            where,
            evidence.suggest(where, *at.made_async()),
        )
    if isinstance(function, ast.Lambda):
        return Explanation(
            f"{only} A lambda cannot be one: write the function out, with async def.", where
        )
    return Explanation(
        f"{only} This line is outside any function. Move it into one, or remove it.", where
    )


def _around(evidence, error):
    """The place of the error, with the consumer and the innermost function that it is in."""
    where = evidence.where(error)
    functions = evidence.nodes_at(where, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return where, evidence.project.consumer_at(where), functions[-1] if functions else None


@rule(raised=r"TypeError: '([\w.]+)' object does not support the context manager protocol")
def async_with_forgotten(evidence, error, kind):
    name = kind.rpartition(".")[2]
    of_asyncio = hasattr(getattr(asyncio, name, None), "__aenter__")
    named_so = name.lstrip("_").startswith("Async")
    if of_asyncio or named_so or "asynchronous" in error.message:  # Python 3.14 says it itself
        return _with_async(evidence, error, f"{name} is an async context manager.", ast.With)


@rule(raised=r"TypeError: '([\w.]+)' object does not support the asynchronous context manager")
def async_with_not_needed(evidence, error, name):
    where = evidence.where(error)
    if name in ("_thread.lock", "_thread.RLock"):
        return _lock_of_threads(evidence, where)
    return Explanation(
        f"{name} is an ordinary context manager: write `with`, without async.",
        where,
        evidence.suggest(where, *map(made_plain, _only(evidence, where, ast.AsyncWith))),
    )


def _lock_of_threads(evidence, where):
    """With a plain `with` it would hold up the whole event loop."""
    source = evidence.project.source_at(where)
    made = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in ("Lock", "RLock")]
    changes = [instead(made[0], "asyncio.Lock()"), *imported(source, "import asyncio")]
    return Explanation(
        "This is a threading lock: `async with` cannot acquire it, "
        "and waiting for it would block the event loop. "
        "Use `asyncio.Lock()` instead.",
        where,
        evidence.suggest(where, *changes) if len(made) == 1 else None,
    )


@rule(raised=r"TypeError: 'async_generator' object is not iterable")
def async_for_forgotten(evidence, error):
    return _with_async(evidence, error, "This is an asynchronous generator.", ast.For)


@rule(raised=r"TypeError: 'async for' requires an object with __aiter__.*, got (?!coroutine)(\w+)")
def async_for_not_needed(evidence, error, kind):
    where = evidence.where(error)
    return Explanation(
        "`async for` waits for each item, but the items of this "
        f"{kind} are already there: write `for`, without async.",
        where,
        evidence.suggest(where, *map(made_plain, _only(evidence, where, ast.AsyncFor))),
    )


def _only(evidence, where, kind):
    """The one statement of the kind that begins on the line of the place; none of several."""
    found = [node for node in evidence.nodes_at(where, kind) if node.lineno == where.line]
    return found if len(found) == 1 else []


def _with_async(evidence, error, why, kind):
    """That `async` is missing before the statement, and perhaps before the function around it."""
    where = evidence.where(error)
    at, found = evidence.at(where), _only(evidence, where, kind)
    word = {ast.With: "with", ast.For: "for"}[kind]
    also, changes = "", [made_async(node) for node in found]
    if isinstance(at.function, ast.FunctionDef):
        also = f" For that {at.name} must be `async def`{at.to_make_async()}."
        changes = [*at.made_async(), *changes] if at.on_the_loop and at.made_async() else []
    return Explanation(
        f"{why} Write `async {word}`.{also}",
        where,
        evidence.suggest(where, *changes) if found else None,
    )
