"""What holds a consumer, its process or its browser: blocking calls, and loops without end."""

import ast

from checks.diagnoses.blocking import BLOCKING, in_a_thread
from workshop.checking.events import Handled, Handles, LayerCall
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Flooded, Refused, Silent, StillRunning, Unanswered


@rule
def blocked(evidence):
    """A line of the learner's that holds the thread, or waits, when the answer is overdue."""
    if not evidence.saw(Silent, Unanswered, StillRunning, Refused) or not evidence.stuck:
        return None
    what, where = evidence.stuck
    if not _holds(evidence, what, where):
        return None
    seen = f"While the browser waited, the server was still at this line: {evidence.line_at(where)}"
    cure = "The consumer cannot go on before that has ended."
    if what == "thread":
        cure = _way_out(evidence, where)
    return Explanation(f"{seen}\n{cure}", where)


def _way_out(evidence, where):
    """What to do about a line that holds its thread, in the function that it is in."""
    functions = evidence.nodes_at(where, ast.FunctionDef, ast.AsyncFunctionDef)
    inner = max(functions, key=lambda node: node.lineno, default=None)
    loops = [n for n in evidence.nodes_at(where, ast.While) if inner and n.lineno > inner.lineno]
    end = " Give the loop an end, too." if loops else ""
    if isinstance(inner, ast.AsyncFunctionDef):
        return (
            "It holds its thread, and nothing else gets a turn meanwhile. "
            f"Use {_instead(evidence, where)}.{end}"
        )
    held = "It holds its thread, and whoever called it waits. "
    call = in_a_thread(evidence.project, inner) if inner else None
    return (
        held
        + (
            f"Where a coroutine calls it, write {call}"
            if call
            else "Make it shorter, or remove it."
        )
        + end
    )


def _instead(evidence, where):
    """What can be awaited in place of what blocks at the place."""
    source = evidence.project.source_at(where)
    for call in evidence.nodes_at(where, ast.Call):
        name, last = source.dotted(call.func), last_name(call.func)
        if name in BLOCKING or last in WAITING:
            return BLOCKING.get(name) or WAITING[last]
    return "something that is awaited in its place, or await asyncio.to_thread(…)"


# Methods of locks and of futures of threads
WAITING = {
    "acquire": "an asyncio.Lock: async with lock",
    "result": "await asyncio.wrap_future(…) in place of result()",
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
            "The consumer sends without end: thousands of frames came back for one message. "
            "Look for a loop around self.send(), or a handler that sends to its own group.",
            evidence.place(sends[-1]) if sends else None,
        )


@rule(raised=r"HTTPConnectionPool\(host='(?:127\.0\.0\.1|localhost)', port=\d+\): Read timed out")
def asked_its_own_server(evidence, error):
    """A blocking request that timed out, made by the server that should have answered it."""
    return Explanation(
        "This line asked a server over HTTP and waited for the answer, and it was its own server, "
        "which can do nothing meanwhile. Call the function that makes the answer instead.",
        evidence.where(error),
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
                    f"The task {name}() goes on forever after its browser has left. "
                    "Keep it, self.task = asyncio.create_task(…), "
                    "and in disconnect() write self.task.cancel().",
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
