"""What holds a consumer, its process or its browser: blocking calls, and loops without end."""

import ast

from workshop.checking.events import Handled, Handles, LayerCall
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Flooded, Refused, Silent, StillRunning, Unanswered

BLOCKING = {
    "time.sleep": "await asyncio.sleep(…)",
    "requests.get": "an asynchronous client such as httpx.AsyncClient",
    "requests.post": "an asynchronous client such as httpx.AsyncClient",
    "requests.request": "an asynchronous client such as httpx.AsyncClient",
    "httpx.get": "httpx.AsyncClient",
    "httpx.post": "httpx.AsyncClient",
    "urllib.request.urlopen": "an asynchronous client such as httpx.AsyncClient",
    "subprocess.run": "await asyncio.create_subprocess_exec(…)",
    "subprocess.call": "await asyncio.create_subprocess_exec(…)",
    "subprocess.check_output": "await asyncio.create_subprocess_exec(…)",
    "os.system": "await asyncio.create_subprocess_shell(…)",
}


@rule
def blocked(evidence):
    """A line of the learner's that holds the thread, or waits, when the answer is overdue."""
    if not evidence.saw(Silent, Unanswered, StillRunning, Refused) or not evidence.stuck:
        return None
    what, where = evidence.stuck
    if not _holds(evidence, what, where):
        return None
    seen = f"While the browser waited, the server was still at this line: {evidence.line_at(where)}"
    if what == "thread":
        return Explanation(
            f"{seen}\n"
            "It holds its thread, and nothing else gets a turn meanwhile. "
            f"{_instead(evidence, where)}",
            where,
        )
    return Explanation(f"{seen}\nThe consumer cannot go on before that has ended.", where)


def _instead(evidence, where):
    """How to wait there."""
    if evidence.at(where).on_the_loop:
        return "Wait with await (asyncio.sleep instead of time.sleep), and give every loop an end."
    return "Give every loop an end, and leave out what only waits."


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


@advice
def blocking_call(evidence):
    for source in evidence.project.sources:
        for call in source.calls_on_the_loop():
            name = source.dotted(call.func)
            if name in BLOCKING:
                return Explanation(
                    f"{name}() blocks, in `async def`: "
                    "for as long as it takes, this process serves nobody else. "
                    f"Use {BLOCKING[name]}, or run it in a thread: "
                    f"await asyncio.to_thread({last_name(call.func)}, …)",
                    source.where(call),
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
    """Whether a `while True` is in the method."""
    loops = [n for n in ast.walk(method) if isinstance(n, ast.While)] if method else ()
    return any(getattr(loop.test, "value", None) is True for loop in loops)
