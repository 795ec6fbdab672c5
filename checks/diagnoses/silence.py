"""Nothing comes back, and no exception tells why."""

import ast
import difflib
import json

from workshop.checking.events import Handled
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Silent

RECEIVES = ("receive", "receive_json", "websocket_receive")
SENDS = ("send", "send_json", "group_send")


def nothing_sent(evidence):
    """Whether a frame reached a consumer, and it sent nothing at all, without an exception."""
    return (
        evidence.saw(Silent)
        and not evidence.errors
        and evidence.begun("websocket.receive") > 0
        and not evidence.sent("websocket.send")
    )


@rule
def handler_missing_or_misspelled(evidence):
    """Nothing comes back because Channels calls a method that the class does not have."""
    if not nothing_sent(evidence) or evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        wanted = "receive_json" if consumer.is_json else "receive"
        has = [name for name in RECEIVES if name in consumer.methods]
        if consumer.is_bare or wanted in has or "websocket_receive" in has or "receive" in has:
            continue
        if has:
            return Explanation(
                f"{consumer.name} has {has[0]}, which its base class never calls: a Json consumer "
                "calls receive_json(self, content), any other receive(self, text_data=None, "
                "bytes_data=None).",
                consumer.where(consumer.methods[has[0]]),
            )
        for node in consumer.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            if node.name == wanted:
                return Explanation(
                    f"{wanted} is defined inside another method, because it is indented too far, "
                    "so Channels does not find it. Methods of the class start four spaces in.",
                    consumer.where(node),
                )
        for node in consumer.source.tree.body:
            if getattr(node, "name", None) == wanted:
                return Explanation(
                    f"{wanted} stands outside of the class {consumer.name}, because it is not "
                    "indented, so Channels does not find it. Methods of the class start four "
                    "spaces in.",
                    consumer.source.where(node),
                )
        other = set(consumer.methods) - {"connect", "disconnect", "__init__"}
        near = difflib.get_close_matches(wanted, {n.lower() for n in other}, 1, 0.6)
        near = [name for name in other if near and name.lower() == near[0]]
        answers = [n for n in other if any(consumer.calls(send, n) for send in SENDS)]
        name = (near or answers or [None])[0]
        if name:
            return Explanation(
                f"Channels calls {wanted}, and this method is called {name}: it is never run. "
                f"Rename it to {wanted}.",
                consumer.where(consumer.methods[name]),
            )
        plain = "async def" if consumer.is_async else "def"
        signature = "content" if consumer.is_json else "text_data=None, bytes_data=None"
        return Explanation(
            f"{consumer.name} has no method {wanted}, so what the browser says is dropped. Write "
            f"`{plain} {wanted}(self, {signature})`, and let it send the message back.",
            consumer.where(),
        )


@rule
def empty_text_dropped(evidence):
    """Everything was answered until an empty text came."""
    spoken = [line for line in evidence.timeline if line.direction == "out"]
    if not evidence.saw(Silent) or evidence.errors or not spoken:
        return None
    heard = evidence.sent("websocket.send")
    if heard and json.loads(spoken[-1].text or "null") == {"message": ""}:
        return Explanation(
            "What was not answered is an empty text: look for an if that asks whether there is a "
            "message. To keep blank lines out is a good idea for the page; the consumer sends on "
            "what it gets.",
            _of_an_if(evidence),
        )


def _of_an_if(evidence):
    for consumer in evidence.consumers:
        for name in RECEIVES:
            for node in ast.walk(consumer.methods.get(name) or ast.Pass()):
                if isinstance(node, ast.If):
                    return consumer.where(node)
    return None


@rule(advises=True)
def exception_swallowed(evidence):
    """An `except` that lets nobody know, in a method that ran and did not come to its end. After a
    pass, one that would let nobody know of anything."""
    if evidence.failure is None:
        return _except_that_passes(evidence)
    if not nothing_sent(evidence) or evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        for name in RECEIVES:
            for node in ast.walk(consumer.methods.get(name) or ast.Pass()):
                silent = isinstance(node, ast.ExceptHandler) and not any(
                    isinstance(child, ast.Raise) for child in ast.walk(node)
                )
                if silent and any(consumer.calls(send, name) for send in SENDS):
                    return Explanation(
                        f"{name}() did not come as far as sending, and an except catches whatever "
                        "went wrong before. Take this try and except away, and the server's log "
                        "will show the reason.",
                        consumer.where(node),
                    )


