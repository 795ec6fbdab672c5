"""How games are played together: the code for it, made of the learner's own."""

import ast

from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.source import Source
from workshop.checking.explaining.suggestion import Change

TASKS = ("create_task", "ensure_future")


def with_star(source: Source, call: ast.Call) -> str | None:
    """asyncio.gather(*games) for a call that is given the games in one."""
    if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return None
    return f"asyncio.gather(*{source.code(call.args[0])})"


def in_place_of_the_loop(source: Source, loop: ast.For) -> str | None:
    """The line that plays the games together that a loop plays one by one, or only starts; None
    where the loop does more."""
    game = loop.body[0].value if isinstance(loop.body[0], ast.Expr) else None
    while inner := _inside(game):
        game = inner
    if len(loop.body) > 1 or loop.orelse or not isinstance(game, ast.Call):
        return None
    board, boards = source.code(loop.target), source.code(loop.iter)
    return f"await asyncio.gather(*({source.code(game)} for {board} in {boards}))"


def _inside(node: ast.AST | None) -> ast.AST | None:
    """What is awaited, or made a task of, by itself."""
    if isinstance(node, ast.Await):
        return node.value
    if isinstance(node, ast.Call) and last_name(node.func) in ("gather", *TASKS):
        return node.args[0] if len(node.args) == 1 and not node.keywords else None
    return None


def written(source: Source, node: ast.AST, code: str) -> list[Change]:
    """The changes that write code with asyncio in the place of the node."""
    return [instead(node, code), *imported(source, "import asyncio")]


def around(source: Source, call: ast.Call, *kinds: type) -> list[ast.AST]:
    """The nodes of these types that the call is in, the outermost first."""
    found = source.at(call.lineno, *kinds)
    return [node for node in found if any(child is call for child in ast.walk(node))]


def in_a_thread(source: Source, call: ast.Call) -> tuple[ast.Await, str] | None:
    """The `await` of the call that runs a function in a thread, and the function as it is written:
    to_thread(f), run_in_executor(pool, f) and sync_to_async(f)()."""
    place = 1 if last_name(call.func) == "run_in_executor" else 0
    if len(call.args) != place + 1:
        return None
    for node in around(source, call, ast.Await):
        if node.value is call or getattr(node.value, "func", None) is call:
            return node, source.code(call.args[place])
    return None


def functions(evidence):
    """The functions of exhibition.py, each with its file."""
    source = evidence.project.source("exhibition")
    for function in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        yield source, function
