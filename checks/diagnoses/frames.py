"""What arrives at the consumer, and what goes back to the browser."""

import ast
import json
import re

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import on_self
from workshop.checking.failures import Changed, Closed, Heard, HeardTwice, NotTheContract

ANSWER = 'self.send(text_data=json.dumps({"message": message}))'


@rule
def send_given_a_dict(evidence):
    """Daphne, which encodes the frame, got something else than text."""
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute 'encode'")
    if found is None or not found.frames or "daphne" not in str(found.frames[-1].file):
        return None
    kind = found.message.split("'")[1]
    sends = evidence.sent("websocket.send")
    what = f"a {kind}" if kind != "int" else "a number"
    return Explanation(
        f"self.send() was given {what}; a text frame is text. Write {ANSWER}.",
        evidence.where(found) or (evidence.place(sends[-1]) if sends else None),
    )


@rule
def text_for_a_bare_consumer(evidence):
    """A bare consumer's send() takes an event of ASGI, and got text."""
    found = evidence.error(
        r"TypeError: (string indices must be integers|byte indices|\w*\.?send\(\) got an "
        r"unexpected keyword argument '(text_data|text)')"
    )
    for consumer in evidence.consumers if found else ():
        in_daphne = found.frames and "daphne" in str(found.frames[-1].file)
        if consumer.is_bare and (in_daphne or "send()" in found.message):
            return Explanation(
                f"{consumer.name} is a bare consumer, whose send() takes an event: "
                'self.send({"type": "websocket.send", "text": …})',
                evidence.where(found),
            )


@rule(raised=r"(?<!_)send\(\) got an unexpected keyword argument '(\w+)'")
def send_wrong_keyword(evidence, error, name):
    return Explanation(
        f"self.send() has no argument {name!r}. It is text_data: "
        "self.send(text_data=json.dumps({…}))",
        evidence.where(error),
    )


@rule(raised=r"You must pass one of bytes_data or text_data")
def send_without_anything(evidence, error):
    return Explanation(
        "self.send() got no text. Give it the answer as text_data: "
        'self.send(text_data=json.dumps({"message": message}))',
        evidence.where(error),
    )


@rule
def send_too_many_arguments(evidence):
    found = evidence.error(r"TypeError: [\w.]*\.send\(\) takes from \d to \d positional arguments")
    if found:
        return Explanation(
            f"self.send() sends to this consumer's own browser and takes one text: {ANSWER}. To "
            "send to the group, use self.channel_layer.group_send(…).",
            evidence.where(found),
        )


@rule
def send_json_on_a_plain_consumer(evidence):
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute 'send_json'")
    if found:
        return Explanation(
            "send_json() belongs to the Json consumers. Derive the class from "
            f"AsyncJsonWebsocketConsumer, or write {ANSWER}.",
            evidence.where(found),
        )


# Decoding


@rule
def json_loads_forgotten(evidence):
    found = evidence.error(r"TypeError: string indices must be integers")
    where = found and evidence.where(found)
    if where is None or not evidence.raised_by_them(found):
        return None
    source = evidence.project.source_at(where)
    return Explanation(
        "This is still a text, and is asked for a key as if it were a dictionary. Decode the frame "
        'first: message = json.loads(text_data)["message"]'
        if source and "text" in source.text
        else "This is a text, and is asked for a key as if it were a dictionary.",
        where,
    )


@rule(raised=r"the JSON object must be str, bytes or bytearray, not (?:dict|list)")
def json_loads_of_a_dict(evidence, error):
    return Explanation(
        "json.loads() was given a dictionary: what arrives here is decoded already (the event of a "
        "group, or the content of a Json consumer). Take the json.loads() away.",
        evidence.where(error),
    )


@rule(raised=r"the JSON object must be str, bytes or bytearray, not NoneType")
def json_loads_of_nothing(evidence, error):
    return Explanation(
        "json.loads() was given None. The frame's text is in text_data: json.loads(text_data)",
        evidence.where(error),
    )


@rule(raised=r"AttributeError: 'str' object has no attribute 'read'")
def json_load_of_a_text(evidence, error):
    return Explanation(
        "json.load() reads from a file; for a text it is json.loads(), with an s.",
        evidence.where(error),
    )


@rule(raised=r"TypeError: dump\(\) missing 1 required positional argument: 'fp'")
def json_dump_to_nowhere(evidence, error):
    return Explanation(
        "json.dump() writes to a file; for a text it is json.dumps(), with an s.",
        evidence.where(error),
    )


@rule
def text_is_no_json(evidence):
    found = evidence.error(r"JSONDecodeError: Expecting")
    if found and evidence.where(found):
        return Explanation(
            "json.loads() was given a text that is not JSON. Give it the frame as it came: "
            "json.loads(text_data)",
            evidence.where(found),
        )


@rule
def coroutine_in_the_answer(evidence):
    found = evidence.error(r"TypeError: Object of type coroutine is not JSON serializable")
    if found:
        never = evidence.never_awaited()
        name = never[0].rpartition(".")[2] + "()" if never else "its function"
        return Explanation(
            f"A coroutine was to be made JSON: {name} was called without await, so its result is "
            "not there yet. Write `await` in front of it.",
            (never and never[1]) or evidence.where(found),
        )


@rule(raised=r"TypeError: Object of type (?!coroutine)(\w+) is not JSON serializable")
def json_dumps_given_something_odd(evidence, error, name):
    return Explanation(
        f"json.dumps() cannot turn a {name} into JSON. Send text, numbers, lists and dictionaries; "
        "of other objects, the part that the browser needs.",
        evidence.where(error),
    )


