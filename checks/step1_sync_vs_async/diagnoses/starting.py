"""How the games of step 1's exhibition are started and awaited: exceptions that result."""

import ast
import itertools

from checks.step1_sync_vs_async.diagnoses.together import functions, with_star, written
from workshop.checking.explaining.edits import below, instead
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule

NOT_AWAITABLE = r"An asyncio\.Future, a coroutine or an awaitable is required"
THINKING = {"opponent_thinks", "opponent_thinks_async"}


# How the games are started


@rule(raised=rf"TypeError: unhashable type: 'list'|Task got bad yield: <coroutine|{NOT_AWAITABLE}")
def gather_given_a_list(evidence, error):
    """A list is said to be unhashable. A generator expression becomes a task that yields what no
    task may, until Python 3.11; since 3.12 it is refused because it cannot be awaited."""
    where = evidence.where(error)
    for call in _gathers_at(evidence, where):
        several = call.args and isinstance(call.args[0], ast.List | ast.ListComp | ast.GeneratorExp)
        if several or "unhashable" in error.message:
            code = with_star(evidence.project.source_at(where), call)
            return Explanation(
                "asyncio.gather() takes each coroutine as an argument of its own, not all of them "
                f"in one. Unpack them with a star:\n    {code or 'asyncio.gather(*games)'}",
                where,
                code and evidence.suggest(where, instead(call, code)),
            )


@rule(raised=NOT_AWAITABLE)
def exhibition_not_async(evidence, error):
    """gather() was given games that were over already, for plain functions return None; or the
    functions themselves."""
    where = evidence.where(error)
    for call in _gathers_at(evidence, where):
        for item in call.args:
            if isinstance(item, ast.GeneratorExp | ast.ListComp):
                continue  # the list itself is what cannot be awaited: see gather_given_a_list
            item = item.value if isinstance(item, ast.Starred) else item
            game, board = getattr(item, "elt", item), "board"
            if isinstance(item, ast.GeneratorExp | ast.ListComp):
                board = ast.unparse(item.generators[0].target)
            if last_name(game) in evidence.project.source_at(where).functions:
                code = f"{last_name(game)}({board})"
                edit = instead(game, code) if game is not item else None
                return Explanation(
                    f"asyncio.gather() was given the function {last_name(game)} itself. Call it, "
                    f"so that it gets a coroutine: `{code}`",
                    where,
                    edit and evidence.suggest(where, edit),
                )
            if isinstance(game, ast.Call):
                return _game_was_over(evidence, where, game)


def _game_was_over(evidence, where, game):
    """What to give gather() in place of a plain function's game: the only coroutine function of
    the file that takes as much, where there is one."""
    name, within = last_name(game.func), evidence.project.function_at(where)
    known = [
        function.name
        for _, function in functions(evidence)
        if isinstance(function, ast.AsyncFunctionDef) and function is not within
        if len(function.args.args) == len(game.args)
    ]
    said = (
        f"{name}() is a plain function: when asyncio.gather() gets its "
        "result, the game is over, and there is nothing left to wait for."
    )
    if len(known) != 1:
        cure = "an `async def` that awaits board.opponent_thinks_async()"
        return Explanation(f"{said} Give it the game of a coroutine function: {cure}.", where)
    code = f"{known[0]}({', '.join(map(ast.unparse, game.args))})"
    return Explanation(
        f"{said} Give it the asynchronous game: `{code}`",
        where,
        evidence.suggest(where, instead(game, code)),
    )


@rule(raised=r"TypeError: Passing coroutines is forbidden, use tasks explicitly")
def wait_given_coroutines(evidence, error):
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    alone = {id(n.value.value) for n in source.nodes(ast.Expr) if isinstance(n.value, ast.Await)}
    calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == "wait"]
    code = next(filter(None, (with_star(source, call) for call in calls)), None)
    sure = (
        code and id(calls[0]) in alone
    )  # its result, what is done and what is pending, is not used
    return Explanation(
        "asyncio.wait() takes tasks, not coroutines (since Python 3.11). asyncio.gather() takes "
        f"coroutines, too:\n    await {code or 'asyncio.gather(*games)'}",
        where,
        evidence.suggest(where, *written(source, calls[0], code)) if sure else None,
    )


# Who waits, and for what


@rule(raised=r"TypeError: object (?:NoneType|dict) can't be used in 'await' expression")
def awaited_the_blocking_one(evidence, error):
    """The answer was there before `await` ran: it is None, or the view's dictionary."""
    where = evidence.where(error)
    for node in evidence.nodes_at(where, ast.Await):
        name = last_name(getattr(node.value, "func", None))
        if name in ("opponent_thinks", "thinks"):
            function = f"{ast.unparse(node.value.func)}_async"
            return Explanation(
                f"{name}() blocks until the answer is there, so there is nothing left to await. "
                f"Write `await {function}()`.",
                where,
                evidence.suggest(where, instead(node.value.func, function)),
            )


@rule(raised=r"\bOutOfTurn: ")
def out_of_turn(evidence, error):
    """The board's own message says whose turn it is, and what comes first."""
    if evidence.never_awaited():
        return None
    where, seen = evidence.where(error), evidence.failure.message
    said = seen if error.message in seen else f"The board refused a move. {error.message}"
    cure = ""
    if edit := _the_other_way_round(evidence, where):
        cure = " Swap this line and the next one."
    elif edit := _with_the_answer(evidence, where):
        cure = " Write that below this line."
    return Explanation(f"{said.rstrip('.')}.{cure}", where, edit)


def _the_other_way_round(evidence, where):
    """The edit that lets Alice move first, where the line after this one does so."""
    source = evidence.project.source_at(where)
    for loop in source.nodes(ast.While) if source else ():
        for one, other in itertools.pairwise(loop.body):
            calls = [last_name(call.func) for node in (one, other) for call in calls_in(node)]
            if one.lineno == where.line and calls[1:] == ["alice_moves"]:
                first, second = source.code(one), source.code(other)
                return evidence.suggest(where, instead(one, second), instead(other, first))
    return None


def _with_the_answer(evidence, where):
    """The edit that awaits the answer below Alice's move, in a coroutine that never does."""
    function = evidence.project.function_at(where)
    asked = {last_name(call.func) for call in calls_in(function)} if function else ()
    if not isinstance(function, ast.AsyncFunctionDef) or asked & THINKING:
        return None
    for move in evidence.nodes_at(where, ast.Expr):
        if last_name(getattr(move.value, "func", None)) == "alice_moves":
            board = ast.unparse(move.value.func.value)
            return evidence.suggest(where, below(move, f"await {board}.opponent_thinks_async()"))
    return None


def _gathers_at(evidence, where) -> list[ast.Call]:
    """The calls of gather() at a place in the learner's files."""
    calls = evidence.nodes_at(where, ast.Call)
    return [call for call in calls if last_name(call.func) == "gather"]
