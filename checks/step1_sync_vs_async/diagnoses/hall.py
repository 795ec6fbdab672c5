"""Step 1's server: the view that waits, and the heart that keeps beating in the meantime."""

import ast

from checks.diagnoses.blocking import BLOCKING, computing, is_endless
from checks.step1_sync_vs_async.diagnoses.together import around, in_a_thread, written
from checks.step1_sync_vs_async.failures import HeartStopped, NotTogether
from workshop.checking.events import Computes
from workshop.checking.explaining.edits import instead, made_async
from workshop.checking.explaining.loop import calls_on_the_loop
from workshop.checking.explaining.nodes import FUNCTIONS, calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

BLOCKED = "the event loop is blocked, and with it every browser of this server."


@rule
def view_blocks_the_loop(evidence):
    if not evidence.saw(NotTogether, HeartStopped):
        return None
    for source, call, awaited in _calls(evidence):
        if last_name(call.func) in ("thinks", "sleep") and not awaited:
            where, code = source.where(call), _asynchronous(source, call)
            sure = evidence.at(where).is_async
            return Explanation(
                f"The view is `async def`, and {ast.unparse(call.func)}() blocks in it: "
                f"{BLOCKED} Write `{code}`.",
                where,
                evidence.suggest(where, *written(source, call, code)) if sure else None,
            )


def _asynchronous(source, call) -> str:
    """The code that waits as the call does, and yields to the event loop in the meantime."""
    if last_name(call.func) == "thinks":
        return f"await {ast.unparse(call.func)}_async()"
    arguments = ", ".join(map(ast.unparse, call.args))
    return f"await asyncio.sleep({arguments})"


@rule
def helper_blocks_the_loop(evidence):
    """The same in a function that the view calls, in whichever file."""
    for found in _deeper(evidence):
        own = last_name(found.call.func) == "thinks" or found.name == "time.sleep"
        if not own and found.name not in BLOCKING:
            continue
        code = _asynchronous(found.source, found.call) if own else BLOCKING[found.name]
        name, where = found.function.name, found.source.where(found.call)
        changes = written(found.source, found.call, code) if own else []
        cure = f"Write `{code}`."
        if "asyncio" in code and "asyncio" not in found.source.imports:
            cure = f"Write `{code}`, with `import asyncio` at the top of the file."
        if isinstance(found.function, ast.FunctionDef):
            cure = (
                f"Write `{code}`, make {name} an `async def`, "
                f"and write `await {name}()` where it is called."
            )
            changes = changes and _made_async(evidence, found, changes)
        return Explanation(
            f"The view runs {name}(), and {ast.unparse(found.call.func)}() blocks in it: "
            f"{BLOCKED} {cure}",
            where,
            evidence.suggest(where, *changes),
        )


def _made_async(evidence, found, changes) -> list:
    """The changes, and those that make a coroutine of the plain function; none where a file or a
    plain function is in question that they would have to edit, too."""
    calls = list(evidence.project.calls(found.function.name))
    for source, call in calls:
        if source is not found.source or not evidence.at(source.where(call)).is_async:
            return []
    awaits = [instead(call, f"await {found.source.code(call)}") for _, call in calls]
    return [*changes, made_async(found.function), *awaits]


@rule
def view_computes(evidence):
    """The process reported a line that computes on the event loop."""
    seen = evidence.saw(NotTogether, HeartStopped, Silent)
    for event in evidence.events(Computes) if seen else ():
        where = evidence.place(event)
        theirs = where and not evidence.project.is_given(where.file)
        if not theirs or is_endless(evidence, where):
            continue
        within = evidence.project.function_at(where)
        if within and within.name == "awaiting":
            return Explanation(
                "This line computes on the event loop, and every other browser has to wait. "
                "The view only needs to wait for its opponent. "
                "Instead of the computation, write:\n"
                "    return answered(await opponent.thinks_async())",
                where,
            )
        return Explanation(computing(evidence, where), where)


@rule
def view_asks_nobody(evidence):
    source = evidence.project.source("hall.views") if evidence.saw(NotTogether) else None
    for view in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        called = {last_name(call.func) for call in calls_in(view)}
        helpers = [f for one in evidence.project.sources for f in one.nodes(*FUNCTIONS)]
        reached = [view, *(one for one in helpers if one.name in called)]
        names = {last_name(node) for function in reached for node in ast.walk(function)}
        if view.name == "awaiting" and not names & {"thinks", "thinks_async"}:
            return Explanation(
                "The view does not ask an opponent: it must wait for "
                "one, and answer with what the opponent says. "
                "Write `return answered(await opponent.thinks_async())`.",
                source.where(view.body[-1]),
            )


def _deeper(evidence):
    """The calls on the event loop in functions of the learner's that the view leads to."""
    project = evidence.project
    source = project.source("hall.views") if evidence.saw(NotTogether, HeartStopped) else None
    for view in source.nodes(ast.AsyncFunctionDef) if source else ():
        for found in calls_on_the_loop(project, view) if view.name == "awaiting" else ():
            if found.function is not view and not project.is_given(found.source.path):
                yield found


# JsonResponse refuses the coroutine; Django's error page keeps it, so no warning comes.
@rule(raised=r"TypeError: In order to allow non-dict objects to be serialized")
def answer_not_awaited(evidence, error):
    for source, call, awaited in _calls(evidence):
        given = call.args[0] if call.args and last_name(call.func) == "answered" else None
        if last_name(call.func) == "thinks_async" and not awaited:
            given = call  # its answer has a name of its own
        if isinstance(given, ast.Call):
            where, code = source.where(given), f"await {source.code(given)}"
            changes = [instead(given, code)]
            for node in around(source, given, ast.Await):  # of the view's response
                code = source.code(node.value).replace(source.code(given), code)
                changes = [instead(node, code)]
            view = evidence.at(where)
            if not view.is_async:
                changes.append(made_async(view.function))
            return Explanation(
                f"{ast.unparse(given.func)}(…) was called without await, so answered() "
                "got something that still has to be awaited, not an answer. "
                f"{'Write' if view.is_async else 'Make the view an `async def` and write'}:\n"
                f"    {code}",
                where,
                evidence.suggest(where, *changes),
            )


@rule
def threads_run_out(evidence):
    if not evidence.saw(NotTogether, HeartStopped):
        return None
    for source, call, _ in _calls(evidence):
        given = {last_name(n) for n in call.args}
        if last_name(call.func) in ("to_thread", "run_in_executor") and "thinks" in given:
            found = in_a_thread(source, call)
            code = f"await {found[1]}_async()" if found else "await opponent.thinks_async()"
            return Explanation(
                f"{evidence.failure.message} Each of them holds "
                "a thread, and the pool has no more. "
                "Waiting does not need a thread. "
                f"Instead of {ast.unparse(call.func)}(…), write:\n"
                f"    {code}",
                source.where(call),
                found and evidence.suggest(source.where(call), instead(found[0], code)),
            )


def _calls(evidence):
    """The calls in the view that should await: its file, the call, and whether it is awaited."""
    source = evidence.project.source("hall.views")
    for view in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        if view.name == "awaiting":
            awaited = [n.value for n in ast.walk(view) if isinstance(n, ast.Await)]
            for call in calls_in(view):
                yield source, call, any(value is call for value in awaited)
