"""The consumer: connect, receive, disconnect, and what it sends back."""

import ast
import difflib
import json

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import (
    Closed,
    Crashed,
    Flooded,
    Heard,
    NotTheContract,
    Refused,
    Silent,
    StillRunning,
    Unanswered,
)
from workshop.checking.source import last_name

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error

SENDS = {"send", "send_json", "group_send"}


# The kind of consumer and its methods

error(
    "wrong-base-class",
    r"No handler for message type websocket\.(connect|receive|disconnect)",
    "Channels found no method websocket_{0}. Derive the class from AsyncWebsocketConsumer (in "
    "channels.generic.websocket), which has it and calls your connect, receive and disconnect.",
)


@diagnosis("wrong-signature")
def _(evidence):
    """A handler that cannot take what Channels gives it."""
    found = evidence.error(
        r"TypeError: \w+\.(connect|receive|disconnect|receive_json)\(\) "
        r"(takes|got an unexpected keyword argument|missing)"
    )
    if found is None:
        return None
    class_name, name = found.message.split("(")[0].split(".")
    consumer = evidence.project.consumer_with(name)
    if name == "receive" and consumer and consumer.is_json:
        advice = "A Json consumer decodes for you and calls receive_json(self, content): rename it."
    else:
        signatures = {
            "connect": "connect(self)",
            "receive": "receive(self, text_data=None, bytes_data=None)",
            "disconnect": "disconnect(self, close_code)",
            "receive_json": "receive_json(self, content)",
        }
        advice = f"Write it as {signatures[name]}."
    return (
        f"Channels could not call {name}: {found.message}. {advice}",
        consumer.where(consumer.methods[name]) if consumer else evidence.where(found),
    )


@diagnosis("init-of-consumer")
def _(evidence):
    for consumer in evidence.project.consumers:
        init = consumer.methods.get("__init__")
        if init and (
            evidence.error(
                r"'NoneType' object is not iterable|__init__\(\) missing|__init__\(\) takes"
            )
            or evidence.error(r"has no attribute '(scope|channel_layer|channel_name)'")
        ):
            return (
                f"{consumer.name} has an __init__, which runs before Channels has given the object "
                "its scope, channel_name and channel_layer. Move what it does to connect().",
                consumer.where(init),
            )


# The handshake


@diagnosis("not-accepted")
def _(evidence):
    """connect() came to its end, and nobody accepted."""
    if not evidence.saw(Unanswered):
        return None
    if not any(e["event"] == "unanswered" for program in evidence.programs for e in program.events):
        return None
    consumer = evidence.project.consumer_with("connect")
    if consumer is None:
        return None
    method = consumer.methods["connect"]
    for node in ast.walk(method):
        if isinstance(node, ast.Expr) and last_name(node.value) == "accept":
            return (
                "self.accept is named here but not called. Add the parentheses: "
                + ("await self.accept()" if consumer.is_async else "self.accept()"),
                consumer.where(node),
            )
    accept = "await self.accept()" if consumer.is_async else "self.accept()"
    return (
        "connect() ended without accepting, so the browser waits for an answer that never comes. "
        f"End connect() with {accept}",
        consumer.where(method),
    )


@diagnosis("refused-in-connect")
def _(evidence):
    if evidence.status != 403 or not evidence.saw(Refused):
        return None
    consumer = evidence.project.consumer_with("connect")
    calls = consumer.calls("close", "connect") if consumer else []
    if calls:
        return (
            "The server answered HTTP 403: self.close() before accept() turns the browser away. To "
            "let it in, call self.accept().",
            consumer.where(calls[0]),
        )


error(
    "accepted-twice",
    r"no attribute 'handshake_deferred'",
    "accept() was called twice for one socket. The handshake can be answered once: keep one "
    "self.accept() in connect().",
)


@diagnosis("sent-after-close")
def _(evidence):
    found = evidence.error(r"Attempt to send on a closed protocol|after sending 'websocket.close'")
    if found:
        return (
            "self.send() was called after self.close(): nothing can follow a close. Take the "
            "close() away, or return after it.",
            evidence.where(found),
        )