@rule(needs="chat")
def nothing_has_no_such_method(evidence):
    """A value that is missing, which .get() answers with None."""
    found = evidence.error(r"AttributeError: 'NoneType' object has no attribute '(?!group_)(\w+)'")
    if found and evidence.saw(Closed) and evidence.raised_by_them(found):
        return Explanation(
            "This is None and was to have a value: .get() answers None for a key that is "
            'not there. The browser sends {"message": "…"} and nothing else.',
            evidence.where(found),
        )


@rule
def wrong_key_read(evidence):
    found = evidence.error(r"^KeyError: ('\w+'|\d+)")
    where = found and evidence.where(found)
    method = evidence.project.method_at(where)
    sent = {(e.type or "").replace(".", "_") for e in evidence.layer_calls("group_send")}
    if method and method.name in sent:
        return None  # a handler's event: see handlers.py
    if where and evidence.saw(Closed):
        return Explanation(
            f"The consumer asked for the key {found.message}, which is not there. The browser "
            'sends {"message": "…"}: the text is under "message".',
            evidence.where(found),
        )


# What comes back


@rule
def wrong_frame(evidence):
    """The frame that came back is not what the page can read."""
    if not evidence.saw(NotTheContract):
        return None
    frame, where = evidence.failure.frame, _where_sent(evidence)
    if isinstance(frame, bytes):
        return Explanation(
            "A binary frame came back; the page reads text frames. Send it as text_data=, not "
            "bytes_data=.",
            where,
        )
    try:
        content = json.loads(frame)
    except ValueError:
        if re.fullmatch(r"\{'.*\}", frame, re.DOTALL):
            return Explanation(
                "What came back is a dictionary as Python prints it, with single quotes, which is "
                f"no JSON: str() or an f-string made it. Write {ANSWER}.",
                where,
            )
        return Explanation(
            f"The bare text {frame[:40]!r} came back. The page reads JSON: {ANSWER}", where
        )
    if isinstance(content, str) and content[:1] in "{[":
        return Explanation(
            "What came back was made JSON twice. send_json() encodes by itself: give it the "
            "dictionary; with send(), call json.dumps() once.",
            where,
        )
    if isinstance(content, dict):
        keys = ", ".join(repr(key) for key in content) or "none"
        return Explanation(
            f'What came back has no key "message" (its keys: {keys}). The page shows '
            '"message": use that name.',
            where,
        )
    kind = {"str": "text", "int": "number", "float": "number", "NoneType": "null"}
    name = kind.get(type(content).__name__, type(content).__name__)
    return Explanation(
        f'A JSON {name} came back; the page reads an object with the key "message": {ANSWER}',
        where,
    )


@rule(needs="chat")
def whole_json_echoed(evidence):
    if not evidence.saw(Heard):
        return None
    heard, expected = evidence.failure.heard, evidence.failure.expected
    if isinstance(heard, str) and heard != expected:
        try:
            inner = json.loads(heard)
        except ValueError:
            return None
        if inner == expected:
            return Explanation(
                "The message came back in quotes: json.dumps() was called for the message itself "
                "and again for the whole. Call it once.",
                _where_sent(evidence),
            )
        if isinstance(inner, dict) and inner.get("message") == expected:
            return Explanation(
                "The whole frame came back inside a message: its text was wrapped once more. Take "
                'the message out first: message = json.loads(text_data)["message"]',
                _where_sent(evidence),
            )
    if isinstance(heard, dict) and heard.get("message") == expected:
        if "type" in heard:
            return Explanation(
                "The whole event came back as the message. The handler gets a dictionary; the text "
                'is in event["message"].',
                _where_sent(evidence),
            )
        return Explanation(
            "The whole content came back as the message. It is a dictionary; the text is in its "
            "key "
            '"message".',
            _where_sent(evidence),
        )


@rule(needs="chat")
def sent_more_than_once(evidence):
    """What comes is a message from before, which had come back already."""
    if _had_come_before(evidence):
        return Explanation(
            f"{evidence.failure.heard!r} came back more than once. Look for a loop around the line "
            "that sends, or for a second one.",
            _where_sent(evidence),
        )


def _had_come_before(evidence):
    if not evidence.saw(Heard) or evidence.saw(HeardTwice):
        return False
    failure = evidence.failure
    came = [line for line in evidence.timeline if (line.who, line.direction) == (failure.who, "in")]
    same = [line for line in came if line.text == came[-1].text]
    return len(same) > 1 and failure.heard != failure.expected


@rule(needs="chat")
def sent_unasked(evidence):
    if where := _sent_unasked(evidence):
        return Explanation(
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


@rule(needs="chat")
def message_replaced(evidence):
    """Always the same text: a literal, where the message belongs."""
    if not evidence.saw(Changed) or not isinstance(evidence.failure.heard, str):
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
            if node.value == heard and not read_or_key:
                return Explanation(
                    f"Whatever the browser says, {heard[:40]!r} comes back: that text stands here "
                    'as it is. Send what arrived: {"message": message}.',
                    consumer.where(node),
                )


@rule(needs="chat")
def message_changed(evidence):
    if not evidence.saw(Changed) or _had_come_before(evidence) or _sent_unasked(evidence):
        return None
    return Explanation(
        f"{evidence.failure.message} The consumer must send back the text as it came, whatever is "
        "in it.",
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
