"""What comes back to the browser: frames that the page cannot read, and other messages than those
that were sent."""

import ast
import json
import re

from workshop.checking.explaining.answering import how_it_is_written
from workshop.checking.explaining.evidence import message_in
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, value_of
from workshop.checking.explaining.suggestion import instead, removed
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


def _calls(evidence, *names):
    """The calls, on the line that sent, of something whose last name is one of these."""
    calls = evidence.nodes_at(evidence.where_sent(), ast.Call)
    return [call for call in calls if last_name(call.func) in names]


@rule
def binary_frame(evidence):
    if not evidence.saw(NotTheContract) or not isinstance(evidence.failure.frame, bytes):
        return None
    where, edit = evidence.where_sent(), None
    advice = "Send it as text_data=, not bytes_data=."
    for call in _calls(evidence, "send"):
        for keyword in call.keywords if len(call.keywords) == 1 else ():
            value, encoded = keyword.value, getattr(keyword.value, "func", None)
            value = encoded.value if last_name(encoded) == "encode" else value
            code = f"text_data={evidence.code_at(where, value)}"
            advice = f"Send it as text: `{code}`."
            edit = evidence.suggest(where, instead(keyword, code))
    return Explanation(
        f"A binary frame came back; the page reads text frames. {advice}", where, edit
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
        what = f"the text {brief(frame, 40)}, as it is"
    return Explanation(
        f"What came back is {what}. The page reads JSON. Write `{answer.code}`.",
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
    inner = _calls(evidence, "dumps")[-1:]
    for call in inner if inner and inner[0].args else ():
        kept = evidence.code_at(where, call.args[0])
        advice = f"Write `{kept}` in place of `{evidence.code_at(where, call)}`."
        edit = evidence.suggest(where, instead(call, kept))
    return Explanation(
        "What came back was made JSON twice: send_json() encodes by itself, and with send() one "
        f"json.dumps() is enough. {advice}",
        where,
        edit,
    )


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
        advice = f'Write "message" in place of "{key}".'
    return Explanation(
        f'What came back has no key "message", which the page shows (its keys: {keys}). {advice}',
        where,
        edit,
    )


@rule
def json_is_no_object(evidence):
    content = _content(evidence)
    if content is not NO_JSON and not isinstance(content, dict):
        kind, answer = type(content).__name__, evidence.answer(evidence.where_sent())
        return Explanation(
            f"A JSON {KINDS.get(kind, kind)} came back; the page reads an object with the key "
            f'"message". Write `{answer.code}`.',
            evidence.where_sent(),
            answer.suggestion,
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
    if not evidence.saw(Heard) or _heard_as_json(evidence) != evidence.failure.expected:
        return None
    if evidence.failure.heard == evidence.failure.expected:
        return None
    where, advice, edit = evidence.where_sent(), "Call it once.", None
    for call in _calls(evidence, "dumps")[1:2]:
        kept = evidence.code_at(where, call.args[0])
        advice = f"Write `{kept}` in place of `{evidence.code_at(where, call)}`."
        edit = evidence.suggest(where, instead(call, kept))
    return Explanation(
        "The message came back in quotes: json.dumps() was called for the message itself and again "
        f"for the whole. {advice}",
        where,
        edit,
    )


def _given_as_message(evidence):
    """What the line that sent has under "message"; for a name that was given its value in the same
    method, that value."""
    where = evidence.where_sent()
    found = [value_of(node, "message") for node in evidence.nodes_at(where, ast.Dict)]
    value = found[0] if len(found) == 1 else None
    function = evidence.project.function_at(where)
    for node in ast.walk(function) if isinstance(value, ast.Name) else ():
        if isinstance(node, ast.Assign) and last_name(node.targets[0]) == value.id:
            return node.value
    return value


def _read_from(evidence, code):
    """What to write in place of what was sent as the message, `code` of that, and the edit."""
    where, node = evidence.where_sent(), _given_as_message(evidence)
    if node is None:
        return code.format("…"), None
    written = evidence.code_at(where, node)
    new = code.format(written)
    return f"{new}, in place of {written}", evidence.suggest(where, instead(node, new))


@rule(needs="chat")
def whole_frame_echoed(evidence):
    inner = _heard_as_json(evidence)
    if isinstance(inner, dict) and inner.get("message") == evidence.failure.expected:
        code, edit = _read_from(evidence, 'json.loads({})["message"]')
        return Explanation(
            "The whole frame came back inside a message: its text was wrapped once more. "
            f"Take the message out first: write {code}",
            evidence.where_sent(),
            edit,
        )


@rule(needs="chat")
def whole_dictionary_echoed(evidence):
    heard = _heard(evidence, dict)
    if heard is None or heard.get("message") != evidence.failure.expected:
        return None
    what = "The whole event" if "type" in heard else "The whole content of the frame"
    code, edit = _read_from(evidence, '{}["message"]')
    return Explanation(
        f'{what} came back as the message. It is a dictionary, and the text is under "message": '
        f"write {code}",
        evidence.where_sent(),
        edit,
    )


@rule(needs="chat")
def sent_more_than_once(evidence):
    """What comes is a message from before, which had come back already."""
    if not evidence.heard_again or evidence.saw(HeardTwice):
        return None
    where, edit = evidence.where_sent(), None
    advice = "Look for a loop around the line that sends, or for a second one."
    places = sorted({w.line for e in evidence.sent("websocket.send") if (w := evidence.place(e))})
    source = evidence.project.source_at(where)
    if len(places) == 2 and where.line == places[1]:
        advice = f"Lines {places[0]} and {places[1]} both send. Remove line {places[1]}."
        edit = evidence.suggest(where, removed(source, evidence.statement_at(where)))
    return Explanation(
        f"{brief(evidence.failure.heard)} came back more than once. {advice}", where, edit
    )


@rule(needs="chat")
def sent_unasked(evidence):
    """connect() or disconnect() sent to browsers, and one of them heard what nobody had said."""
    if not evidence.saw(Heard):
        return None
    for event in [*evidence.sent("websocket.send"), *evidence.layer_calls("group_send")]:
        where = evidence.place(event)
        method = evidence.project.method_at(where)
        name = method.name.removeprefix("websocket_") if method else ""
        if name in ("connect", "disconnect"):
            statement, source = evidence.statement_at(where), evidence.project.source_at(where)
            when = "comes" if name == "connect" else "leaves"
            return Explanation(
                f"{evidence.failure.message} This line sends it when a browser {when}, although "
                'nobody has said it. The page shows what has the key "message" as something that '
                "somebody said: remove the line, and a loop around it.",
                where,
                evidence.suggest(where, removed(source, statement)),
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
            if node.value == heard and not any(node is key for key in keys):
                where = consumer.where(node)
                at, handler = evidence.at(where), evidence.in_group_handler(where)
                code = how_it_is_written(at.function, handler)
                return Explanation(
                    f"Whatever the browser says, {brief(heard, 40)} comes back: that text is "
                    f"written here as it is. Send what arrived: write {code} in its place.",
                    where,
                    evidence.suggest(where, instead(node, code)),
                )
