"""Nothing comes back, and no exception says why: the browser's frame leads to nothing."""

import ast
import difflib
import json

from checks.diagnoses.unanswered import unconditional
from workshop.checking.explaining.consumer import SENDERS
from workshop.checking.explaining.edits import indented, instead, renamed
from workshop.checking.explaining.nodes import FUNCTIONS
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

BY_CHANNELS = ("connect", "disconnect", "__init__", "receive_json")


def _nothing_sent(evidence):
    """Whether a frame reached a consumer, and it sent nothing to its browser or to a group."""
    return (
        evidence.saw_only(Silent)
        and evidence.begun("websocket.receive") > 0
        and not evidence.sent("websocket.send")
        and not evidence.layer_calls("group_send")
    )


# Channels calls a method that the class does not have


def _without_receive(evidence):
    """The consumers that lack the method which Channels calls, each with that method's name."""
    for consumer in evidence.consumers if _nothing_sent(evidence) else ():
        wanted = "receive_json" if consumer.is_json else "receive"
        enough = {wanted, "receive", "websocket_receive"}
        if not consumer.is_bare and enough.isdisjoint(consumer.methods):
            yield consumer, wanted


@rule
def receive_json_never_called(evidence):
    for consumer, _ in _without_receive(evidence):
        if method := consumer.methods.get("receive_json"):
            base = next(base for base in consumer.bases if base.endswith("WebsocketConsumer"))
            json_base = base.replace("Websocket", "JsonWebsocket")
            return Explanation(
                f"{consumer.name} has receive_json, which {base} never calls: derive "
                f"the class from {json_base}, which does, and import that.",
                consumer.where(method),
                _with_base(evidence, consumer, base, json_base),
            )


def _with_base(evidence, consumer, base, other):
    """The edit that puts another class of Channels in the place of a consumer's base."""
    nodes = consumer.source.nodes(ast.Name, ast.alias)
    named = [n for n in nodes if base in (getattr(n, "id", None), getattr(n, "name", None))]
    if len(named) != 2 or any(getattr(node, "asname", None) for node in named):
        return None
    return evidence.suggest(consumer.where(), *(instead(node, other) for node in named))


@rule
def receive_not_in_the_class(evidence):
    for consumer, wanted in _without_receive(evidence):
        inside = consumer.inside_a_method(wanted)
        if where := inside or consumer.outside_of_the_class(wanted):
            if inside:
                place = "defined inside another method, because it is indented too far"
            else:
                place = f"outside the class {consumer.name}, because it is not indented"
            return Explanation(
                f"{wanted} is {place}, so Channels does not find it. "
                "Indent the methods of a class by four spaces.",
                where,
                _made_a_method(evidence, consumer, where),
            )


def _made_a_method(evidence, consumer, where):
    """The edit that indents a function like the methods of the class, where only that is missing:
    it is the last thing in a method of the class, or the first below the class."""
    function, source = evidence.project.function_at(where), consumer.source
    methods = [node for node in consumer.node.body if isinstance(node, FUNCTIONS)]
    last = [method for method in methods if method.body[-1] is function]
    after = [node for node in source.tree.body if node.lineno > consumer.node.lineno]
    if function is None or not (last or after[:1] == [function]):
        return None
    column = consumer.node.body[0].col_offset
    return evidence.suggest(where, indented(source, function, column))


@rule
def receive_misspelled(evidence):
    """The name is near, or it is the one method that answers."""
    for consumer, wanted in _without_receive(evidence):
        other = [name for name in consumer.methods if name not in BY_CHANNELS]
        near = difflib.get_close_matches(wanted, [name.lower() for name in other], 1, 0.6)
        near = [name for name in other if name.lower() in near]
        answers = [n for n in other if any(consumer.calls(send, n) for send in SENDERS)]
        for name in near or answers:
            where = consumer.where(consumer.methods[name])
            return Explanation(
                f"Channels calls {wanted}, but this method is called {name}, so it never runs. "
                f"Rename it to {wanted}.",
                where,
                evidence.suggest(where, renamed(consumer.methods[name], wanted)),
            )


@rule
def receive_missing(evidence):
    for consumer, wanted in _without_receive(evidence):
        plain = "async def" if consumer.is_async else "def"
        signature = "content" if consumer.is_json else "text_data=None, bytes_data=None"
        target = "to the room's group" if evidence.teaches("groups") else "back"
        return Explanation(
            f"{consumer.name} has no method {wanted}, so what the browser says is dropped. "
            f"Write `{plain} {wanted}(self, {signature})`, which sends the message {target}.",
            consumer.where(),
        )


# It has the method


@rule
def empty_text_dropped(evidence):
    """Everything was answered until an empty text came."""
    spoken = [line for line in evidence.timeline if line.direction == "out"]
    if not evidence.saw_only(Silent) or not spoken or not evidence.sent("websocket.send"):
        return None
    if json.loads(spoken[-1].text or "null") == {"message": ""}:
        ifs = (
            (consumer.where(node), node)
            for consumer, method in evidence.receivers
            for node in ast.walk(method)
            if isinstance(node, ast.If)
        )
        where, condition = next(ifs, (None, None))
        advice, edit = "Look for an if that checks whether there is a message.", None
        if condition:
            advice = f"`if {evidence.code_at(where, condition.test)}` skips it: remove it."
            edit = unconditional(evidence, where, condition)
        return Explanation(
            "The message that was not answered is an empty string. "
            f"{advice} The consumer must send back every message, even an empty one.",
            where,
            edit,
        )
