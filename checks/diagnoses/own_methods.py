"""Methods of Channels that a method of the learner's own replaces."""

import ast

from workshop.checking.events import Handles
from workshop.checking.explaining.edits import below, instead, renamed, without
from workshop.checking.explaining.nodes import calls_in, last_name, on_self
from workshop.checking.explaining.places import written_call
from workshop.checking.explaining.rules import Explanation, rule
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


def _replaced(evidence, consumer, method, so):
    """The method of Channels is called at the end, or where the method calls itself."""
    where, names = consumer.where(method), [argument.arg for argument in method.args.args[1:]]
    base = f"super().{method.name}"
    code = written_call(isinstance(method, ast.AsyncFunctionDef), base, ", ".join(names))
    itself = [c for c in calls_in(method) if on_self(c.func) and c.func.attr == method.name]
    advice = f"Call the original at its end, `{code}`, or give yours another name."
    change = below(method.body[-1], code)
    if len(itself) == 1:
        change = instead(itself[0].func, base)
        advice = f"Write `{base}` instead of `self.{method.name}`, or give yours another name."
    return Explanation(
        f"{method.name}() is a method of Channels, and this one replaces it, so {so}. {advice}",
        where,
        evidence.suggest(where, change),
    )


@rule(raised=r"^TypeError: (\w+)\.(\w+)\(\) (?:takes|missing|got an unexpected)")
def replaced_method_takes_other_arguments(evidence, error, owner, name):
    for consumer in evidence.consumers if name in REPLACED else ():
        own = any(part.name == owner for _, part in consumer.parts)
        if own and name in consumer.methods and not (consumer.is_bare and name == "send"):
            return Explanation(
                f"{name}() is a method of Channels, and yours, with other arguments, replaces it. "
                "Give yours another name.",
                consumer.where(consumer.methods[name]),
            )


@rule(raised=r"^TypeError: \w+\.(\w+)\(\) takes (?:1|from 1 to \d) positional arguments? but")
def super_given_self(evidence, error, name):
    where = evidence.where(error)
    call = evidence.only_at(where, ast.Call, lambda node: last_name(node.func) == name)
    if call and f"super().{name}(self" in evidence.line_at(where):
        rest = ", ".join(evidence.code_at(where, argument) for argument in call.args[1:])
        code = f"super().{name}({rest})"
        return Explanation(
            f"super() passes self by itself: write `{code}`.",
            where,
            None if call.keywords else evidence.suggest(where, instead(call, code)),
        )


@rule(raised=r"^RecursionError")
def replaced_method_calls_itself(evidence, error):
    for consumer, method in _replacing(evidence, *REPLACED):
        if method is consumer.method_at(evidence.where(error)):
            return _replaced(evidence, consumer, method, "it calls itself, again and again")


@rule(raised=r"^RecursionError")
def method_calls_itself(evidence, error):
    where = evidence.where(error)
    method, source = evidence.project.function_at(where), evidence.project.source_at(where)
    if method is None or replaced_method_calls_itself.ask(evidence):
        return None
    for call in calls_in(method):
        if last_name(call.func) == method.name and source.where(call).line == where.line:
            statement = evidence.statement_at(where)
            alone = isinstance(statement, ast.Expr) and len(method.body) > 1
            return Explanation(
                f"{method.name}() calls itself here, again and again. Remove this line.",
                where,
                evidence.suggest(where, without(statement)) if alone else None,
            )
    return None


@rule
def method_of_channels_replaced(evidence):
    if evidence.saw_only(Unanswered):
        called = ("accept", "close")
        others = () if evidence.events(Handles) else ("dispatch", "__call__")
        for consumer, method in _replacing(evidence, *called, *others):
            if method.name in others or consumer.calls(method.name, "connect"):
                return _replaced(evidence, consumer, method, "the browser gets no answer")
    if evidence.saw_only(Silent) and evidence.begun("websocket.receive"):
        for consumer, method in _replacing(evidence, "send", "send_json"):
            if consumer.calls(method.name) and not evidence.sent("websocket.send"):
                return _replaced(evidence, consumer, method, "nothing reaches the browser")


# websocket_receive() and its like, which call receive()


@rule(raised=r"^(?:TypeError: the JSON object must be .* not dict|KeyError: 'message'$)")
def websocket_receive_is_given_the_event(evidence, error):
    where = evidence.where(error)
    consumer, method = evidence.project.consumer_at(where), evidence.project.method_at(where)
    if method is None or method.name != "websocket_receive" or len(method.args.args) < 2:
        return None
    event = method.args.args[1].arg
    what = "websocket_receive() gets the whole event, a dictionary with the keys type and text."
    if consumer.is_bare:
        code = f'{event}["text"]'
        given = evidence.only_at(where, ast.Call, lambda node: _is_given(node, event))
        edit = given and evidence.suggest(where, instead(given.args[0], code))
        return Explanation(f"{what} Decode its text: `json.loads({code})`", where, edit)
    names = {"websocket_receive": "receive(self, text_data=None, bytes_data=None)", **LIKEWISE}
    found = [consumer.methods[name] for name in names if name in consumer.methods]
    advice = "Rename it to receive(self, text_data=None, bytes_data=None), which gets the text."
    for other in found[1:]:
        advice += f" Likewise, rename {other.name} to {names[other.name]}."
    changes = [c for one in found for c in _with_signature(one, names[one.name])]
    where = consumer.where(method)
    return Explanation(f"{what} {advice}", where, evidence.suggest(where, *changes))


def _is_given(call, name):
    given = [getattr(argument, "id", None) for argument in call.args]
    return last_name(call.func) == "loads" and given == [name]


def _with_signature(method, signature):
    """The changes that give a method another name, where its arguments are those that are wanted;
    no others, because what is done with them may have to change, too."""
    names = [argument.arg for argument in method.args.args]
    name, _, wanted = signature.rstrip(")").partition("(")
    fits = len(names) == 1 or names == [part.partition("=")[0] for part in wanted.split(", ")]
    return [renamed(method, name)] if fits else []


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
                evidence.suggest(consumer.where(method), without(method)),
            )
