"""Methods of Channels that a method of the learner's own replaces."""

import ast

from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name
from workshop.checking.failures import Silent, Unanswered

REPLACED = ("accept", "close", "send", "send_json", "dispatch", "__call__")
LIKEWISE = {
    "websocket_connect": "connect(self)",
    "websocket_disconnect": "disconnect(self, close_code)",
}


def _replacing(evidence, *names):
    """The learner's methods of these names, with their consumers, where they don't go on to the
    one that they replace."""
    for consumer in evidence.consumers:
        for name in names:
            method = consumer.methods.get(name)
            supers = [c for c in calls_in(method or ast.Pass()) if last_name(c.func) == "super"]
            if method and not supers and not (consumer.is_bare and name == "send"):
                yield consumer, method


def _replaced(consumer, method, so):
    wait = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
    names = [argument.arg for argument in method.args.args[1:]]
    return Explanation(
        f"{method.name}() is a method of Channels, and this one replaces it, so {so}. Give yours "
        f"another name, or go on to theirs in it: {wait}super().{method.name}({', '.join(names)})",
        consumer.where(method),
    )


@rule(raised=r"^TypeError: (\w+)\.(\w+)\(\) (?:takes|missing|got an unexpected)")
def replaced_method_takes_other_arguments(evidence, error, owner, name):
    for consumer in evidence.consumers if name in REPLACED else ():
        own = any(part.name == owner for _, part in consumer.parts)
        if own and name in consumer.methods and not (consumer.is_bare and name == "send"):
            return Explanation(
                f"{name}() is a method of Channels, and this one, which takes something else, "
                "replaces it: it is called in its place. Give yours another name.",
                consumer.where(consumer.methods[name]),
            )


@rule(raised=r"^TypeError: \w+\.(\w+)\(\) takes (?:1|from 1 to \d) positional arguments? but")
def super_given_self(evidence, error, name):
    where = evidence.where(error)
    if f"super().{name}(self" in evidence.line_at(where):
        return Explanation(
            f"super().{name} knows the object already: remove self from the parentheses.", where
        )


@rule(raised=r"^RecursionError")
def replaced_method_calls_itself(evidence, error):
    for consumer, method in _replacing(evidence, *REPLACED):
        if method is consumer.method_at(evidence.where(error)):
            return _replaced(consumer, method, "it calls itself, again and again")


@rule
def method_of_channels_replaced(evidence):
    if evidence.saw_only(Unanswered):
        called = ("accept", "close")
        others = () if evidence.events(Handles) else ("dispatch", "__call__")
        for consumer, method in _replacing(evidence, *called, *others):
            if method.name in others or consumer.calls(method.name, "connect"):
                return _replaced(consumer, method, "the browser gets no answer")
    if evidence.saw_only(Silent) and evidence.begun("websocket.receive"):
        for consumer, method in _replacing(evidence, "send", "send_json"):
            if consumer.calls(method.name) and not evidence.sent("websocket.send"):
                return _replaced(consumer, method, "nothing reaches the browser")


# websocket_receive() and its like, which call receive()


@rule(raised=r"^(?:TypeError: the JSON object must be .* not dict|KeyError: 'message'$)")
def websocket_receive_is_given_the_event(evidence, error):
    where = evidence.where(error)
    consumer, method = evidence.project.consumer_at(where), evidence.project.method_at(where)
    if method is None or method.name != "websocket_receive" or len(method.args.args) < 2:
        return None
    event = method.args.args[1].arg
    advice = f'What the browser said is in it: json.loads({event}["text"])'
    if not consumer.is_bare:
        advice = "Rename it to receive(self, text_data=None, bytes_data=None), which gets the "
        advice += "text alone."
        for name, right in LIKEWISE.items():
            advice += f" Likewise, rename {name} to {right}." if name in consumer.methods else ""
    return Explanation(
        "websocket_receive() gets the whole event, a dictionary with the keys type and text. "
        f"{advice}",
        where if consumer.is_bare else consumer.where(method),
    )


@rule
def hidden_by_the_events_method(evidence):
    """websocket_connect() or websocket_receive() of the learner's own does not go on to connect()
    or receive(), which are there, too."""
    name = "connect" if evidence.saw_only(Unanswered) else "receive"
    if not evidence.saw_only(Silent, Unanswered):
        return None
    for consumer, method in _replacing(evidence, f"websocket_{name}"):
        inner = "receive_json" if consumer.is_json and name == "receive" else name
        if inner in consumer.methods and not consumer.calls(inner, method.name):
            return Explanation(
                f"{inner}() is never called: websocket_{name}(), which would call it, is replaced "
                f"here. Remove this method, and leave the work to {inner}().",
                consumer.where(method),
            )
