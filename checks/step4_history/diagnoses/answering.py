"""What comes back to the browser that spoke."""

import ast

from checks.step4_history.diagnoses.saving import savings
from checks.step4_history.diagnoses.seen import only
from checks.step4_history.failures import ErrorNotTold, NoId, NotAnswered
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import SENDERS, calls_in, last_name

ANSWER = '`await self.send(text_data=json.dumps({"id": message.id, "client_id": client_id}))`'


@rule
def error_hides_another(evidence):
    """An error was told although nothing was locked."""
    said = str(evidence.failure)
    if not only(evidence, NotAnswered) or "'error'" not in said or "UNIQUE" in said:
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
    return Explanation(
        "The message is saved, but its sender is not told: it keeps the message and sends it again "
        f"and again. After saving, answer this one browser: {ANSWER}",
        consumer.where(call),
    )


@rule
def error_not_told(evidence):
    if not only(evidence, ErrorNotTold, NotAnswered):
        return None
    for consumer in evidence.consumers:
        for handler in consumer.nodes(ast.ExceptHandler):
            if any(last_name(call.func) in SENDERS for call in calls_in(handler)):
                continue
            return Explanation(
                "The message could not be saved, and its sender heard nothing of it. In this "
                '`except`, send {"error": …, "client_id": …} to this one browser, and return.',
                consumer.where(handler),
            )
    return None


@rule
def message_without_its_id(evidence):
    if not only(evidence, NoId):
        return None
    return Explanation(
        "A message goes to the browsers without its id, so none of them can say what it has heard. "
        'Let the event carry the id, {"type": "chat.message", "id": message.id}, and send '
        "`json.dumps(message.as_frame())`, read from the database.",
        _event_without_id(evidence) or evidence.where_sent(),
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
