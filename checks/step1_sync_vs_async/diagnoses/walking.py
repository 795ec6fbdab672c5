"""Step 1's asynchronous exhibition: why its opponents do not all think at the same moment."""

import ast
from collections.abc import Iterator

from checks.diagnoses.blocking import pools_that_wait
from checks.step1_sync_vs_async.diagnoses.exhibition import THREADS
from checks.step1_sync_vs_async.failures import NotAtOnce
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where, calls_in, last_name

THINKING = {"opponent_thinks", "opponent_thinks_async"}


@rule
def waits_at_the_board(evidence):
    for call, where in _walking(evidence, ast.Call):
        if last_name(call.func) == "opponent_thinks":
            return Explanation(
                "In the asynchronous exhibition Alice still waits at the board: opponent_thinks() "
                "holds her thread until the answer comes. Write await "
                "board.opponent_thinks_async().",
                where,
            )


@rule
def plays_the_plain_game(evidence):
    """A plain function that lets an opponent think is called in a coroutine."""
    players = _plain_players(evidence)
    for call, where in _walking(evidence, ast.Call):
        name = last_name(call.func)
        if name in players:
            return Explanation(
                f"In the asynchronous exhibition the game is still played by {name}(), which waits "
                "at the board until the answer comes. Play it here instead, and await the "
                "opponent: await board.opponent_thinks_async()",
                where,
            )


@rule
def locked_while_thinking(evidence):
    for block, where in _walking(evidence, ast.AsyncWith):
        name = ast.unparse(block.items[0].context_expr)
        waits = any(last_name(call.func) in THINKING for call in calls_in(block))
        if waits and "TaskGroup" not in name:
            return Explanation(
                f"`async with {name}` lets in only so many at a time, and here they stay until "
                "their opponent has answered. Alice needs no lock: between two awaits nobody else "
                "runs.",
                where,
            )


@rule
def pool_waits_at_the_board(evidence):
    for function, _ in _walking(evidence, ast.AsyncFunctionDef):
        for block in pools_that_wait(function):
            source = evidence.project.source("exhibition")
            return Explanation(
                "At the end of this `with` block Alice's thread itself waits until the pool's "
                "threads are done, for nothing in the block is awaited. No pool is needed: "
                "await board.opponent_thinks_async()",
                source.where(block),
            )


@rule
def opponents_share_threads(evidence):
    for call, where in _walking(evidence, ast.Call):
        if last_name(call.func) not in THREADS or not THINKING & set(map(last_name, call.args)):
            continue
        pool = "There are fewer threads here than opponents who think."
        if last_name(call.func) == "sync_to_async":
            pool = (
                "sync_to_async() calls all its functions in one and the same thread, one after "
                "another (thread_sensitive, in Django's documentation of async)."
            )
        return Explanation(
            f"{pool} Waiting needs no thread: await board.opponent_thinks_async()", where
        )


@rule
def one_board_after_another(evidence):
    for loop, where in _walking(evidence, ast.For):
        if any(isinstance(node, ast.Await) for node in ast.walk(loop)):
            return Explanation(
                "`await` in a loop waits for one game before it begins the next. Start all of them "
                "together: await asyncio.gather(*(… for board in boards))",
                where,
            )


def _plain_players(evidence) -> set[str]:
    """The plain functions of the learner's that let an opponent think."""
    sources = [s for s in evidence.project.sources if not evidence.project.is_given(s.path)]
    return {
        function.name
        for source in sources
        for function in source.nodes(ast.FunctionDef)
        if any(last_name(call.func) == "opponent_thinks" for call in calls_in(function))
    }


def _walking(evidence, *types: type) -> Iterator[tuple[ast.AST, Where]]:
    """The nodes of these types in the coroutine functions of exhibition.py, each with its place,
    where the opponents did not all think at once."""
    source = evidence.project.source("exhibition")
    if evidence.saw(NotAtOnce) and source:
        for function in source.nodes(ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, types):
                    yield node, source.where(node)
