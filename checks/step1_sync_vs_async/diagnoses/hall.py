"""Step 1's server: the view that waits, and the heart that goes on beating meanwhile."""

import ast

from checks.diagnoses.blocking import BLOCKING, computing, is_endless
from checks.step1_sync_vs_async.failures import HeartStopped, NotTogether
from workshop.checking.events import Computes
from workshop.checking.explaining.loop import calls_on_the_loop
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name
from workshop.checking.failures import Silent


@rule
def view_blocks_the_loop(evidence):
    if not evidence.saw(NotTogether, HeartStopped):
        return None
    for source, call, awaited in _calls(evidence):
        if last_name(call.func) in ("thinks", "sleep") and not awaited:
            return Explanation(
                f"The view is `async def`, and {ast.unparse(call.func)}() blocks in it: the event "
                "loop stands still, and with it every browser of this server. Write "
                "answered(await opponent.thinks_async()).",
                source.where(call),
            )


@rule
def helper_blocks_the_loop(evidence):
    """The same in a function that the view calls, in whichever file."""
    for found in _deeper(evidence):
        if last_name(found.call.func) != "thinks" and found.name not in BLOCKING:
            continue
        name, instead = ast.unparse(found.call.func), "await opponent.thinks_async()"
        if last_name(found.call.func) != "thinks":
            instead = BLOCKING[found.name]
        if isinstance(found.function, ast.AsyncFunctionDef):
            cure = f"Write {instead} in its place."
        else:
            cure = (
                f"Make {found.function.name} an `async def` that has {instead} in its place, and "
                f"await {found.function.name}() where it is called."
            )
        return Explanation(
            f"The view runs {found.function.name}(), and {name}() blocks in it: the event loop "
            f"stands still, and with it every browser of this server. {cure}",
            found.source.where(found.call),
        )


@rule
def view_computes(evidence):
    """The process told of a line that computes on the event loop."""
    seen = evidence.saw(NotTogether, HeartStopped, Silent)
    for event in evidence.events(Computes) if seen else ():
        where = evidence.place(event)
        theirs = where and not evidence.project.is_given(where.file)
        if theirs and not is_endless(evidence, where):
            return Explanation(computing(evidence, where), where)


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
            return Explanation(
                f"{ast.unparse(given.func)}(…) was called without await, so answered() got no "
                "answer but something that is still to be awaited. Write "
                "answered(await opponent.thinks_async()).",
                source.where(given),
            )


@rule
def threads_run_out(evidence):
    if not evidence.saw(NotTogether, HeartStopped):
        return None
    for source, call, _ in _calls(evidence):
        given = {last_name(n) for n in call.args}
        if last_name(call.func) in ("to_thread", "run_in_executor") and "thinks" in given:
            return Explanation(
                f"{evidence.failure.message} Each of them holds a thread, and the pool has no "
                "more: asyncio's own has 4 and one for each core. Waiting needs no thread: "
                "answered(await opponent.thinks_async()).",
                source.where(call),
            )


def _calls(evidence):
    """The calls in the view that should await: its file, the call, and whether it is awaited."""
    source = evidence.project.source("hall.views")
    for view in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef) if source else ():
        if view.name == "awaiting":
            awaited = [n.value for n in ast.walk(view) if isinstance(n, ast.Await)]
            for call in calls_in(view):
                yield source, call, any(value is call for value in awaited)
