"""Step 1's exhibition: whether its games reach their end, and what must stay as it was."""

import ast

from checks.diagnoses.swallowing import CAUGHT
from checks.step1_sync_vs_async.diagnoses.together import (
    around,
    functions,
    in_a_thread,
    in_place_of_the_loop,
    written,
)
from checks.step1_sync_vs_async.failures import AliceTwice, MovesMissing, NoRecord, NotInTurn
from workshop.checking.explaining.edits import below, instead, instead_of_all, made_async
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule

TOGETHER = {"gather", "TaskGroup", "create_task", "ensure_future", "wait", "as_completed"}
THREADS = {"to_thread", "run_in_executor", "sync_to_async", "Thread", "submit"}


# Whether the games reach their end


@rule
def exhibition_missing(evidence):
    if evidence.saw(NoRecord) and not (evidence.project.folder / "exhibition.py").is_file():
        return Explanation(
            "There is no exhibition.py in this folder. "
            "If the step is in another folder, go there. "
            "Otherwise restore the file; your other files are "
            "saved first: python3 -m workshop reset step1"
        )


@rule
def exhibition_does_not_end(evidence):
    if evidence.saw(NoRecord) and evidence.stuck:
        return Explanation(
            f"{evidence.failure.message} It was still at this line: look for a loop that has no "
            "end, and delete it, or make it end as a game's loop does: while not board.over:",
            evidence.stuck[1],
        )


@rule
def moves_were_lost(evidence):
    if not evidence.saw(MovesMissing) or evidence.failure.who != "asynchronous":
        return None
    for source, function in functions(evidence):
        calls = list(calls_in(function))
        started = [call for call in calls if last_name(call.func) in TOGETHER]
        waits = any(isinstance(n, ast.Await | ast.AsyncWith) for n in ast.walk(function))
        if started and not waits and not any(last_name(call.func) == "run" for call in calls):
            place, code, changes = _waited_for(source, function, started[0])
            where, how = source.where(started[0]), f"Write{place}"
            if isinstance(function, ast.FunctionDef):
                changes += [made_async(function)] if changes else []
                how = f"{function.name} is a plain `def`. Write `async def`, and in it{place}"
            return Explanation(
                f"{evidence.failure.message} The games were started, but nothing waits for them: "
                f"when the function ends, they end too. {how}:\n    {code}",
                where,
                evidence.suggest(where, *changes),
            )


def _waited_for(source, function, started) -> tuple[str, str, list]:
    """The code that waits for what a function starts, where it goes, and the changes."""
    if last_name(started.func) == "gather":
        code = f"await {source.code(started)}"
        return "", code, [instead(started, code)]
    for loop in (node for node in ast.walk(function) if isinstance(node, ast.For)):
        if code := in_place_of_the_loop(source, loop):
            return ", instead of the loop", code, written(source, loop, code)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _makes(node, started):
            code = f"await asyncio.gather(*{node.targets[0].id})"
            return f", below line {node.end_lineno}", code, [below(node, code)]
    return "", "await asyncio.gather(*games)", []


def _makes(assignment: ast.Assign, started: ast.Call) -> bool:
    """Whether it makes a list of all that is started."""
    several = isinstance(assignment.value, ast.ListComp | ast.SetComp)
    named = isinstance(assignment.targets[0], ast.Name)
    return several and named and any(node is started for node in ast.walk(assignment.value))


@rule
def waits_for_some_games(evidence):
    """What ends while others are still playing, and cuts them off (asyncio.run cancels what is
    left)."""
    if not evidence.saw(MovesMissing) or evidence.failure.who != "asynchronous":
        return None
    for source, function in functions(evidence):
        for call in calls_in(function) if isinstance(function, ast.AsyncFunctionDef) else ():
            if ended_by := _ended_by(call, last_name(call.func)):
                code, changes = _for_all(source, function, call)
                return Explanation(
                    f"{evidence.failure.message} {ended_by}, and the other games are canceled. "
                    f"Wait for all of them:\n    {code}",
                    source.where(call),
                    evidence.suggest(source.where(call), *changes),
                )


def _for_all(source, function, call) -> tuple[str, list]:
    """The line that waits for all games that wait() was given, and the changes: none where more is
    asked of its result."""
    if last_name(call.func) != "wait" or not call.args:
        return "await asyncio.gather(*games)", []
    code = f"await asyncio.gather(*{source.code(call.args[0])})"
    used = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
    for line in (node for node in ast.walk(function) if isinstance(node, ast.Expr | ast.Assign)):
        if getattr(line.value, "value", None) is call:
            targets = [t for target in getattr(line, "targets", ()) for t in ast.walk(target)]
            made = [target.id for target in targets if isinstance(target, ast.Name)]
            if all(used.count(name) == 1 for name in made):
                return code, written(source, line, code)
    return code, []


