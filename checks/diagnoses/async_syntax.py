"""`await`, `async with` and `async for` where they cannot be, or are missing."""

import ast
import asyncio

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name


@rule(raised=r"SyntaxError: ('await'|'async with'|'async for'|asynchronous comprehension) outside")
def await_outside_async(evidence, error, what):
    where = evidence.where(error)
    awaits = [node.value for node in evidence.nodes_at(where, ast.Await)]
    calls = [last_name(node.func) for node in awaits if isinstance(node, ast.Call)]
    at = evidence.at(where, next(filter(None, calls), None))
    what = what.replace("'", "`")
    return Explanation(f"{what} is only allowed in `async def`. {at.to_await()}", where)


@rule(raised=r"TypeError: '([\w.]+)' object does not support the context manager protocol")
def async_with_forgotten(evidence, error, kind):
    name = kind.rpartition(".")[2]
    of_asyncio = hasattr(getattr(asyncio, name, None), "__aenter__")
    named_so = name.lstrip("_").startswith("Async")
    if of_asyncio or named_so or "asynchronous" in error.message:  # Python 3.14 says it itself
        return Explanation(
            f"{name} is an async context manager. Write `async with`{_in_async(evidence, error)}.",
            evidence.where(error),
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
        f"An asynchronous generator is read with `async for`{_in_async(evidence, error)}.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: 'async for' requires an object with __aiter__.*, got (?!coroutine)(\w+)")
def async_for_not_needed(evidence, error, kind):
    return Explanation(
        f"`async for` waits for each item, and the items of this {kind} are there already. "
        "Write `for`. What is to run together is started with asyncio.gather().",
        evidence.where(error),
    )


def _in_async(evidence, error):
    """What is to be changed besides, where the line is in a plain function."""
    function = evidence.project.function_at(evidence.where(error))
    if isinstance(function, ast.FunctionDef):
        return f", for which {function.name} must be `async def`"
    return ""
