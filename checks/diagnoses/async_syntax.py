"""`await`, `async with` and `async for` where they cannot be, or are missing."""

import asyncio

from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"SyntaxError: 'await' outside (?:async )?function")
def await_outside_async(evidence, error):
    return Explanation(
        "`await` can only be used in a function that is defined with `async def`.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: '([\w.]+)' object does not support the context manager protocol")
def async_with_forgotten(evidence, error, kind):
    name = kind.rpartition(".")[2]
    of_asyncio = hasattr(getattr(asyncio, name, None), "__aenter__")
    named_so = name.lstrip("_").startswith("Async")
    if of_asyncio or named_so or "asynchronous" in error.message:  # Python 3.14 says it itself
        return Explanation(
            f"{name} is an async context manager. Write `async with`.",
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
        "An asynchronous generator is read with `async for`.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: 'async for' requires an object with __aiter__.*, got (?!coroutine)(\w+)")
def async_for_not_needed(evidence, error, kind):
    return Explanation(
        f"`async for` waits for each item, and the items of this {kind} are there already. "
        "Write `for`. What is to run together is started with asyncio.gather().",
        evidence.where(error),
    )
