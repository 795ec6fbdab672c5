"""Nothing comes back, and no exception says why: a method ran to its end and sent nothing."""

import ast

from workshop.checking.events import Handled
from workshop.checking.explaining.consumer import SENDERS, handler_name
from workshop.checking.explaining.edits import below, instead, unwrapped, without
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

# The frame was handled to its end


def _handled_in_vain(evidence):
    """The method that took the browser's frame, with its consumer, where it ran to its end, and
    neither a browser nor a group was sent anything."""
    sent = evidence.sent("websocket.send") or evidence.layer_calls("group_send")
    if not evidence.saw_only(Silent) or sent or evidence.layer_calls("send"):
        return None, None
    if not evidence.begun("websocket.receive") or len(evidence.events(Handled)) < 2:
        return None, None
    return next(evidence.receivers, (None, None))


def _nodes(method, kind):
    return [node for node in ast.walk(method or ast.Pass()) if isinstance(node, kind)]


def _sends_in(consumer, method):
    """The calls that send, in the method or in one that it calls."""
    names = {method.name, *(last_name(call.func) for call in calls_in(method))}
    calls = [call for name in SENDERS for call in consumer.calls(name)]
    stands_in = [consumer.method_at(consumer.where(call)) for call in calls]
    return [call for call, at in zip(calls, stands_in, strict=True) if at and at.name in names]


def _how_to_send(evidence, where):
    """The sentence and the code: to the browser, or to the room's group where the step teaches
    groups."""
    if evidence.teaches("groups"):
        answer = evidence.group_answer(where)
        return f"Send it to the room's group: `{answer.code}`", answer
    answer = evidence.answer(where)
    return f"Send it back: `{answer.code}`", answer


@rule
def receive_is_a_generator(evidence):
    consumer, method = _handled_in_vain(evidence)
    for node in _nodes(method, ast.Yield):
        where = consumer.where(node)
        advice, answer = _how_to_send(evidence, where)
        return Explanation(
            f"{method.name}() has a yield, which makes it a generator: "
            "Channels calls it, but none of its code runs. "
            f"{advice}",
            where,
            answer.instead_of(node),
        )


@rule
def send_not_reached(evidence):
    consumer, method = _handled_in_vain(evidence)
    if consumer is None or "send" in consumer.methods and not consumer.is_bare:
        return None
    for call in _sends_in(consumer, method):
        advice, edit = _what_keeps(evidence, consumer, method, call)
        return Explanation(
            f"{method.name}() finished without reaching the line that sends. {advice}",
            consumer.where(call),
            edit,
        )


def _what_keeps(evidence, consumer, method, call):
    """The sentence about what keeps a method from a call in it, and the edit that removes it: the
    only `if` without an else that is around the call, or that returns before it."""
    source = evidence.project.source_at(consumer.where(call))
    ifs = [node for node in _nodes(method, ast.If) if not node.orelse]
    around = [node for node in ifs if node.lineno < call.lineno <= node.end_lineno]
    leaves = [n for n in ifs if n.end_lineno < call.lineno and isinstance(n.body[-1], ast.Return)]
    if len(around) + len(leaves) != 1:
        return "Look above it for an if or a return.", None
    condition = (around + leaves)[0]
    test = f"`if {source.code(condition.test)}` on line {condition.lineno}"
    if around:
        change = unwrapped(source, condition)
        advice = f"It is under {test}, which was false: remove the `if`, so that it always sends."
    else:
        change = without(condition)
        advice = f"{test} returns before it: remove that `if`."
    return advice, evidence.suggest(consumer.where(condition), change)


@rule
def answer_returned(evidence):
    consumer, method = _handled_in_vain(evidence)
    for node in _nodes(method, ast.Return):
        if node.value:
            where = consumer.where(node)
            advice, answer = _how_to_send(evidence, where)
            return Explanation(
                f"{method.name}() returns its answer, but Channels ignores the return value. "
                f"{advice}",
                where,
                answer.instead_of(node),
            )


@rule
def nothing_is_sent(evidence):
    consumer, method = _handled_in_vain(evidence)
    if method and not _sends_in(consumer, method):
        where = consumer.where(method)
        advice, answer = _how_to_send(evidence, where)
        return Explanation(
            f"{method.name}() gets the message but sends nothing. {advice}",
            where,
            _at_its_end(evidence, where, method, answer),
        )


def _at_its_end(evidence, where, method, answer):
    """The edit that sends at the end of the method, in place of a `pass`."""
    last = method.body[-1]
    if isinstance(last, ast.Pass):
        return evidence.suggest(where, instead(last, answer.code), *answer.imports)
    return evidence.suggest(where, below(last, answer.code), *answer.imports)


# The group's message reached its handler


def _group_handled(evidence):
    """The events of groups that consumers have handled to their end, where those were more than
    what browsers were sent; with the first one's handler and its consumer."""
    kinds = [event.type or "" for event in evidence.events(Handled)]
    kinds = [kind for kind in kinds if kind and not kind.startswith("websocket.")]
    if evidence.saw_only(Silent) and len(kinds) > len(evidence.sent("websocket.send")):
        name = handler_name(kinds[0])
        for consumer in evidence.consumers:
            if name in consumer.methods:
                return kinds, consumer, consumer.methods[name]
    return [], None, None


@rule
def handler_sends_to_the_group(evidence):
    _, consumer, method = _group_handled(evidence)
    for call in consumer.calls("group_send", method.name) if method else ():
        where = consumer.where(call)
        answer = evidence.answer(where)
        return Explanation(
            f"{method.name}() gets the group's message and sends it to the group again. "
            f"It must send to its own browser: `{answer.code}`",
            where,
            answer.instead_of(call),
        )


@rule(unless="history")  # there, a handler rightly skips what its browser already has
def handler_sends_to_some(evidence):
    kinds, consumer, method = _group_handled(evidence)
    sends = evidence.sent("websocket.send")
    if method and sends:
        calls = _sends_in(consumer, method)
        advice, edit = "Look for what keeps it from the others: an if or a return.", None
        if len(calls) == 1:
            advice, edit = _what_keeps(evidence, consumer, method, calls[0])
        return Explanation(
            f"The group's message reached {method.name}() in {len(kinds)} "
            f"consumers, but only {len(sends)} of them sent it on to a browser. "
            f"{advice} Everyone in the room should get the message, whoever sent it.",
            consumer.where(method),
            edit,
        )


@rule
def handler_sends_nothing(evidence):
    _, consumer, method = _group_handled(evidence)
    if not method or evidence.sent("websocket.send"):
        return None
    where = consumer.where(method)
    what = f"The group's message reached {method.name}(), which sent nothing to its browser."
    for call in _sends_in(consumer, method)[:1]:
        advice, edit = _what_keeps(evidence, consumer, method, call)
        return Explanation(f"{what} The line that sends was not reached. {advice}", where, edit)
    answer = evidence.answer(where)
    edit = _at_its_end(evidence, where, method, answer)
    return Explanation(f"{what} Write `{answer.code}` there.", where, edit)
