"""Step 1's server: the view that waits, and the heart that goes on beating meanwhile."""

import ast

from checks.step1_sync_vs_async.failures import HeartStopped, NotTogether
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name


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