# Stuck


@diagnosis("blocked")
def _(evidence):
    """A line of the attendee's that holds the thread, or waits, when the answer is overdue."""
    if not evidence.saw(Silent, Unanswered, StillRunning) or not evidence.stuck:
        return None
    what, where = evidence.stuck
    source = next((s for s in evidence.project.sources if s.path == where.file), None)
    lines = source.text.splitlines() if source else []
    line = lines[where.line - 1].strip() if 0 < where.line <= len(lines) else ""
    seen = f"While the browser waited, the server was still at this line: {line}"
    if what == "thread":
        return (
            f"{seen}\nIt holds its thread, and nobody else gets a turn meanwhile. Wait with await "
            "(asyncio.sleep instead of time.sleep), and give every loop an end.",
            where,
        )
    return f"{seen}\nThe consumer cannot go on before that has ended.", where


@diagnosis("flooding")
def _(evidence):
    said = sum(line.direction == "out" for line in evidence.timeline)
    heard = sum(line.direction == "in" for line in evidence.timeline)
    if evidence.saw(Flooded) or (evidence.saw(Heard) and heard > 20 * (said + 1)):
        consumer = next(iter(evidence.project.consumers), None)
        return (
            f"The consumer sends without end: {heard} frames came back for {said}. Look for a loop "
            "around self.send(), or a handler that sends to its own group.",
            consumer.where() if consumer else None,
        )


# What arrives, and what goes back

error(
    "send-given-a-dict",
    r"AttributeError: '(dict|list)' object has no attribute 'encode'",
    "self.send() was given a {0}; a text frame is text. Write "
    'self.send(text_data=json.dumps({{"message": message}})).',
)

error(
    "send-wrong-keyword",
    r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'",
    "self.send() has no argument {0!r}. It is text_data: self.send(text_data=json.dumps({{…}}))",
)

error(
    "json-loads-forgotten",
    r"TypeError: string indices must be integers",
    "text_data is still the text of the frame. Decode it first: "
    'message = json.loads(text_data)["message"]',
)


@diagnosis("json-loads-of-a-dict")
def _(evidence):
    found = evidence.error(r"the JSON object must be str, bytes or bytearray, not dict")
    if found is None:
        return None
    where = evidence.where(found)
    return (
        "json.loads() was given a dictionary: what arrives here is decoded already (the event of a "
        "group, or the content of a Json consumer). Take the json.loads() away.",
        where,
    )


error(
    "json-dumps-given-something-odd",
    r"TypeError: Object of type (\w+) is not JSON serializable",
    "json.dumps() cannot turn a {0} into JSON. Send text, numbers, lists and dictionaries; of "
    "other objects, the part that the browser needs.",
)


@diagnosis("wrong-key-read")
def _(evidence):
    found = evidence.error(r"^KeyError: '(\w+)'")
    if found and evidence.saw(Closed):
        key = found.message.strip("'")
        return (
            f"The consumer asked for the key {key!r}, which is not there. The browser sends "
            '{"message": "…"}, so the text is in content["message"].',
            evidence.where(found),
        )


@diagnosis("self-forgotten")
def _(evidence):
    found = evidence.error(
        r"NameError: name '(send|accept|close|scope|channel_layer|channel_name)' is not"
    )
    if found:
        name = found.message.split("'")[1]
        return (
            f"{name} belongs to the consumer: write self.{name}.",
            evidence.where(found),
        )


