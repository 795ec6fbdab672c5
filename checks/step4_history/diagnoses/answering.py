"""What comes back to the browser that spoke."""

import ast

from checks.step4_history.diagnoses.saving import client_id_left_empty, savings
from checks.step4_history.diagnoses.seen import only
from checks.step4_history.failures import ErrorNotTold, NoId, NotAnswered
from workshop.checking.explaining.consumer import SENDERS
from workshop.checking.explaining.edits import above, around, below
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule

ANSWER = '`await self.send(text_data=json.dumps({"id": message.id, "client_id": client_id}))`'


@rule
def error_hides_another(evidence):
    """An error was told although nothing was locked."""
    said = str(evidence.failure)
    if not only(evidence, NotAnswered) or "'error'" not in said or "UNIQUE" in said:
        return None
    if client_id_left_empty.find(evidence):
        return None
    found = savings(evidence)
    return Explanation(
        f"{evidence.failure} The message was not saved: the error says why.",
        found[0][0].where(found[0][1]) if found else None,
    )


@rule
def answer_missing(evidence):
    """It is saved, and its sender doesn't know."""
    if not only(evidence, NotAnswered) or not savings(evidence):
        return None
    if "'error'" in str(evidence.failure) or error_not_told.find(evidence):
        return None
    consumer, call = savings(evidence)[0]
    where = consumer.where(call)
    return Explanation(
        "The message is saved, but its sender is not told: it keeps the message and sends it again "
        f"and again. After saving, answer this one browser: {ANSWER}",
        where,
        evidence.suggest(where, *_answered(evidence, consumer, where, call)),
    )


def _answered(evidence, consumer, where, call):
    """The change that answers below the statement which saves, or below its `try`."""
    statement = evidence.statement_at(where)
    targets = getattr(statement, "targets", None) or [None]
    name = targets[0].elts[0] if isinstance(targets[0], ast.Tuple) else targets[0]
    own = [evidence.code_at(where, key.value) for key in call.keywords if key.arg == "client_id"]
    awaited = isinstance(getattr(statement, "value", None), ast.Await)
    if not isinstance(name, ast.Name) or len(own) != 1 or not awaited:
        return []
    for block in consumer.nodes(ast.Try):
        if statement in block.body:
            statement = block
    answer = f'{{"id": {name.id}.id, "client_id": {own[0]}}}'
    return [below(statement, f"await self.send(text_data=json.dumps({answer}))")]


@rule
def error_not_told(evidence):
    if not only(evidence, ErrorNotTold, NotAnswered):
        return None
    for consumer in evidence.consumers:
        for handler in consumer.nodes(ast.ExceptHandler):
            if any(last_name(call.func) in SENDERS for call in calls_in(handler)):
                continue
            where = consumer.where(handler)
            return Explanation(
                "The message could not be saved, and its sender heard nothing of it. In this "
                '`except`, send {"error": …, "client_id": …} to this one browser, and return.',
                where,
                evidence.suggest(where, *_told(evidence, where, handler)),
            )
    return None


def _told(evidence, where, handler):
    """The changes with which the sender is told, in an `except` that returns."""
    own = {
        evidence.code_at(where, key.value)
        for _, call in savings(evidence)
        for key in call.keywords
        if key.arg == "client_id"
    }
    if len(own) != 1 or not evidence.at(where).is_async:
        return []
    if not isinstance(handler.body[-1], ast.Return):
        return []
    error = f"str({handler.name})" if handler.name else '"Not saved"'
    answer = f'{{"error": {error}, "client_id": {own.pop()}}}'
    return [above(handler.body[0], f"await self.send(text_data=json.dumps({answer}))")]


@rule(raised=r"AttributeError: 'dict' object has no attribute 'encode'")
def frame_is_a_dictionary(evidence, error):
    """What a method returned was sent as it is: as_frame(), say."""
    where = evidence.where(error) or evidence.where_sent()
    for call in evidence.nodes_at(where, ast.Call):
        given = [key.value for key in call.keywords if key.arg == "text_data"] or call.args[:1]
        if last_name(call.func) == "send" and given and isinstance(given[0], ast.Call):
            code = evidence.code_at(where, given[0])
            return Explanation(
                f"`{code}` is a dictionary, and a text frame is a string. Write "
                f"`json.dumps({code})`.",
                where,
                evidence.suggest(where, *around(given[0], "json.dumps(", ")")),
            )
    return None


@rule
def message_without_its_id(evidence):
    where = _event_without_id(evidence)
    if not only(evidence, NoId) or not where:
        return None
    return Explanation(
        "A message goes to the browsers without its id, so none of them can say what it has heard. "
        'Let the event carry the id, {"type": "chat.message", "id": message.id}, and send '
        "`json.dumps(message.as_frame())`, read from the database.",
        where,
    )


@rule
def id_not_sent_on(evidence):
    """The event has the id, and what the handler sends has not."""
    if not only(evidence, NoId) or _event_without_id(evidence):
        return None
    return Explanation(
        "What this sends has no id, so no browser can say what it has heard. Don't send what the "
        "event carries: read what is new from the database, and send "
        "`json.dumps(message.as_frame())`, which has the id.",
        evidence.where_sent(),
    )


def _event_without_id(evidence):
    """The event that receive() makes, if it has no id: then the handler has none to send."""
    for consumer, receiver in evidence.receivers:
        for node in ast.walk(receiver):
            if isinstance(node, ast.Dict):
                keys = [getattr(key, "value", None) for key in node.keys]
                if "type" in keys and not {"id", None} & {*keys}:
                    return consumer.where(node)
    return None
