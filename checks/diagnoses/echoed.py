"""What comes back to the browser is JSON with a message, but not the one that was sent."""

import ast
import json

from checks.diagnoses.frames import calls_that_sent, without_the_call
from workshop.checking.explaining.answering import how_it_is_written
from workshop.checking.explaining.edits import instead, removed
from workshop.checking.explaining.nodes import last_name, value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Changed, Heard, HeardTwice, brief


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
    for call in [c for c in calls_that_sent(evidence, "dumps") if c.args][1:2]:
        advice, edit = without_the_call(evidence, where, call)
    return Explanation(
        "The message came back in quotes: json.dumps() was called "
        "on the message itself and again on the whole. "
        f"{advice}",
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
        return f"`{code.format('…')}`", None
    written = evidence.code_at(where, node)
    new = code.format(written)
    return f"`{new}` instead of `{written}`", evidence.suggest(where, instead(node, new))


@rule(needs="chat")
def whole_frame_echoed(evidence):
    inner = _heard_as_json(evidence)
    if isinstance(inner, dict) and inner.get("message") == evidence.failure.expected:
        code, edit = _read_from(evidence, 'json.loads({})["message"]')
        return Explanation(
            "The whole frame came back inside a message: its text was wrapped once more. "
            f"Extract the message first: write {code}.",
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
        f"{what} came back as the message. "
        f'It is a dictionary, and the text is under "message": write {code}.',
        evidence.where_sent(),
        edit,
    )


@rule(needs="chat")
def sent_more_than_once(evidence):
    """What arrives is an earlier message, which had already come back."""
    if not evidence.heard_again or evidence.saw(HeardTwice):
        return None
    where, edit = evidence.where_sent(), None
    advice = "Look for a loop around the line that sends, or for a second line that sends."
    places = sorted({w.line for e in evidence.sent("websocket.send") if (w := evidence.place(e))})
    source = evidence.project.source_at(where)
    if len(places) == 2 and where.line == places[1]:
        advice = f"Lines {places[0]} and {places[1]} both send. Remove line {places[1]}."
        edit = evidence.suggest(where, removed(source, evidence.statement_at(where)))
    return Explanation(
        f"{brief(evidence.failure.heard)} came back more than once. {advice}", where, edit
    )


def _is_a_notice(statement):
    """Whether it sends what a stretch task asks for, which no page takes for a message."""
    nodes = ast.walk(statement) if statement else ()
    return any(isinstance(node, ast.Constant) and node.value == "notice" for node in nodes)


def _sent_unasked(evidence):
    """The lines of connect() and disconnect() that led to a message, and which method it is."""
    for event in [*evidence.sent("websocket.send"), *evidence.layer_calls("group_send")]:
        lines = evidence.places(event)
        if any(_is_a_notice(evidence.statement_at(line)) for line in lines):
            continue
        for line in lines:
            method = evidence.project.method_at(line)
            name = method.name.removeprefix("websocket_") if method else ""
            if name in ("connect", "disconnect"):
                yield line, name


@rule(needs="chat")
def sent_unasked(evidence):
    """connect() or disconnect() sent to browsers, and one of them heard what nobody had said."""
    if not evidence.saw(Heard):
        return None
    for where, name in _sent_unasked(evidence):
        statement, source = evidence.statement_at(where), evidence.project.source_at(where)
        when = "comes" if name == "connect" else "leaves"
        return Explanation(
            f"{evidence.failure.message} This line sends it when a browser {when}, although "
            "nobody has said it. "
            'The page shows anything with the key "message" as something that somebody said. '
            "Remove the line, along with any loop that is only there for it. "
            '(The stretch task greets under another key, "notice".)',
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
                    f"Whatever the browser says, {brief(heard, 40)} "
                    "comes back: that text is hardcoded here. "
                    f"Send what arrived: write `{code}` instead.",
                    where,
                    evidence.suggest(where, instead(node, code)),
                )
