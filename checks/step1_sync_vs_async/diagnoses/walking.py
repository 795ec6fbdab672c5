"""Step 1's asynchronous exhibition: why its opponents do not all think at the same moment."""

import ast
from collections.abc import Iterator

from checks.diagnoses.blocking import pools_that_wait
from checks.step1_sync_vs_async.diagnoses.exhibition import THREADS
from checks.step1_sync_vs_async.diagnoses.starting import THINKING
from checks.step1_sync_vs_async.diagnoses.together import (
    in_a_thread,
    in_place_of_the_loop,
    written,
)
from checks.step1_sync_vs_async.failures import NotAtOnce
from workshop.checking.explaining.edits import instead, unwrapped
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where


@rule
def waits_at_the_board(evidence):
    for call, where in _walking(evidence, ast.Call):
        if last_name(call.func) == "opponent_thinks":
            code = f"await {ast.unparse(call.func)}_async()"
            place = evidence.at(where)
            cure = f"Write `{code}`."
            if not place.is_async:
                cure = f"Make {place.name}() an `async def`, and write `{code}` in it."
            return Explanation(
                "In the asynchronous exhibition Alice still waits at the board: opponent_thinks() "
                f"holds her thread until the answer comes. {cure}",
                where,
                evidence.suggest(where, instead(call, code)) if place.is_async else None,
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
                f"at the board until the answer comes. Copy the body of {name}() here, instead of "
                "this line, and in it write `await board.opponent_thinks_async()` for "
                "`board.opponent_thinks()`.",
                where,
            )


@rule
def locked_while_thinking(evidence):
    for block, where in _walking(evidence, ast.AsyncWith):
        name = ast.unparse(block.items[0].context_expr)
        waits = any(last_name(call.func) in THINKING for call in calls_in(block))
        if waits and "TaskGroup" not in name:
            source = evidence.project.source("exhibition")
            return Explanation(
                f"`async with {name}` lets in only so many games at a time, and "
                "here each stays in until its opponent has answered. "
                "Delete this line, and indent those of its block one level less: Alice does "
                "not need a lock, because no other game runs between two awaits.",
                where,
                evidence.suggest(where, unwrapped(source, block)),
            )


@rule
def pool_waits_at_the_board(evidence):
    for function, _ in _walking(evidence, ast.AsyncFunctionDef):
        for block in pools_that_wait(function):
            source = evidence.project.source("exhibition")
            asked = [n for n in ast.walk(block) if last_name(n) == "opponent_thinks"]
            code = f"await {ast.unparse(asked[0])}_async()" if asked else ASYNCHRONOUS
            edit = instead(block, code) if asked and len(block.body) == 1 else None
            return Explanation(
                "Leaving this `with` block waits for the pool's "
                "threads, and Alice's thread waits there, too. "
                "No pool is needed. "
                "Instead of the block, write:\n"
                f"    {code}",
                source.where(block),
                edit and evidence.suggest(source.where(block), edit),
            )


@rule
def opponents_share_threads(evidence):
    source = evidence.project.source("exhibition")
    for call, where in _walking(evidence, ast.Call):
        if last_name(call.func) not in THREADS or not THINKING & set(map(last_name, call.args)):
            continue
        pool = "There are fewer threads here than opponents who are thinking."
        if last_name(call.func) == "sync_to_async":
            pool = (
                "sync_to_async() calls all its functions in one and the same thread, one after "
                "another (thread_sensitive, in Django's documentation of async)."
            )
        found = in_a_thread(source, call)
        code = f"await {found[1].removesuffix('_async')}_async()" if found else ASYNCHRONOUS
        return Explanation(
            f"{pool} Waiting does not need a thread. Write:\n    {code}",
            where,
            found and evidence.suggest(where, instead(found[0], code)),
        )


ASYNCHRONOUS = "await board.opponent_thinks_async()"


@rule
def one_board_after_another(evidence):
    source = evidence.project.source("exhibition")
    for loop, where in _walking(evidence, ast.For, ast.AsyncFor):
        if any(isinstance(node, ast.Await) for node in ast.walk(loop)):
            code = in_place_of_the_loop(source, loop) if isinstance(loop, ast.For) else None
            together = (
                f"Instead of the loop, write:\n    {code}"
                if code
                else (
                    "Collect the games in a list in the loop, and below it start "
                    "all of them together: `await asyncio.gather(*games)`"
                )
            )
            return Explanation(
                "`await` in a loop waits for one game before it starts the next one. " + together,
                where,
                code and evidence.suggest(where, *written(source, loop, code)),
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
