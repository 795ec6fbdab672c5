"""Step 1's exhibition: how the games are started and awaited, and what Alice does."""

import ast

from checks.step1_sync_vs_async.failures import Miscounted, NoRecord
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Source, calls_in, last_name

TOGETHER = {"gather", "TaskGroup", "create_task", "ensure_future", "wait", "as_completed"}
THREADS = {"to_thread", "run_in_executor", "sync_to_async", "Thread", "submit"}
NOT_AWAITABLE = r"An asyncio\.Future, a coroutine or an awaitable is required"


# How the games are started


@rule
def gather_given_a_list(evidence):
    """A list is said to be unhashable. A generator expression becomes a task that yields what no
    task may, until Python 3.11; since 3.12 it is refused as no awaitable."""
    found = evidence.error(
        rf"TypeError: unhashable type: 'list'|Task got bad yield: <coroutine|{NOT_AWAITABLE}"
    )
    if found is None:
        return None
    where = evidence.where(found)
    for call in evidence.nodes_at(where, ast.Call):
        several = call.args and isinstance(call.args[0], ast.List | ast.ListComp | ast.GeneratorExp)
        if last_name(call.func) == "gather" and (several or "unhashable" in found.message):
            return Explanation(
                "asyncio.gather() takes the coroutines one by one, not all in one. Put a star in "
                "front of them: asyncio.gather(*games)",
                where,
            )


@rule
def exhibition_not_async(evidence):
    """gather() was told of games that were over already, for plain functions return None; or of
    the functions themselves."""
    found = evidence.error(NOT_AWAITABLE)
    if found is None:
        return None
    where = evidence.where(found)
    for call in evidence.nodes_at(where, ast.Call):
        items = [n.value if isinstance(n, ast.Starred) else n for n in call.args]
        items = [getattr(item, "elt", item) for item in items]
        if last_name(call.func) == "gather" and any(isinstance(i, ast.Name) for i in items):
            name = next(i.id for i in items if isinstance(i, ast.Name))
            if name in evidence.project.source_at(where).functions:
                return Explanation(
                    f"asyncio.gather() was given the function {name} itself. Call it, so that it "
                    f"gets a coroutine: {name}(board)",
                    where,
                )
    return Explanation(
        "asyncio.gather() was given something that cannot wait: the game was played when it was "
        "called. Make it a coroutine: `async def`, with an await where the opponent thinks.",
        where,
    )


@rule(raised=r"TypeError: Passing coroutines is forbidden, use tasks explicitly")
def wait_given_coroutines(evidence, error):
    return Explanation(
        "asyncio.wait() takes tasks, and was given coroutines (refused since Python 3.11). Write "
        "await asyncio.gather(*coroutines), which takes both.",
        evidence.where(error),
    )


# Who waits, and for what


@rule
def awaited_the_blocking_one(evidence):
    """The answer was there before `await` looked: it is None, or the view's dictionary."""
    found = evidence.error(r"TypeError: object (NoneType|dict) can't be used in 'await' expression")
    where = found and evidence.where(found)
    for node in evidence.nodes_at(where, ast.Await):
        name = last_name(getattr(node.value, "func", None))
        if name in ("opponent_thinks", "thinks"):
            return Explanation(
                f"{name}() blocks and returns the answer itself, so nothing is left to await. The "
                f"one to await is {name}_async().",
                where,
            )


@rule
def out_of_turn(evidence):
    found = evidence.error(r"\bOutOfTurn: ")
    if found and not evidence.events("never_awaited"):
        return Explanation(f"The board refused a move. {found.message}", evidence.where(found))


# Alice


@rule
def exhibition_missing(evidence):
    there = (evidence.project.folder / "exhibition.py").is_file()
    if evidence.check == "test_the_exhibition_runs" and not there:
        return Explanation(
            "There is no exhibition.py in this folder. If it is the right folder, get the file "
            "back: python3 -m workshop reset step1 (what is there is saved first)."
        )


@rule
def moves_were_lost(evidence):
    if evidence.check != "test_every_move_is_played" or evidence.failure.who != "asynchronous":
        return None
    for source, function in _functions(evidence):
        started = [call for call in calls_in(function) if last_name(call.func) in TOGETHER]
        waits = any(isinstance(n, ast.Await | ast.AsyncWith) for n in ast.walk(function))
        runs = any(last_name(call.func) == "run" for call in calls_in(function))
        if not started or waits or runs:
            continue
        name = ast.unparse(started[0].func)
        if isinstance(function, ast.FunctionDef):
            advice = (
                f"{function.name} is a plain `def`. Write `async def`, and await {name}(…) in it."
            )
        elif name == "asyncio.gather":
            advice = "Write `await` before asyncio.gather(…)."
        else:
            advice = f"{name}() alone does not wait: use await asyncio.gather(*games)."
        return Explanation(
            f"{evidence.failure.message} The games were started, and nobody waited for them: when "
            f"the function ends, they end too. {advice}",
            source.where(started[0]),
        )