def _ended_by(call: ast.Call, name: str | None) -> str | None:
    """Why a call does not wait for all that it is given."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    when = last_name(named.get("return_when"))
    if name == "wait" and when in ("FIRST_COMPLETED", "FIRST_EXCEPTION"):
        first = "that ends" if when == "FIRST_COMPLETED" else "that raises an exception"
        return f"{when} returns with the first game {first}"
    if name in ("wait_for", "timeout") or (name == "wait" and "timeout" in named):
        return f"{name}() gives up when its time is up"
    if name == "next" and call.args and "as_completed" in ast.unparse(call.args[0]):
        return "next() returns with the first game that ends"
    return None


@rule
def game_swallowed_its_exception(evidence):
    """The exhibition is not cut off, but a game is."""
    if not evidence.saw(MovesMissing):
        return None
    for swallowed in evidence.swallowed:
        raised = evidence.where(swallowed.error)
        if raised and swallowed.where:
            caught, care = CAUGHT[swallowed.event.by]
            return Explanation(
                f"{evidence.failure.message} {swallowed.error.text} was raised on line "
                f"{raised.line} and {caught}, so that game ended silently. "
                f"Fix its cause, and {care}.",
                swallowed.where,
            )


@rule
def game_ends_early(evidence):
    """The moves stop where the function that makes them has no loop."""
    if not evidence.saw(MovesMissing):
        return None
    for source, function in functions(evidence):
        moves = [call for call in calls_in(function) if last_name(call.func) == "alice_moves"]
        loops = any(isinstance(n, ast.While | ast.For) for n in ast.walk(function))
        who = "asynchronous" if isinstance(function, ast.AsyncFunctionDef) else "synchronous"
        if moves and not loops and evidence.failure.who == who:
            asks = [n for n in around(source, moves[0], ast.If) if not n.orelse]
            cure = "Go on until it is over: while not board.over:"
            if asks:
                cure = f"Write while instead of if on line {asks[0].lineno}."
            edit = evidence.suggest(source.where(moves[0]), *map(_as_loop, asks[:1]))
            return Explanation(
                f"{evidence.failure.message} {function.name}() has no loop, so each game ends "
                f"after its first moves. {cure}",
                source.where(moves[0]),
                edit,
            )


def _as_loop(node: ast.If):
    """The change that makes `while` of `if`."""
    begin = (node.lineno, node.col_offset)
    return begin, (node.lineno, node.col_offset + len("if")), "while"


# What must not change


@rule
def alice_in_two_places(evidence):
    if not evidence.saw(AliceTwice):
        return None
    source = evidence.project.source("exhibition")
    for call in source.nodes(ast.Call) if source else ():
        if last_name(call.func) in THREADS:
            found = in_a_thread(source, call)
            code = f"{found[1]}()" if found else "board.alice_moves()"
            return Explanation(
                f"{evidence.failure.message} Her moves are made in several threads here, but there "
                f"is one Alice. Call it directly, without a thread: `{code}`",
                source.where(call),
                found and evidence.suggest(source.where(call), instead(found[0], code)),
            )


# What exhibition.py has from the beginning.
SYNCHRONOUS = {
    "play_game": "while not board.over:\n    board.alice_moves()\n    board.opponent_thinks()",
    "exhibition_one_after_another": "for board in boards:\n    play_game(board)",
}


@rule
def synchronous_changed(evidence):
    if not evidence.saw(NotInTurn):
        return None
    for source, function in functions(evidence):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        code = SYNCHRONOUS.get(function.name, "")
        if code and code != "\n".join(map(ast.unparse, body)):
            shown = code.replace("\n", "\n    ")
            where = source.where(body[0] if body else function)
            return Explanation(
                f"{evidence.failure.message} {function.name}() is "
                "there for comparison, but was changed. "
                "Restore its body:\n"
                f"    {shown}",
                where,
                evidence.suggest(where, instead_of_all(body, code)) if body else None,
            )
    return Explanation(
        f"{evidence.failure.message} The synchronous exhibition is there for comparison: leave "
        "it as it was. `python3 -m workshop diff step1` shows what changed."
    )