def _except_that_passes(evidence):
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.ExceptHandler):
            every = node.type is None or last_name(node.type) in ("Exception", "BaseException")
            if every and all(isinstance(child, ast.Pass) for child in node.body):
                return Explanation(
                    "This except hides every mistake, those in your own code too. Name the "
                    "exception that you expect, such as json.JSONDecodeError, and let the others "
                    "be seen.",
                    consumer.where(node),
                )
    return None


@rule
def nothing_is_sent(evidence):
    """The frame was handled to its end, and neither a browser nor a group was sent anything."""
    if not nothing_sent(evidence) or evidence.layer_calls("group_send"):
        return None
    if evidence.layer_calls("send") or len(evidence.events(Handled)) < 2:
        return None
    for consumer in evidence.consumers:
        for name in RECEIVES:
            method = consumer.methods.get(name)
            if method is None:
                continue
            yields = [n for n in ast.walk(method) if isinstance(n, ast.Yield)]
            if yields:
                return Explanation(
                    f"{name}() has a yield, which makes it a generator: Channels calls it, and "
                    "nothing of it runs. A consumer answers by sending: await "
                    "self.send(text_data=…)",
                    consumer.where(yields[0]),
                )
            sends = [c for s in SENDS for c in consumer.calls(s) if _runs(consumer, name, c)]
            returned = [n for n in ast.walk(method) if isinstance(n, ast.Return) and n.value]
            if sends:
                return Explanation(
                    f"{name}() ran to its end and did not reach the line that sends. Look at what "
                    "stands before it: an if, a return.",
                    consumer.where(sends[0]),
                )
            if returned:
                return Explanation(
                    f"{name}() returns its answer, and nobody takes it. A consumer answers by "
                    f"sending: {'await ' if consumer.is_async else ''}self.send(text_data=…)",
                    consumer.where(returned[0]),
                )
            return Explanation(
                f"{name}() gets the message and sends nothing. Send it back: "
                f"{'await ' if consumer.is_async else ''}"
                'self.send(text_data=json.dumps({"message": message}))',
                consumer.where(method),
            )


def _runs(consumer, name, call):
    """Whether the call stands in the method, or in one that the method calls on self."""
    method = consumer.methods[name]
    called = {last_name(c.func) for c in ast.walk(method) if isinstance(c, ast.Call)} | {name}
    at = consumer.method_at(consumer.where(call))
    return at is not None and at.name in called


@rule
def handler_sends_nothing(evidence):
    """The group's message reached its handler, which ran to its end and sent nothing."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    kinds = [event.type for event in evidence.events(Handled)]
    kinds = [kind for kind in kinds if kind and not kind.startswith("websocket.")]
    sends = evidence.sent("websocket.send")
    if len(kinds) <= len(sends):
        return None
    name = kinds[0].replace(".", "_")
    for consumer in evidence.consumers:
        method = consumer.methods.get(name)
        if method:
            wait = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
            again = consumer.calls("group_send", name)
            if again:
                return Explanation(
                    f"{name}() gets the group's message and sends it to the group again. Let it "
                    f"send "
                    f'to its own browser: {wait}self.send(text_data=json.dumps({{"message": '
                    'event["message"]}))',
                    consumer.where(again[0]),
                )
            if sends:
                return Explanation(
                    f"The group's message reached {name}() in {len(kinds)} consumers, and was sent "
                    f"on to a browser in {len(sends)} of them. Look at what keeps it from the "
                    "others: an if, a return.",
                    consumer.where(method),
                )
            return Explanation(
                f"The group's message reached {name}(), which sent nothing to its browser. Write "
                f'{wait}self.send(text_data=json.dumps({{"message": event["message"]}})) there.',
                consumer.where(method),
            )
