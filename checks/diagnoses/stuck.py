"""What holds a consumer, its process or its browser: blocking calls, and loops without end."""

import ast

from checks.diagnoses.blocking import BLOCKING, in_a_thread, is_endless, unblocked
from workshop.checking.events import Handled, Handles, LayerCall
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.failures import Flooded, Refused, Silent, StillRunning, Unanswered


@rule
def blocked(evidence):
    """A line of the learner's that holds the thread, or waits, when the answer is overdue."""
    if not evidence.saw(Silent, Unanswered, StillRunning, Refused) or not evidence.stuck:
        return None
    what, where = evidence.stuck
    if not _holds(evidence, what, where):
        return None
    seen = (
        f"While the browser waited, the server was still at this line: `{evidence.line_at(where)}`"
    )
    found = _endless_loop(evidence, where) or (
        (GOES_ON, None) if what == "task" else _way_out(evidence, where)
    )
    cure, suggestion = found
    return Explanation(f"{seen}\n{cure}", where, suggestion)


GOES_ON = (
    "The consumer only continues once that is done. "
    "Make it shorter, or remove this line. "
    "Start anything that may take long as a task: self.task = asyncio.create_task(…)"
)


def _endless_loop(evidence, where):
    """What to do about a loop around the place that nothing ends; None without one. A loop
    that yields is ended from outside."""
    function = evidence.project.function_at(where)
    within = list(ast.walk(function)) if function else []
    loops = [node for node in evidence.nodes_at(where, ast.While) if node in within]
    if not loops or not is_endless(evidence, where):
        return None
    if any(isinstance(node, ast.Yield | ast.Break | ast.Return) for node in within):
        return None
    return (
        f"The loop around it, on line {loops[0].lineno}, has no "
        f"end, so {function.name}() never gets past it. "
        "Give the loop an end, or remove it."
    ), None


def _way_out(evidence, where):
    """What to do about a line that holds its thread, in the function that it is in."""
    function = evidence.project.function_at(where)
    if isinstance(function, ast.AsyncFunctionDef):
        cure, suggestion = _instead(evidence, where)
        return (
            f"It blocks the event loop: nothing else runs in this process in the meantime. {cure}"
        ), suggestion
    call = in_a_thread(evidence.project, function) if function else None
    if call:
        return (
            f"It blocks the event loop, on which {function.name}() is called. Make it shorter, and "
            f"where a coroutine calls {function.name}(), write `{call}`."
        ), None
    return "The consumer only continues once that is done. Make it shorter, or remove it.", None


def _instead(evidence, where):
    """What can be awaited in place of what blocks at the place, and the edit where it is certain:
    not of a wait that is itself too long for the browser."""
    source = evidence.project.source_at(where)
    calls = evidence.nodes_at(where, ast.Call)
    for call in calls:
        name, last = source.dotted(call.func), last_name(call.func)
        if last in WAITING and isinstance(call.func, ast.Attribute):
            return WAITING[last].format(source.code(call.func.value)), None
        if name not in BLOCKING:
            continue
        code, suggestion = unblocked(evidence, where, call)
        if name != "time.sleep":
            return f"Run it in a thread: `{code}`. Or use {BLOCKING[name]}.", suggestion
        if _seconds(call) < LONG:
            return f"Write `{code}`.", suggestion
        return f"Write `{code}`, with fewer seconds: the browser waits for all of them.", None
    if calls and all(call in ast.walk(calls[0]) for call in calls):
        code, _ = unblocked(evidence, where, calls[0])
        return f"Remove it, or run it in a thread: `{code}`", None
    return "Remove it, or run it in a thread with asyncio.to_thread().", None


LONG = 1  # seconds, which a browser notices


def _seconds(sleep):
    """How long time.sleep() sleeps, where that is written out."""
    value = getattr(sleep.args[0], "value", None) if sleep.args else None
    return value if isinstance(value, int | float) else LONG


# Methods of locks and of futures of threads
WAITING = {
    "acquire": "Make it an asyncio lock, `{0} = asyncio.Lock()`, which nothing "
    "else holds, and write `async with {0}:` here.",
    "result": "Write `await asyncio.wrap_future({0})`.",
}


def _holds(evidence, what, where):
    """Whether what was busy at the place is what the browser waited for."""
    if what == "thread":
        # A line that calls the layer again and again lets others go on between.
        return sum(evidence.place(event) == where for event in evidence.events(LayerCall)) < 2
    # A task is waited for only where a consumer handles something that it has not ended.
    in_a_handler = len(evidence.events(Handles)) > len(evidence.events(Handled))
    return in_a_handler and not evidence.saw(Refused)


@rule
def flooding(evidence):
    if evidence.saw(Flooded):
        sends = evidence.sent("websocket.send")
        return Explanation(
            "The consumer never stops sending: thousands of frames came back for one message. "
            "Look for a loop around self.send(), or a handler that sends to its own group.",
            evidence.place(sends[-1]) if sends else None,
        )


@rule(raised=r"HTTPConnectionPool\(host='(?:127\.0\.0\.1|localhost)', port=\d+\): Read timed out")
def asked_its_own_server(evidence, error):
    """A blocking request that timed out, made by the server that should have answered it."""
    where = evidence.where(error)
    source, advice, suggestion = evidence.project.source_at(where), "", None
    calls = [c for c in evidence.nodes_at(where, ast.Call) if source.dotted(c.func) in BLOCKING]
    if len(calls) == 1 and evidence.project.is_async_at(where):
        code, suggestion = unblocked(evidence, where, calls[0])
        advice = f" Or leave the server free in the meantime: `{code}`"
    return Explanation(
        "This line blocks until an HTTP request is answered, but the answer "
        "has to come from this same server, which is blocked. "
        f"Call the Python function that produces the answer, without a request.{advice}",
        where,
        suggestion,
    )


@advice(needs="chat")
def task_goes_on(evidence):
    """A task without end, and nothing that could end it."""
    for consumer in evidence.consumers:
        if consumer.mentions("cancel") or consumer.mentions("TaskGroup"):
            continue
        for call in consumer.calls("create_task") + consumer.calls("ensure_future"):
            made = call.args[0] if call.args else None
            name = last_name(made.func) if isinstance(made, ast.Call) else None
            if _is_endless(consumer.methods.get(name)):
                return Explanation(
                    f"The task {name}() keeps running forever after its browser has left. "
                    "Keep it, self.task = asyncio.create_task(…), and in "
                    "disconnect() write self.task.cancel().",
                    consumer.where(call),
                )


def _is_endless(method):
    """Whether a `while True` is in the method that nothing in it leaves, and that waits for no
    event or queue, by which another method may end it."""
    loops = [n for n in ast.walk(method) if isinstance(n, ast.While)] if method else ()
    for loop in loops:
        inside = list(ast.walk(loop))
        leaves = any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in inside)
        waits = {last_name(n.value.func) for n in inside if _is_awaited_call(n)} & {"wait", "get"}
        if getattr(loop.test, "value", None) in (True, 1) and not leaves and not waits:
            return True
    return False


def _is_awaited_call(node):
    return isinstance(node, ast.Await) and isinstance(node.value, ast.Call)
