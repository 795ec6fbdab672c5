"""Exceptions that the learner's own code caught, so that nothing came back."""

import ast

from checks.diagnoses.swallowing import about
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.failures import Silent


@rule
def exception_swallowed(evidence):
    """What kept the consumer from sending: it heard the browser, and nothing else says why."""
    known = {swallowed.error.brief for swallowed in evidence.swallowed}
    others = any(error.brief not in known for error in evidence.errors)
    if others or not evidence.saw(Silent) or not evidence.begun("websocket.receive"):
        return None
    for swallowed in evidence.swallowed:
        raised = evidence.where(swallowed.error)
        if any(evidence.place(event) != raised for event in evidence.sent("websocket.send")):
            return None
        if swallowed.where and swallowed.function not in ("connect", "websocket_connect"):
            return about(evidence, swallowed, "Nothing was sent back")


@advice
def everything_excepted(evidence):
    """An `except` that catches all and does nothing."""
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.ExceptHandler):
            every = node.type is None or last_name(node.type) in ("Exception", "BaseException")
            if every and all(isinstance(child, ast.Pass) for child in node.body):
                return Explanation(
                    "This except hides every mistake, those in your own code too. "
                    "Name the exception that you expect, such as json.JSONDecodeError, so that "
                    "others show in the server's log.",
                    consumer.where(node),
                )