@diagnosis("import-forgotten")
def _(evidence):
    found = evidence.error(r"NameError: name '(\w+)' is not defined")
    if found is None:
        return None
    name = found.message.split("'")[1]
    imports = {
        "json": "import json",
        "asyncio": "import asyncio",
        "os": "import os",
        "async_to_sync": "from asgiref.sync import async_to_sync",
        "sync_to_async": "from asgiref.sync import sync_to_async",
        "get_channel_layer": "from channels.layers import get_channel_layer",
        "websocket_urlpatterns": "from chat.routing import websocket_urlpatterns",
        "ProtocolTypeRouter": "from channels.routing import ProtocolTypeRouter",
        "URLRouter": "from channels.routing import URLRouter",
        "re_path": "from django.urls import re_path",
        "consumers": "from . import consumers",
        "AsyncWebsocketConsumer": "from channels.generic.websocket import AsyncWebsocketConsumer",
        "WebsocketConsumer": "from channels.generic.websocket import WebsocketConsumer",
    }
    if name in imports:
        return (
            f"{name} is used here and was not imported. At the top of the file, write: "
            f"{imports[name]}",
            evidence.where(found),
        )
    return (
        f"The name {name} is used here, but nothing of that name was made before. Look at its "
        "spelling, and whether it wants self. in front or an import above.",
        evidence.where(found),
    )


@diagnosis("wrong-frame")
def _(evidence):
    """The frame that came back is not what the page can read."""
    if not evidence.saw(NotTheContract):
        return None
    frame, where = evidence.failure.frame, _where_sent(evidence)
    if isinstance(frame, bytes):
        return (
            "A binary frame came back; the page reads text frames. Send it as text_data=, not "
            "bytes_data=.",
            where,
        )
    try:
        content = json.loads(frame)
    except ValueError:
        return (
            f"The bare text {frame[:40]!r} came back. The page reads JSON: "
            'self.send(text_data=json.dumps({"message": message}))',
            where,
        )
    if isinstance(content, str):
        return (
            "What came back was made JSON twice. send_json() encodes by itself: give it the "
            "dictionary; with send(), call json.dumps() once.",
            where,
        )
    if isinstance(content, dict):
        keys = ", ".join(repr(key) for key in content) or "none"
        return (
            f'What came back has no key "message" (its keys: {keys}). The page shows '
            '"message": use that name.',
            where,
        )
    return f'A {type(content).__name__} came back; the page reads an object with the key "message".'


@diagnosis("whole-json-echoed")
def _(evidence):
    if not evidence.saw(Heard):
        return None
    heard, expected = evidence.failure.heard, evidence.failure.expected
    if isinstance(heard, str) and heard != expected:
        try:
            inner = json.loads(heard)
        except ValueError:
            return None
        if isinstance(inner, dict) and inner.get("message") == expected:
            return (
                "The whole frame came back inside a message: its text was wrapped once more. Take "
                'the message out first: message = json.loads(text_data)["message"]',
                _where_sent(evidence),
            )
    if isinstance(heard, dict) and heard.get("message") == expected:
        return (
            "The whole event came back as the message. The handler gets a dictionary; the text is "
            'in event["message"].',
            _where_sent(evidence),
        )


@diagnosis("list-of-consumers")
def _(evidence):
    """Consumers kept in a list on the class, instead of a group."""
    if not evidence.saw(Heard, Silent, Closed):
        return None
    for consumer in evidence.project.consumers:
        for node in consumer.node.body:
            if not isinstance(node, ast.Assign) or not isinstance(
                node.value, ast.List | ast.Set | ast.Dict | ast.Call
            ):
                continue
            name = last_name(node.targets[0])
            for call in consumer.calls("append") + consumer.calls("add"):
                keeps_self = any(isinstance(a, ast.Name) and a.id == "self" for a in call.args)
                if last_name(getattr(call.func, "value", None)) == name and keeps_self:
                    return (
                        f"{name} stands on the class, so all consumers of this process share it, "
                        "those of every room. A consumer answers its own browser with self.send(); "
                        "to reach others there is the channel layer (step 3).",
                        consumer.where(node),
                    )


@diagnosis("message-changed")
def _(evidence):
    if (
        evidence.saw(Heard)
        and evidence.step == "step2"
        and evidence.check == "test_a_message_comes_back"
    ):
        return (
            f"{evidence.failure.message} The echo must send back the text as it came, whatever is "
            "in it.",
            _where_sent(evidence),
        )


def _where_sent(evidence):
    for consumer in evidence.project.consumers:
        for name in ("send", "send_json"):
            calls = [c for c in consumer.calls(name) if _on_self(c)]
            if calls:
                return consumer.where(calls[0])
    return None


