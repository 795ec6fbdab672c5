"""Step 1: the exhibition, and the view that waits."""

import ast

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import Miscounted, NoRecord
from workshop.checking.source import Source, calls_in, last_name

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error

TOGETHER = {"gather", "TaskGroup", "create_task", "ensure_future", "wait", "as_completed"}


# How the exhibition is started

error(
    "gather-given-a-list",
    r"TypeError: unhashable type: 'list'",
    "asyncio.gather() takes the coroutines one by one, not in a list. Put a star in front of it: "
    "asyncio.gather(*games)",
    "step1",
)

error(
    "run-inside-a-running-loop",
    r"asyncio\.run\(\) cannot be called from a running event loop",
    "asyncio.run() starts an event loop, and one is running already: exhibition_walking() is "
    "awaited for you. Inside `async def`, write await.",
    "step1",
)

error(
    "async-for-forgotten",
    r"TypeError: 'async_generator' object is not iterable",
    "An asynchronous generator is read with `async for`.",
    "step1",
)

error(
    "awaited-what-cannot-wait",
    r"TypeError: object (\w+) can't be used in 'await' expression",
    "`await` needs something that can wait, a coroutine, and got {0}. A plain function such as "
    "alice_moves() or opponent_thinks() is called without await.",
    "step1",
)

error(
    "coroutine-is-not-a-list",
    r"TypeError: 'coroutine' object is not (iterable|callable|subscriptable)",
    "A coroutine is used here as if it were its result. Write `await` in front of the call.",
    "step1",
)


# Alice


@diagnosis("exhibition-missing", "step1")
def _(evidence):
    there = (evidence.project.folder / "exhibition.py").is_file()
    if evidence.check == "test_the_exhibition_runs" and not there:
        return (
            "There is no exhibition.py in this folder. If it is the right folder, get the file "
            "back: python3 -m workshop reset step1 (what is there is saved first)."
        )


@diagnosis("exhibition-not-async", "step1")
def _(evidence):
    """gather() was told of games that were over already: plain functions return None."""
    found = evidence.error(r"An asyncio.Future, a coroutine or an awaitable is required")
    if found:
        return (
            "asyncio.gather() was given something that cannot wait: the game was played when it "
            "was "
            "called. Make it a coroutine: `async def`, with an await where the opponent thinks.",
            evidence.where(found),
        )


@diagnosis("moves-were-lost", "step1")
def _(evidence):
    if evidence.check != "test_every_move_is_played":
        return None
    tasks = _function_with(evidence, "asynchronous", TOGETHER)
    if evidence.failure.who == "asynchronous" and tasks:
        source, function = tasks
        waited = any(isinstance(n, ast.Await | ast.AsyncWith) for n in ast.walk(function))
        if not waited:
            return (
                f"{evidence.failure.message} The games were started, and nobody waited for them: "
                "when the function ends, they end too. Write `await` before asyncio.gather(…).",
                source.where(function),
            )


@diagnosis("one-board-after-another", "step1")
def _(evidence):
    if evidence.check != "test_all_opponents_think_at_once":
        return None
    source = evidence.project.source("exhibition")
    if source is None:
        return None
    walking = _walking(source)
    blocking = [c for f in walking for c in calls_in(f) if last_name(c.func) == "opponent_thinks"]
    if blocking:
        return (
            "In the asynchronous exhibition Alice still waits at the board: opponent_thinks() "
            "holds "
            "her thread until the answer comes. Write await board.opponent_thinks_async().",
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
        return (
            f"In the asynchronous exhibition the game is still played by {name}(), which waits at "
            "the board until the answer comes. Play it here instead, and await the opponent: "
            "await board.opponent_thinks_async()",
            source.where(plain[0]),
        )
    sleeping = [
        c for f in walking for c in calls_in(f) if ast.unparse(c.func) in ("time.sleep", "sleep")
    ]
    if sleeping and evidence.failure.count < evidence.failure.expected:
        return (
            "time.sleep() holds the thread, for Alice and for everybody. To wait and let others "
            "go on, await.",
            source.where(sleeping[0]),
        )
    for function in walking:
        for loop in ast.walk(function):
            if isinstance(loop, ast.For) and any(isinstance(n, ast.Await) for n in ast.walk(loop)):
                return (
                    "`await` in a loop waits for one game before it begins the next. Start all of "
                    "them together: await asyncio.gather(*(… for board in boards))",
                    source.where(loop),
                )


@diagnosis("alice-in-two-places", "step1")
def _(evidence):
    if evidence.check == "test_alice_makes_one_move_at_a_time" and evidence.saw(Miscounted):
        source = evidence.project.source("exhibition")
        for call in source.nodes(ast.Call) if source else ():
            if last_name(call.func) in ("to_thread", "run_in_executor", "sync_to_async", "Thread"):
                return (
                    f"{evidence.failure.message} She was put into several threads here, but there "
                    "is one Alice: call alice_moves() directly, and await the opponents alone.",
                    source.where(call),
                )


@diagnosis("synchronous-changed", "step1")
def _(evidence):
    if evidence.check == "test_one_game_after_another" and evidence.saw(Miscounted):
        return (
            f"{evidence.failure.message} The synchronous exhibition is there for comparison: leave "
            "it as it was. `python3 -m workshop diff step1` shows what changed."
        )


@diagnosis("exhibition-does-not-end", "step1")
def _(evidence):
    if evidence.saw(NoRecord) and evidence.stuck:
        return (
            f"{evidence.failure.message} It was still at this line: look for a loop that has no "
            "end. A game's loop ends when board.over is true.",
            evidence.stuck[1],
        )


# The hall


@diagnosis("view-blocks-the-loop", "step1")
def _(evidence):
    if evidence.check not in ("test_eight_requests_wait_together", "test_the_heartbeat_goes_on"):
        return None
    if not evidence.saw(Miscounted):
        return None
    for source, view in _views(evidence, "awaiting"):
        for call in calls_in(view):
            if last_name(call.func) in ("thinks", "sleep") and not _awaited(view, call):
                name = ast.unparse(call.func)
                return (
                    f"The view is `async def`, and {name}() blocks in it: the event loop stands "
                    "still, and with it every browser of this server. Write "
                    "answered(await opponent.thinks_async()).",
                    source.where(call),
                )


@diagnosis("answer-not-awaited", "step1")
def _(evidence):
    if not evidence.check.startswith(("test_eight", "test_the_heart")):
        return None
    # JsonResponse refuses the coroutine; Django's error page keeps it, so no warning comes.
    for source, view in _views(evidence, "awaiting") if evidence.errors else ():
        for call in calls_in(view):
            if last_name(call.func) == "thinks_async" and not _awaited(view, call):
                return (
                    "thinks_async() was called without await, so the view got a coroutine in place "
                    "of an answer. Write answered(await opponent.thinks_async()).",
                    source.where(call),
                )


def _views(evidence, name):
    source = evidence.project.source("hall.views")
    for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        if node.name == name:
            yield source, node


def _awaited(function, call):
    return any(isinstance(n, ast.Await) and n.value is call for n in ast.walk(function))


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


def _function_with(evidence, name, calls):
    source = evidence.project.source("exhibition")
    for function in _walking(source) if source else ():
        if any(last_name(call.func) in calls for call in calls_in(function)):
            return source, function
    return None
