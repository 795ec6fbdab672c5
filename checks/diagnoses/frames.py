"""What arrives at the consumer, and what goes back to the browser."""

import ast
import json
import re

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import Closed, Heard, NotTheContract
from workshop.checking.source import on_self

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error

CHATS = ("step2", "step3")
ANSWER = 'self.send(text_data=json.dumps({"message": message}))'


@diagnosis("send-given-a-dict")
def _(evidence):
    """Daphne, which encodes the frame, got something else than text."""
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute 'encode'")
    if found is None or not found.frames or "daphne" not in str(found.frames[-1].file):
        return None
    kind = found.message.split("'")[1]
    sends = evidence.sent("websocket.send")
    what = f"a {kind}" if kind != "int" else "a number"
    return (
        f"self.send() was given {what}; a text frame is text. Write {ANSWER}.",
        evidence.where(found) or (evidence.place(sends[-1]) if sends else None),
    )


@diagnosis("text-for-a-bare-consumer")
def _(evidence):
    """A bare consumer's send() takes an event of ASGI, and got text."""
    found = evidence.error(
        r"TypeError: (string indices must be integers|byte indices|\w*\.?send\(\) got an "
        r"unexpected keyword argument '(text_data|text)')"
    )
    for consumer in evidence.consumers if found else ():
        in_daphne = found.frames and "daphne" in str(found.frames[-1].file)
        if consumer.is_bare and (in_daphne or "send()" in found.message):
            return (
                f"{consumer.name} is a bare consumer, whose send() takes an event: "
                'self.send({"type": "websocket.send", "text": …})',
                evidence.where(found),
            )


error(
    "send-wrong-keyword",
    r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'",
    "self.send() has no argument {0!r}. It is text_data: self.send(text_data=json.dumps({{…}}))",
)

error(
    "send-without-anything",
    r"You must pass one of bytes_data or text_data",
    "self.send() got no text. Give it the answer as text_data: "
    'self.send(text_data=json.dumps({{"message": message}}))',
)


@diagnosis("send-too-many-arguments")
def _(evidence):
    found = evidence.error(r"TypeError: [\w.]*\.send\(\) takes from \d to \d positional arguments")
    if found:
        return (
            f"self.send() sends to this consumer's own browser and takes one text: {ANSWER}. To "
            f"send "
            "to the group, use self.channel_layer.group_send(…).",
            evidence.where(found),
        )


@diagnosis("send-json-on-a-plain-consumer")
def _(evidence):
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute 'send_json'")
    if found:
        return (
            "send_json() belongs to the Json consumers. Derive the class from "
            f"AsyncJsonWebsocketConsumer, or write {ANSWER}.",
            evidence.where(found),
        )


# Decoding


@diagnosis("json-loads-forgotten")
def _(evidence):
    found = evidence.error(r"TypeError: string indices must be integers")
    where = found and evidence.where(found)
    if where is None or not evidence.raised_by_them(found):
        return None
    source = evidence.project.source_at(where)
    return (
        "This is still a text, and is asked for a key as if it were a dictionary. Decode the frame "
        'first: message = json.loads(text_data)["message"]'
        if source and "text" in source.text
        else "This is a text, and is asked for a key as if it were a dictionary.",
        where,
    )


error(
    "json-loads-of-a-dict",
    r"the JSON object must be str, bytes or bytearray, not (?:dict|list)",
    "json.loads() was given a dictionary: what arrives here is decoded already (the event of a "
    "group, or the content of a Json consumer). Take the json.loads() away.",
)

error(
    "json-loads-of-nothing",
    r"the JSON object must be str, bytes or bytearray, not NoneType",
    "json.loads() was given None. The frame's text is in text_data: json.loads(text_data)",
)

error(
    "json-load-of-a-text",
    r"AttributeError: 'str' object has no attribute 'read'",
    "json.load() reads from a file; for a text it is json.loads(), with an s.",
)

error(
    "json-dump-to-nowhere",
    r"TypeError: dump\(\) missing 1 required positional argument: 'fp'",
    "json.dump() writes to a file; for a text it is json.dumps(), with an s.",
)


@diagnosis("text-is-no-json")
def _(evidence):
    found = evidence.error(r"JSONDecodeError: Expecting")
    if found and evidence.where(found):
        return (
            "json.loads() was given a text that is not JSON. Give it the frame as it came: "
            "json.loads(text_data)",
            evidence.where(found),
        )


@diagnosis("coroutine-in-the-answer")
def _(evidence):
    found = evidence.error(r"TypeError: Object of type coroutine is not JSON serializable")
    if found:
        never = evidence.never_awaited()
        name = never[0].rpartition(".")[2] + "()" if never else "a call"
        return (
            f"A coroutine was to be made JSON: {name} was called without await, so its result is "
            f"not "
            "there yet. Write `await` in front of it.",
            (never and never[1]) or evidence.where(found),
        )


error(
    "json-dumps-given-something-odd",
    r"TypeError: Object of type (?!coroutine)(\w+) is not JSON serializable",
    "json.dumps() cannot turn a {0} into JSON. Send text, numbers, lists and dictionaries; of "
    "other objects, the part that the browser needs.",
)


@diagnosis("nothing-has-no-such-method", *CHATS)
def _(evidence):
    """A value that is missing, which .get() answers with None."""
    found = evidence.error(r"AttributeError: 'NoneType' object has no attribute '(?!group_)(\w+)'")
    if found and evidence.saw(Closed) and evidence.raised_by_them(found):
        return (
            "This is None and was to have a value: .get() answers None for a key that is "
            'not there. The browser sends {"message": "…"} and nothing else.',
            evidence.where(found),
        )


