"""What comes back to the browser: frames that the page cannot read."""

import ast
import json
import re

from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.evidence import message_in
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import NotTheContract, brief

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


def calls_that_sent(evidence, *names):
    """The calls, on the line that sent, of something whose last name is one of these."""
    calls = evidence.nodes_at(evidence.where_sent(), ast.Call)
    return [call for call in calls if last_name(call.func) in names]


@rule
def binary_frame(evidence):
    if not evidence.saw(NotTheContract) or not isinstance(evidence.failure.frame, bytes):
        return None
    where, edit = evidence.where_sent(), None
    advice = "Send it as text_data=, not bytes_data=."
    for call in calls_that_sent(evidence, "send"):
        for keyword in call.keywords if len(call.keywords) == 1 else ():
            value, encoded = keyword.value, getattr(keyword.value, "func", None)
            if isinstance(encoded, ast.Attribute) and encoded.attr == "encode":
                value = encoded.value
            code = f"text_data={evidence.code_at(where, value)}"
            advice = f"Send it as text: `{code}`."
            edit = evidence.suggest(where, instead(keyword, code))
    return Explanation(
        f"A binary frame came back, but the page only reads text frames. {advice}", where, edit
    )


@rule
def frame_is_no_json(evidence):
    if not evidence.saw(NotTheContract) or _content(evidence) is not NO_JSON:
        return None
    frame, where = evidence.failure.frame, evidence.where_sent()
    if isinstance(frame, bytes):
        return None
    answer = evidence.answer(where, _sent_as_it_is(evidence, where))
    if re.fullmatch(r"\{'.*\}", frame, re.DOTALL):
        what = "a dictionary as Python prints it, with single quotes: str() or an f-string made it"
    elif frame[:1] in ("{", "["):
        what = f"{brief(frame, 40)}, which is almost JSON: json.dumps() writes quotes and escapes"
    else:
        what = f"the plain text {brief(frame, 40)}"
    return Explanation(
        f"What came back is {what}, but the page reads JSON. Write `{answer.code}`.",
        where,
        answer.suggestion,
    )


def _sent_as_it_is(evidence, where):
    """How the message is written that was sent without being made JSON; empty for another frame."""
    said = {message_in(line.text) for line in evidence.timeline if line.direction == "out"}
    call = evidence.answer(where).call if evidence.failure.frame in said else None
    given = [*call.args, *(keyword.value for keyword in call.keywords)] if call else []
    return evidence.code_at(where, given[0]) if len(given) == 1 else ""


@rule
def json_made_twice(evidence):
    content, where = _content(evidence), evidence.where_sent()
    if not isinstance(content, str) or content[:1] not in ("{", "["):
        return None
    advice, edit = "Call json.dumps() once, and with send_json() not at all.", None
    inner = calls_that_sent(evidence, "dumps")[-1:]
    for call in inner if inner and inner[0].args else ():
        advice, edit = without_the_call(evidence, where, call)
    return Explanation(
        "What came back was encoded as JSON twice: send_json() encodes by "
        "itself, and with send() one json.dumps() is enough. "
        f"{advice}",
        where,
        edit,
    )


def without_the_call(evidence, where, call):
    """What to say so that a call's argument takes its place, and the edit."""
    kept = evidence.code_at(where, call.args[0])
    advice = f"Write `{kept}` instead of `{evidence.code_at(where, call)}`."
    return advice, evidence.suggest(where, instead(call, kept))


@rule
def wrong_key_sent(evidence):
    content, where = _content(evidence), evidence.where_sent()
    if not isinstance(content, dict):
        return None
    keys, edit = ", ".join(f'"{key}"' for key in content) or "none", None
    advice = 'Send the message under "message".'
    if len(content) == 1:
        (key,) = content
        nodes = evidence.nodes_at(where, ast.Dict)
        written = [k for n in nodes for k in n.keys if getattr(k, "value", None) == key]
        named = [k for k in evidence.nodes_at(where, ast.keyword) if k.arg == key]
        if len(written) == 1:
            edit = evidence.suggest(where, instead(written[0], '"message"'))
        elif len(named) == 1:
            value = evidence.code_at(where, named[0].value)
            edit = evidence.suggest(where, instead(named[0], f"message={value}"))
        advice = f'Write "message" instead of "{key}".'
    return Explanation(
        f'What came back has no key "message", which is what the page shows (its keys: {keys}). '
        f"{advice}",
        where,
        edit,
    )


@rule
def json_is_no_object(evidence):
    content = _content(evidence)
    if content is not NO_JSON and not isinstance(content, dict):
        kind, answer = type(content).__name__, evidence.answer(evidence.where_sent())
        return Explanation(
            f"A JSON {KINDS.get(kind, kind)} came back, but the "
            'page reads an object with the key "message". '
            f"Write `{answer.code}`.",
            evidence.where_sent(),
            answer.suggestion,
        )
