"""Step 1's exhibition: how the games are started and awaited, and whether they reach their end."""

import ast

from checks.diagnoses.swallowing import CAUGHT
from checks.step1_sync_vs_async.failures import AliceTwice, MovesMissing, NoRecord, NotInTurn
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name

TOGETHER = {"gather", "TaskGroup", "create_task", "ensure_future", "wait", "as_completed"}
THREADS = {"to_thread", "run_in_executor", "sync_to_async", "Thread", "submit"}
NOT_AWAITABLE = r"An asyncio\.Future, a coroutine or an awaitable is required"


# How the games are started


@rule(raised=rf"TypeError: unhashable type: 'list'|Task got bad yield: <coroutine|{NOT_AWAITABLE}")
def gather_given_a_list(evidence, error):
    """A list is said to be unhashable. A generator expression becomes a task that yields what no
    task may, until Python 3.11; since 3.12 it is refused because it cannot be awaited."""
    where = evidence.where(error)
    for call in _gathers_at(evidence, where):
        several = call.args and isinstance(call.args[0], ast.List | ast.ListComp | ast.GeneratorExp)
        if several or "unhashable" in error.message:
            return Explanation(
                "asyncio.gather() takes the coroutines one by one, not all in one. Put a star in "
                "front of them: asyncio.gather(*games)",
                where,
            )


@rule(raised=NOT_AWAITABLE)
def exhibition_not_async(evidence, error):
    """gather() was given games that were over already, for plain functions return None; or the
    functions themselves."""
    where = evidence.where(error)
    for call in _gathers_at(evidence, where):
        items = [n.value if isinstance(n, ast.Starred) else n for n in call.args]
        named = {last_name(getattr(item, "elt", item)) for item in items}
        for name in named & evidence.project.source_at(where).functions:
            return Explanation(
                f"asyncio.gather() was given the function {name} itself. Call it, so that it gets "
                f"a coroutine: {name}(board)",
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


@rule(raised=r"TypeError: object (?:NoneType|dict) can't be used in 'await' expression")
def awaited_the_blocking_one(evidence, error):
    """The answer was there before `await` looked: it is None, or the view's dictionary."""
    where = evidence.where(error)
    for node in evidence.nodes_at(where, ast.Await):
        name = last_name(getattr(node.value, "func", None))
        if name in ("opponent_thinks", "thinks"):
            return Explanation(
                f"{name}() blocks and returns the answer itself, so nothing is left to await. The "
                f"one to await is {name}_async().",
                where,
            )


@rule(raised=r"\bOutOfTurn: ")
def out_of_turn(evidence, error):
    if not evidence.never_awaited():
        return Explanation(f"The board refused a move. {error.message}", evidence.where(error))


# Whether the games reach their end


@rule
def exhibition_missing(evidence):
    if evidence.saw(NoRecord) and not (evidence.project.folder / "exhibition.py").is_file():
        return Explanation(
            "There is no exhibition.py in this folder. If it is the right folder, get the file "
            "back: python3 -m workshop reset step1 (what is there is saved first)."
        )


@rule
def exhibition_does_not_end(evidence):
    if evidence.saw(NoRecord) and evidence.stuck:
        return Explanation(
            f"{evidence.failure.message} It was still at this line: look for a loop that has no "
            "end. A game's loop ends when board.over is true.",
            evidence.stuck[1],
        )


@rule
def moves_were_lost(evidence):
    if not evidence.saw(MovesMissing) or evidence.failure.who != "asynchronous":
        return None
    for source, function in _functions(evidence):
        calls = list(calls_in(function))
        started = [call for call in calls if last_name(call.func) in TOGETHER]
        waits = any(isinstance(n, ast.Await | ast.AsyncWith) for n in ast.walk(function))
        if started and not waits and not any(last_name(call.func) == "run" for call in calls):
            return Explanation(
                f"{evidence.failure.message} The games were started, and nobody waited for them: "
                f"when the function ends, they end too. {_how_to_wait(function, started[0])}",
                source.where(started[0]),
            )


@rule
def waits_for_some_games(evidence):
    """What ends while others still play, and breaks them off (asyncio.run cancels what is left)."""
    if not evidence.saw(MovesMissing) or evidence.failure.who != "asynchronous":
        return None
    for source, function in _functions(evidence):
        for call in calls_in(function) if isinstance(function, ast.AsyncFunctionDef) else ():
            if ended_by := _ended_by(call, last_name(call.func)):
                return Explanation(
                    f"{evidence.failure.message} {ended_by}; the other games are broken off. "
                    "Wait for all of them: await asyncio.gather(*games)",
                    source.where(call),
                )


def _ended_by(call: ast.Call, name: str | None) -> str | None:
    """Why a call does not wait for all that it is given."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    when = last_name(named.get("return_when"))
    if name == "wait" and when in ("FIRST_COMPLETED", "FIRST_EXCEPTION"):
        first = "that ends" if when == "FIRST_COMPLETED" else "that raises an exception"
        return f"{when} returns with the first game {first}"
    if name in ("wait_for", "timeout") or (name == "wait" and "timeout" in named):
        return f"{name}() gives up when its time is over"
    if name == "next" and call.args and "as_completed" in ast.unparse(call.args[0]):
        return "next() takes the first game that ends"
    return None


@rule
def game_swallowed_its_exception(evidence):
    """The exhibition does not break off, and a game does."""
    if not evidence.saw(MovesMissing):
        return None
    for swallowed in evidence.swallowed:
        raised = evidence.where(swallowed.error)
        if raised and swallowed.where:
            caught, care = CAUGHT[swallowed.event.by]
            return Explanation(
                f"{evidence.failure.message} {swallowed.error.text} was raised in line "
                f"{raised.line} and {caught}, so that game ended in silence. Fix its cause, and "
                f"{care}.",
                swallowed.where,
            )


def _how_to_wait(function: ast.FunctionDef | ast.AsyncFunctionDef, started: ast.Call) -> str:
    """What to write so that the function waits for what it started."""
    name = ast.unparse(started.func)
    if isinstance(function, ast.FunctionDef):
        return f"{function.name} is a plain `def`. Write `async def`, and await {name}(…) in it."
    if name == "asyncio.gather":
        return "Write `await` before asyncio.gather(…)."
    return f"{name}() alone does not wait: use await asyncio.gather(*games)."


@rule
def game_ends_early(evidence):
    """The moves stop where the function that makes them has no loop."""
    if not evidence.saw(MovesMissing):
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


# What must stay as it was


@rule
def alice_in_two_places(evidence):
    if not evidence.saw(AliceTwice):
        return None
    source = evidence.project.source("exhibition")
    for call in source.nodes(ast.Call) if source else ():
        if last_name(call.func) in THREADS:
            return Explanation(
                f"{evidence.failure.message} Her moves are made in several threads here, but there "
                "is one Alice: call alice_moves() directly, and await the opponents alone.",
                source.where(call),
            )


@rule
def synchronous_changed(evidence):
    if evidence.saw(NotInTurn):
        return Explanation(
            f"{evidence.failure.message} The synchronous exhibition is there for comparison: leave "
            "it as it was. `python3 -m workshop diff step1` shows what changed."
        )


def _functions(evidence):
    """The functions of exhibition.py, each with its file."""
    source = evidence.project.source("exhibition")
    for function in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        yield source, function


def _gathers_at(evidence, where) -> list[ast.Call]:
    """The calls of gather() at a place in the learner's files."""
    calls = evidence.nodes_at(where, ast.Call)
    return [call for call in calls if last_name(call.func) == "gather"]