@diagnosis("wrong-key-read")
def _(evidence):
    found = evidence.error(r"^KeyError: ('\w+'|\d+)")
    where = found and evidence.where(found)
    method = evidence.project.method_at(where)
    sent = {(e["type"] or "").replace(".", "_") for e in evidence.layer_calls("group_send")}
    if method and method.name in sent:
        return None  # a handler's event: see handlers.py
    if where and evidence.saw(Closed):
        return (
            f"The consumer asked for the key {found.message}, which is not there. The browser "
            'sends {"message": "…"}: the text is under "message".',
            evidence.where(found),
        )


# What comes back


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
        if re.fullmatch(r"\{'.*\}", frame, re.DOTALL):
            return (
                "What came back is a dictionary as Python prints it, with single quotes, which is "
                "no "
                f"JSON: str() or an f-string made it. Write {ANSWER}.",
                where,
            )
        return f"The bare text {frame[:40]!r} came back. The page reads JSON: {ANSWER}", where
    if isinstance(content, str) and content[:1] in "{[":
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
    kind = {"str": "text", "int": "number", "float": "number", "NoneType": "null"}
    name = kind.get(type(content).__name__, type(content).__name__)
    return (
        f'A JSON {name} came back; the page reads an object with the key "message": {ANSWER}',
        where,
    )


@diagnosis("whole-json-echoed", *CHATS)
def _(evidence):
    if not evidence.saw(Heard):
        return None
    heard, expected = evidence.failure.heard, evidence.failure.expected
    if isinstance(heard, str) and heard != expected:
        try:
            inner = json.loads(heard)
        except ValueError:
            return None
        if inner == expected:
            return (
                "The message came back in quotes: json.dumps() was called for the message itself "
                "and "
                "again for the whole. Call it once.",
                _where_sent(evidence),
            )
        if isinstance(inner, dict) and inner.get("message") == expected:
            return (
                "The whole frame came back inside a message: its text was wrapped once more. Take "
                'the message out first: message = json.loads(text_data)["message"]',
                _where_sent(evidence),
            )
    if isinstance(heard, dict) and heard.get("message") == expected:
        if "type" in heard:
            return (
                "The whole event came back as the message. The handler gets a dictionary; the text "
                'is in event["message"].',
                _where_sent(evidence),
            )
        return (
            "The whole content came back as the message. It is a dictionary; the text is in its "
            "key "
            '"message".',
            _where_sent(evidence),
        )


@diagnosis("sent-more-than-once", *CHATS)
def _(evidence):
    """What comes is a message from before, which had come back already."""
    if _had_come_before(evidence):
        return (
            f"{evidence.failure.heard!r} came back more than once. Look for a loop around the line "
            "that sends, or for a second one.",
            _where_sent(evidence),
        )


def _had_come_before(evidence):
    if not evidence.saw(Heard) or "twice" in evidence.failure.message:
        return False
    failure = evidence.failure
    came = [line for line in evidence.timeline if (line.who, line.direction) == (failure.who, "in")]
    same = [line for line in came if line.text == came[-1].text]
    return len(same) > 1 and failure.heard != failure.expected


@diagnosis("sent-unasked", *CHATS)
def _(evidence):
    if where := _sent_unasked(evidence):
        return (
            f"{evidence.failure.message} This line sends it when a browser comes or leaves, and "
            'nobody has said it. What has the key "message" is what somebody said: take the line '
            "away.",
            where,
        )


def _sent_unasked(evidence):
    """The place in connect() or disconnect() that sent to browsers, where one of them heard what
    nobody had said, or had said before."""
    if not evidence.saw(Heard):
        return None
    sends = evidence.sent("websocket.send")
    for event in [*sends, *evidence.layer_calls("group_send")]:
        where = evidence.place(event)
        method = evidence.project.method_at(where)
        if method and method.name.removeprefix("websocket_") in ("connect", "disconnect"):
            return where
    return None


@diagnosis("message-replaced", *CHATS)
def _(evidence):
    """Always the same text: a literal, where the message belongs."""
    if not evidence.saw(Heard) or not isinstance(evidence.failure.heard, str):
        return None
    if _sent_unasked(evidence):
        return None
    heard = evidence.failure.heard
    if heard == evidence.failure.expected or not heard:
        return None
    for consumer in evidence.consumers:
        keys = [n.slice for n in consumer.nodes(ast.Subscript)]
        keys += [key for n in consumer.nodes(ast.Dict) for key in n.keys]
        for node in consumer.nodes(ast.Constant):
            read_or_key = any(node is key for key in keys)
            if node.value == heard and not read_or_key and evidence.check in FIRST_CHECKS:
                return (
                    f"Whatever the browser says, {heard[:40]!r} comes back: that text stands here "
                    'as it is. Send what arrived: {"message": message}.',
                    consumer.where(node),
                )


FIRST_CHECKS = ("test_a_message_comes_back", "test_the_sender_hears_itself")


@diagnosis("message-changed", *CHATS)
def _(evidence):
    if not evidence.saw(Heard) or _had_come_before(evidence) or _sent_unasked(evidence):
        return None
    if evidence.check in FIRST_CHECKS:
        return (
            f"{evidence.failure.message} The consumer must send back the text as it came, whatever "
            "is in it.",
            _where_sent(evidence),
        )


def _where_sent(evidence):
    """The attendee's line that sent last, as the consumer told."""
    for event in reversed(evidence.sent("websocket.send")):
        if where := evidence.place(event):
            return where
    for consumer in evidence.consumers:
        for name in ("send", "send_json"):
            calls = [call for call in consumer.calls(name) if on_self(call.func)]
            if calls:
                return consumer.where(calls[0])
    return None
