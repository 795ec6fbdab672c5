"""A consumer with an asynchronous base, whose methods are plain functions: what makes them async.

Channels awaits each of its methods
(https://channels.readthedocs.io/en/stable/topics/consumers.html), so all of them have to be changed
at once, and whatever else they call.
"""

import ast
from collections.abc import Iterable, Iterator

from workshop.checking.explaining.callers import called_by_channels
from workshop.checking.explaining.consumer import Consumer
from workshop.checking.explaining.edits import before, instead, made_async
from workshop.checking.explaining.nodes import last_name, on_self
from workshop.checking.explaining.source import Source
from workshop.checking.explaining.suggestion import Change

BRIDGES = ("async_to_sync", "AsyncToSync")
OWN = ("send", "send_json", "accept", "close")  # methods that every consumer has


def plain_methods(consumer: Consumer, first: ast.FunctionDef) -> list[ast.FunctionDef]:
    """The method, and then the other plain ones of its class that Channels awaits."""
    owner = next((part for _, part in consumer.parts if first in part.body), consumer.node)
    others = [node for node in owner.body if isinstance(node, ast.FunctionDef)]
    return [first, *(n for n in others if n is not first and called_by_channels(consumer, n))]


def made_asynchronous(source: Source, methods: list[ast.FunctionDef]) -> tuple[str, list[Change]]:
    """What to write, and the changes that do it."""
    waits = [wait for method in methods for wait in _waits(source, method)]
    names = _listed(sorted({f"`{name}(…)`" for name, _ in waits}))
    write = _listed(f"`async def {method.name}`" for method in methods)
    if names:
        write += f", with `await` before {names}"
    if any(last_name(node) in BRIDGES for one in methods for node in ast.walk(one)):
        write += ", and without async_to_sync"
    return write, [*map(made_async, methods), *(change for _, change in waits)]


def _waits(source: Source, method: ast.FunctionDef) -> Iterator[tuple[str, Change]]:
    """The statements of the method that call a coroutine function of the consumer's own, or any
    through async_to_sync: its name, and the change that awaits it."""
    for node in ast.walk(method):
        call = node.value if isinstance(node, ast.Expr) else None
        if not isinstance(call, ast.Call):
            continue
        if on_self(call.func) and call.func.attr in OWN:
            yield source.code(call.func), before(call, "await ")
        elif isinstance(call.func, ast.Call) and last_name(call.func.func) in BRIDGES:
            for given in call.func.args[:1]:
                name = source.code(given)
                yield name, instead(call.func, f"await {name}")


def _listed(texts: Iterable[str]) -> str:
    *others, last = [*texts] or [""]
    return f"{', '.join(others)} and {last}" if others else last
