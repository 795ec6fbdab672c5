"""What happens for a browser that does not read what it is sent."""

import ast

from checks.step5_people.diagnoses.seen import calls, methods, names_in
from checks.step7_scale.diagnoses.seen import functions
from checks.step7_scale.failures import Unbounded
from checks.step7_scale.observers.crowd import OTHERS, STALLED
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Silent

END_WITHOUT_A_CODE = r"TypeError: .*end\(\) missing 1 required positional argument: 'code'"
FULL = """

    try:
        self.waiting.put_nowait((text, message_id))
    except asyncio.QueueFull:
        self.end(4408)
"""


def _who(evidence):
    return getattr(evidence.failure, "who", None)


def _queues(evidence):
    """(consumer, call) that makes a queue."""
    return [
        (consumer, call)
        for consumer in evidence.consumers
        for method in consumer.methods.values()
        for call in calls(method, "Queue", "deque")
    ]


@rule
def relay_waits_for_browsers(evidence):
    """await consumer.send(…): whoever does not read holds up all."""
    if not evidence.saw_only(Silent) or _who(evidence) != OTHERS:
        return None
    for source, function in functions(evidence, "chat_message", "hand_over"):
        for node in ast.walk(function):
            if not isinstance(node, ast.Await):
                continue
            if calls(node.value, "send", "base_send", "hand_over", "put", "gather"):
                return Explanation(
                    "One browser reads nothing, and the others hear nothing any more: the relay "
                    "waits here for all of them. It must only put the text into each browser's "
                    "queue, with `put_nowait()`; write() sends it.",
                    source.where(node),
                )
    return None


@rule
def put_in_tasks(evidence):
    """asyncio.create_task(self.waiting.put(…)): the tasks are the queue, without a bound."""
    if not evidence.saw_only(Unbounded):
        return None
    for source, function in functions(evidence, "chat_message", "hand_over"):
        for call in calls(function, "create_task", "ensure_future"):
            return Explanation(
                "A task for each frame is a queue as well: one that takes whatever comes. Put the "
                f"frame into the queue without waiting, or let the browser go:{FULL}",
                source.where(call),
            )
    return None


@rule
def all_is_kept(evidence):
    """A queue without a size."""
    if not evidence.saw_only(Unbounded):
        return None
    for consumer, call in _queues(evidence):
        sizes = [*call.args, *(key.value for key in call.keywords)]
        if sizes and getattr(sizes[-1], "value", 1) not in (0, None, -1):
            continue
        where = consumer.where(call)
        changed = f"{consumer.source.code(call.func)}(settings.WAITING)"
        caught = any("QueueFull" in names_in(one) for one in consumer.methods.values())
        return Explanation(
            "This queue takes whatever comes, so one browser that reads nothing fills the memory "
            f"of the server. Give it a size: `{changed}`. A full one raises asyncio.QueueFull: "
            "decide what happens then.",
            where,
            evidence.suggest(where, instead(call, changed)) if caught else None,
        )
    return None


@rule(raised=r"QueueFull")
def queue_full_not_caught(evidence, error):
    if evidence.error(END_WITHOUT_A_CODE):
        return None
    where = evidence.where(error)
    return Explanation(
        "The queue of one browser was full, and put_nowait() raised asyncio.QueueFull. Nothing "
        f"caught it, so it ended the relay, and with it the room of all others:{FULL}",
        where,
    )


@rule(raised=END_WITHOUT_A_CODE)
def end_without_a_code(evidence, error):
    where = evidence.where(error)
    for call in evidence.nodes_at(where, ast.Call):
        if calls(call, "end") and not call.args:
            return Explanation(
                "end() wants the code with which the browser is told why: `self.end(4408)`",
                where,
                evidence.suggest(where, instead(call, "self.end(4408)")),
            )
    return None


@rule
def closed_without_waiting(evidence):
    """self.close() in hand_over(), which cannot await it."""
    if not evidence.never_awaited(r"\.close$"):
        return None
    for consumer, method in methods(evidence, "hand_over"):
        for call in calls(method, "close"):
            if isinstance(method, ast.FunctionDef):
                where = consumer.where(call)
                return Explanation(
                    "close() was called, and nothing awaits it, so the WebSocket stays open. "
                    "hand_over() must not wait for a browser, so it can't: end() closes in a task "
                    "of its own. Write `self.end(4408)`.",
                    where,
                    evidence.suggest(where, instead(call, "self.end(4408)")),
                )
    return None


@rule
def newest_dropped(evidence):
    """except QueueFull: pass"""
    if not evidence.saw_only(Silent) or _who(evidence) != STALLED:
        return None
    for consumer, method in methods(evidence, "hand_over"):
        if calls(method, "end", "close", "get_nowait", "popleft"):
            continue
        for node in ast.walk(method):
            if isinstance(node, ast.ExceptHandler | ast.If):
                where, last = consumer.where(node), node.body[-1]
                caught = isinstance(node, ast.ExceptHandler)
                return Explanation(
                    "What comes while the queue is full is dropped. This browser is never told: "
                    "it goes on with a gap. Close it, so that it comes back and asks for the rest: "
                    "`self.end(4408)`",
                    where,
                    evidence.suggest(where, instead(last, "self.end(4408)")) if caught else None,
                )
    return None


@rule
def let_go_with_another_code(evidence):
    """1000, or 1011."""
    if not evidence.saw_only(Closed) or _who(evidence) != STALLED:
        return None
    for consumer, method in methods(evidence, "hand_over", "end"):
        for call in calls(method, "end", "close"):
            if "4408" in consumer.source.code(call) or names_in(call) & {"code"}:
                continue
            where = consumer.where(call)
            changed = f"{consumer.source.code(call.func)}(4408)"
            return Explanation(
                f"{evidence.failure} The page cannot tell from that what happened: a code of your "
                f"own says that it was too slow. Write `{changed}`.",
                where,
                evidence.suggest(where, instead(call, changed)),
            )
    return None
