"""`await`, `async with` and `async for` where they cannot be, or are missing."""

import ast
import asyncio

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, on_self

OUTSIDE = (
    r"^SyntaxError: (?:'(await|async with|async for)' outside|(asynchronous comprehension) outside)"
)
OWN = ("send", "send_json", "accept", "close")  # methods that a consumer brings


@rule(raised=OUTSIDE)
def await_in_a_synchronous_consumer(evidence, error, word, comprehension):
    """There the methods are plain functions, which Channels does not await."""
    where, consumer, function = _around(evidence, error)
    if consumer is None or consumer.is_async or not isinstance(function, ast.FunctionDef):
        return None
    calls = [n.value for n in evidence.nodes_at(where, ast.Await) if isinstance(n.value, ast.Call)]
    line = evidence.line_at(where)
    why = f"{consumer.name} is a synchronous consumer: its methods are plain functions, "
    if not calls:
        advice = f"in which there is no {word or comprehension}: that needs an Async… consumer."
    elif last_name(calls[0].func) in OWN and on_self(calls[0].func):
        code = line.replace("await ", "", 1)
        advice = f"also send() and the like, which are not awaited. Write:\n    {code}"
    else:
        name = ast.unparse(calls[0].func)
        code = line.replace(f"await {name}(", f"async_to_sync({name})(", 1)
        advice = (
            f"where await is not allowed. Write:\n    {code}\n"
            "async_to_sync is imported with: from asgiref.sync import async_to_sync"
        )
    return Explanation(why + advice, where)


@rule(raised=OUTSIDE)
def await_outside_async(evidence, error, word, comprehension):
    where, consumer, function = _around(evidence, error)
    what = word or "an asynchronous comprehension"
    if consumer and not consumer.is_async and function:
        return None
    if isinstance(function, ast.FunctionDef):
        source = evidence.project.source_at(where)
        head = source.line(function.lineno)
        callers = "" if consumer else "\nWhat calls it then has to await it."
        advice = f"{function.name}() is a plain function. Write:\n    async {head}{callers}"
    elif isinstance(function, ast.Lambda):
        advice = "A lambda cannot be one: write the function out, with async def."
    else:
        advice = "This line is in none: look at its indentation."
    return Explanation(
        f"{what} can only be in a function that begins with async def. {advice}", where
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