@rule
def game_ends_early(evidence):
    """The moves stop where the function that makes them has no loop."""
    if evidence.check != "test_every_move_is_played":
        return None
    for source, function in _functions(evidence):
        moves = [call for call in calls_in(function) if last_name(call.func) == "alice_moves"]
        loops = any(isinstance(n, ast.While | ast.For) for n in ast.walk(function))
        who = "asynchronous" if isinstance(function, ast.AsyncFunctionDef) else "synchronous"
        if moves and not loops and evidence.failure.who == who:
            return Explanation(
                f"{evidence.failure.message} {function.name}() has no loop, so each game ends "
                "after its first moves. Go on until it is over: while not board.over:",
                source.where(moves[0]),
            )


@rule
def one_board_after_another(evidence):
    if evidence.check != "test_all_opponents_think_at_once":
        return None
    source = evidence.project.source("exhibition")
    if source is None:
        return None
    walking = _walking(source)
    blocking = [c for f in walking for c in calls_in(f) if last_name(c.func) == "opponent_thinks"]
    if blocking:
        return Explanation(
            "In the asynchronous exhibition Alice still waits at the board: opponent_thinks() "
            "holds her thread until the answer comes. Write await board.opponent_thinks_async().",
            source.where(blocking[0]),
        )
    plain = [
        c
        for f in walking
        for c in calls_in(f)
        if isinstance(c.func, ast.Name) and c.func.id in _plain_players(source)
    ]
    if plain:
        name = plain[0].func.id
        return Explanation(
            f"In the asynchronous exhibition the game is still played by {name}(), which waits at "
            "the board until the answer comes. Play it here instead, and await the opponent: await "
            "board.opponent_thinks_async()",
            source.where(plain[0]),
        )
    sleeping = [
        c for f in walking for c in calls_in(f) if ast.unparse(c.func) in ("time.sleep", "sleep")
    ]
    if sleeping and evidence.failure.count < evidence.failure.expected:
        return Explanation(
            "time.sleep() holds the thread, for Alice and for everybody. To wait and let others go "
            "on, await.",
            source.where(sleeping[0]),
        )
    thinking = ("opponent_thinks", "opponent_thinks_async")
    for function in walking:
        for node in ast.walk(function):
            entered = isinstance(node, ast.AsyncWith) and any(
                last_name(call.func) in thinking for call in calls_in(node)
            )
            name = ast.unparse(node.items[0].context_expr) if entered else ""
            if entered and "TaskGroup" not in name:
                return Explanation(
                    f"`async with {name}` lets in only so many at a time, and here they stay until "
                    "their opponent has answered. Alice needs no lock: between two awaits nobody "
                    "else runs.",
                    source.where(node),
                )
        for call in calls_in(function):
            given = {last_name(n) for n in call.args}
            if last_name(call.func) in THREADS and given & set(thinking):
                pool = (
                    "sync_to_async() calls all its functions in one and the same thread, one after "
                    "another (thread_sensitive, in Django's documentation of async)."
                    if last_name(call.func) == "sync_to_async"
                    else "There are fewer threads here than opponents who think."
                )
                return Explanation(
                    f"{pool} Waiting needs no thread: await board.opponent_thinks_async()",
                    source.where(call),
                )
    for function in walking:
        for loop in ast.walk(function):
            if isinstance(loop, ast.For) and any(isinstance(n, ast.Await) for n in ast.walk(loop)):
                return Explanation(
                    "`await` in a loop waits for one game before it begins the next. Start all of "
                    "them together: await asyncio.gather(*(… for board in boards))",
                    source.where(loop),
                )


@rule
def alice_in_two_places(evidence):
    if evidence.check == "test_alice_makes_one_move_at_a_time" and evidence.saw(Miscounted):
        source = evidence.project.source("exhibition")
        for call in source.nodes(ast.Call) if source else ():
            if last_name(call.func) in THREADS:
                return Explanation(
                    f"{evidence.failure.message} She was put into several threads here, but there "
                    "is one Alice: call alice_moves() directly, and await the opponents alone.",
                    source.where(call),
                )


@rule
def synchronous_changed(evidence):
    if evidence.check == "test_one_game_after_another" and evidence.saw(Miscounted):
        return Explanation(
            f"{evidence.failure.message} The synchronous exhibition is there for comparison: leave "
            "it as it was. `python3 -m workshop diff step1` shows what changed."
        )


@rule
def exhibition_does_not_end(evidence):
    if evidence.saw(NoRecord) and evidence.stuck:
        return Explanation(
            f"{evidence.failure.message} It was still at this line: look for a loop that has no "
            "end. A game's loop ends when board.over is true.",
            evidence.stuck[1],
        )


def _functions(evidence):
    """The functions of exhibition.py, each with its file."""
    source = evidence.project.source("exhibition")
    for function in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        yield source, function


def _walking(source: Source):
    """The coroutine functions of the file."""
    return list(source.nodes(ast.AsyncFunctionDef))


def _plain_players(source: Source) -> set[str]:
    """The plain functions that let an opponent think."""
    return {
        node.name
        for node in source.nodes(ast.FunctionDef)
        if any(last_name(call.func) == "opponent_thinks" for call in calls_in(node))
    }
