"""What comes back to the browser: frames that the page cannot read, and other messages than those
that were sent."""

import ast
import json
import re

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Changed, Heard, HeardTwice, NotTheContract, brief

KINDS = {"str": "string", "int": "number", "float": "number", "NoneType": "null"}
NO_JSON = object()


def _content(evidence):
    """What is in the text frame that came back and was not what the page can read: a value;
    NO_JSON where it is not JSON, or there was no such frame."""
    frame = getattr(evidence.failure, "frame", b"")
    try:
        return json.loads(frame) if isinstance(frame, str) else NO_JSON
    except ValueError:
        return NO_JSON


@rule
def binary_frame(evidence):
    if evidence.saw(NotTheContract) and isinstance(evidence.failure.frame, bytes):
        return Explanation(
            "A binary frame came back; the page reads text frames. "
            "Send it as text_data=, not bytes_data=.",
            evidence.where_sent(),
        )


@rule
def frame_is_no_json(evidence):
    if not evidence.saw(NotTheContract) or _content(evidence) is not NO_JSON:
        return None
    frame = evidence.failure.frame
    if isinstance(frame, bytes):
        return None
    if re.fullmatch(r"\{'.*\}", frame, re.DOTALL):
        message = (
            "What came back is a dictionary as Python prints it, with single quotes, which is not "
            f"JSON: str() or an f-string made it. Write {evidence.answer(evidence.where_sent())}"
        )
    else:
        message = (
            f"The bare text {brief(frame, 40)} came back. "
            f"The page reads JSON: {evidence.answer(evidence.where_sent())}"
        )
    return Explanation(message, evidence.where_sent())


@rule
def json_made_twice(evidence):
    content = _content(evidence)
    if isinstance(content, str) and content[:1] in ("{", "["):
        return Explanation(
            "What came back was made JSON twice. send_json() encodes by itself: give it the "
            "dictionary; with send(), call json.dumps() once.",
            evidence.where_sent(),
        )


@rule
def wrong_key_sent(evidence):
    content = _content(evidence)
    if isinstance(content, dict):
        keys = ", ".join(repr(key) for key in content) or "none"
        return Explanation(
            f'What came back has no key "message" (its keys: {keys}). '
            'The page shows "message": use that name.',
            evidence.where_sent(),
        )


@rule
def json_is_no_object(evidence):
    content = _content(evidence)
    if content is not NO_JSON and not isinstance(content, dict):
        kind = type(content).__name__
        return Explanation(
            f"A JSON {KINDS.get(kind, kind)} came back; the page reads an object with the key "
            f'"message": {evidence.answer(evidence.where_sent())}',
            evidence.where_sent(),
        )


# Another message than the one that was sent


def _heard(evidence, kind):
    """What was heard in place of the message, where it is of that type."""
    heard = getattr(evidence.failure, "heard", None)
    return heard if isinstance(heard, kind) else None


def _heard_as_json(evidence):
    """The value that the text which was heard is in JSON, None where it is none."""
    try:
        return json.loads(_heard(evidence, str) or "null")
    except ValueError:
        return None


@rule(needs="chat")
def message_dumped_twice(evidence):
    if evidence.saw(Heard) and _heard_as_json(evidence) == evidence.failure.expected:
        if evidence.failure.heard != evidence.failure.expected:
            return Explanation(
                "The message came back in quotes: json.dumps() was called for the message itself "
                "and again for the whole. Call it once.",
                evidence.where_sent(),
            )


@rule(needs="chat")
def whole_frame_echoed(evidence):
    inner = _heard_as_json(evidence)
    if isinstance(inner, dict) and inner.get("message") == evidence.failure.expected:
        return Explanation(
            "The whole frame came back inside a message: its text was wrapped once more. "
            'Take the message out first: message = json.loads(text_data)["message"]',
            evidence.where_sent(),
        )


@rule(needs="chat")
def whole_dictionary_echoed(evidence):
    heard = _heard(evidence, dict)
    if heard is None or heard.get("message") != evidence.failure.expected:
        return None
    if "type" in heard:
        message = (
            "The whole event came back as the message. "
            'The handler gets a dictionary; the text is in event["message"].'
        )
    else:
        message = (
            "The whole content came back as the message. "
            'It is a dictionary; the text is in its key "message".'
        )
    return Explanation(message, evidence.where_sent())


@rule(needs="chat")
def sent_more_than_once(evidence):
    """What comes is a message from before, which had come back already."""
    if evidence.heard_again and not evidence.saw(HeardTwice):
        return Explanation(
            f"{brief(evidence.failure.heard)} came back more than once. "
            "Look for a loop around the line that sends, or for a second one.",
            evidence.where_sent(),
        )


@rule(needs="chat")
def sent_unasked(evidence):
    """connect() or disconnect() sent to browsers, and one of them heard what nobody had said."""
    if not evidence.saw(Heard):
        return None
    for event in [*evidence.sent("websocket.send"), *evidence.layer_calls("group_send")]:
        where = evidence.place(event)
        method = evidence.project.method_at(where)
        if method and method.name.removeprefix("websocket_") in ("connect", "disconnect"):
            return Explanation(
                f"{evidence.failure.message} This line sends it when a browser comes or leaves, "
                'and nobody has said it. What has the key "message" is what somebody said: remove '
                "the line.",
                where,
            )


@rule(needs="chat")
def message_replaced(evidence):
    """Always the same text: a literal, where the message belongs."""
    heard = _heard(evidence, str) if evidence.saw(Changed) else None
    if len({line.text for line in evidence.timeline if line.direction == "in"}) > 1:
        return None
    if not heard or heard == evidence.failure.expected:
        return None
    for consumer in evidence.consumers:
        keys = [n.slice for n in consumer.nodes(ast.Subscript)]
        keys += [key for n in consumer.nodes(ast.Dict) for key in n.keys]
        for node in consumer.nodes(ast.Constant):
            read_or_key = any(node is key for key in keys)
            if node.value == heard and not read_or_key:
                return Explanation(
                    f"Whatever the browser says, {brief(heard, 40)} comes back: "
                    'that text is written here as it is. Send what arrived: {"message": message}.',
                    consumer.where(node),
                )
