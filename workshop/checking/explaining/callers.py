"""Who calls a function: Channels, the event loop, other functions of the project."""

import ast

from workshop.checking.explaining.consumer import Consumer, handler_name
from workshop.checking.explaining.loop import defined
from workshop.checking.explaining.nodes import calls_in, last_name, on_self
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source

TO_THREAD = ("sync_to_async", "database_sync_to_async")
DEPTH = 4  # how far a function's callers are followed
# What takes a coroutine and has it awaited (https://docs.python.org/3/library/asyncio-task.html).
TAKERS = ("gather", "wait_for", "wait", "shield", "as_completed", "create_task", "ensure_future")
# The methods that Channels calls, besides those of the groups' messages.
BY_CHANNELS = {
    f"{prefix}{name}"
    for prefix in ("", "websocket_")
    for name in ("connect", "receive", "receive_json", "disconnect")
}


def called_by_channels(consumer: Consumer, method: ast.AST | None) -> bool:
    """Whether Channels itself calls this method of the consumer, and awaits it in an async one."""
    name = getattr(method, "name", None)
    known = name in BY_CHANNELS or name in _types_of(consumer)
    return known and consumer.methods.get(name) is method


def _types_of(consumer: Consumer) -> set[str]:
    """The names of the methods for the types that the consumer's classes write."""
    texts = (node.value for node in consumer.nodes(ast.Constant) if isinstance(node.value, str))
    return {handler_name(text) for text in texts}


def callers_of(project: Project, function: ast.AST | None) -> list[tuple[Source, ast.Call]]:
    """The project's calls of this very function, each with its file."""
    found = project.calls(getattr(function, "name", ""))
    return [
        (source, call)
        for source, call in found
        if (target := defined(project, source, call)) and target[1] is function
    ]


def is_run(source: Source, call: ast.Call) -> bool:
    """Whether the call is awaited, or is in what is passed to something that awaits it."""
    if any(node.value is call for node in source.nodes(ast.Await)):
        return True
    return any(holds(taker, call) for taker in source.calls(*TAKERS) if taker is not call)


def on_the_loop(project: Project, function: ast.AST | None, depth: int = DEPTH) -> bool:
    """Whether `async def` calls the function, or what calls it does. One that is only passed on, to
    a thread for example, is not called."""
    if isinstance(function, ast.AsyncFunctionDef):
        return True
    if not isinstance(function, ast.FunctionDef) or not depth:
        return False
    if any(last_name(node) in TO_THREAD for node in function.decorator_list):
        return False
    callers = (
        around
        for source in project.sources
        for around in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if around is not function
        if any(last_name(call.func) == function.name for call in calls_in(around))
    )
    return any(on_the_loop(project, caller, depth - 1) for caller in callers)


def takes_nothing(project: Project, function: ast.expr) -> bool:
    """Whether all functions of that name in the project can be called without arguments, or it is
    a consumer's accept() or close()."""
    name = last_name(function)
    if on_self(function) and name in ("accept", "close"):
        return True
    found = [
        node
        for source in project.sources
        for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if node.name == name
    ]
    return bool(found) and not any(_asked_for(node.args) for node in found)


def _asked_for(arguments: ast.arguments) -> bool:
    """Whether there is an argument without a default, besides the object itself."""
    taken = [
        a.arg for a in [*arguments.posonlyargs, *arguments.args] if a.arg not in ("self", "cls")
    ]
    return len(taken) > len(arguments.defaults) or None in arguments.kw_defaults


def holds(tree: ast.AST, node: ast.AST) -> bool:
    return any(child is node for child in ast.walk(tree))