def _on_self(call):
    value = getattr(call.func, "value", None)
    return isinstance(value, ast.Name) and value.id == "self"


# Silence


@diagnosis("handler-missing-or-misspelled")
def _(evidence):
    """Nothing comes back because Channels calls a method that the class does not have."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for consumer in evidence.project.consumers:
        wanted = "receive_json" if consumer.is_json else "receive"
        has = {"receive", "receive_json", "websocket_receive"} & set(consumer.methods)
        if wanted in has or "websocket_receive" in has:
            continue
        if has:
            name = has.pop()
            return (
                f"{consumer.name} has {name}, which its base class never calls: a Json consumer "
                "calls receive_json(self, content), any other receive(self, text_data=None, "
                "bytes_data=None).",
                consumer.where(consumer.methods[name]),
            )
        nested = _nested(consumer, wanted)
        if nested:
            return (
                f"{wanted} is defined inside another method, because it is indented too far, so "
                "Channels does not find it. Methods of the class start four spaces in.",
                consumer.where(nested),
            )
        near = difflib.get_close_matches(
            wanted, set(consumer.methods) - {"connect", "disconnect"}, 1, 0.7
        )
        if near:
            return (
                f"Channels calls {wanted}, and this method is called {near[0]}: it is never run. "
                f"Rename it to {wanted}.",
                consumer.where(consumer.methods[near[0]]),
            )
        return (
            f"{consumer.name} has no method {wanted}, so what the browser says is dropped. Write "
            "`async def receive(self, text_data=None, bytes_data=None)`, and let it send the "
            "message back.",
            consumer.where(),
        )


def _nested(consumer, name):
    for method in consumer.methods.values():
        for node in ast.walk(method):
            if node is not method and getattr(node, "name", None) == name:
                return node
    return None


@diagnosis("nothing-is-sent")
def _(evidence):
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for consumer in evidence.project.consumers:
        for name in ("receive", "receive_json"):
            method = consumer.methods.get(name)
            if method is None or any(
                last_name(call.func) in SENDS
                for call in ast.walk(method)
                if isinstance(call, ast.Call)
            ):
                continue
            own_helpers = [c for c in consumer.calls_on_self(name) if c in consumer.methods]
            if own_helpers:
                continue
            returned = [n for n in ast.walk(method) if isinstance(n, ast.Return) and n.value]
            if returned:
                return (
                    f"{name}() returns its answer, and nobody takes it. A consumer answers by "
                    "sending: await self.send(text_data=…)",
                    consumer.where(returned[0]),
                )
            return (
                f"{name}() gets the message and sends nothing. Send it back: "
                'await self.send(text_data=json.dumps({"message": message}))',
                consumer.where(method),
            )


# Leaving


@diagnosis("never-stops")
def _(evidence):
    if evidence.saw(StillRunning):
        consumer = next(iter(evidence.project.consumers), None)
        bare = consumer and not any("Websocket" in base for base in consumer.bases)
        if bare:
            return (
                "The browser has left, and its consumer waits on for ever. A bare consumer ends "
                "itself: raise StopConsumer() (channels.exceptions) at the end of "
                "websocket_disconnect.",
                consumer.where(),
            )
        overridden = consumer and consumer.methods.get("websocket_disconnect")
        if overridden:
            return (
                "websocket_disconnect is overridden and never ends the consumer. Override "
                "disconnect(self, close_code) instead, or call super().websocket_disconnect().",
                consumer.where(overridden),
            )


@diagnosis("closed-by-the-consumer")
def _(evidence):
    if evidence.saw(Closed) and evidence.failure.code in (1000, 1005) and not evidence.errors:
        for consumer in evidence.project.consumers:
            for call in consumer.calls("close"):
                return (
                    "The consumer closed the socket itself, here. Take self.close() away to keep "
                    "the conversation going.",
                    consumer.where(call),
                )


@diagnosis("crash-on-leaving")
def _(evidence):
    if evidence.saw(Crashed) and evidence.errors:
        found = evidence.errors[-1]
        return (
            f"When the browser had left, the consumer raised {found.text}.",
            evidence.where(found),
        )
