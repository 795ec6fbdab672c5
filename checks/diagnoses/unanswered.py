"""One message of several gets no answer, and no exception says why."""

import ast
import json

from checks.diagnoses.changes import quoted
from workshop.checking.explaining.edits import unwrapped, without
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent


@rule(needs="chat")
def one_message_not_answered(evidence):
    """What was said before has come back, and no exception says why this did not."""
    said = [line for line in evidence.timeline if line.direction == "out"]
    came = [line for line in evidence.timeline if line.direction == "in"]
    alone = len({line.who for line in evidence.timeline}) == 1
    if not evidence.saw_only(Silent) or evidence.stuck or not alone:
        return None
    if not came or len(came) + 1 != len(said):
        return None
    message = json.loads(said[-1].text)["message"]
    what = f"the message {quoted(message)}"
    if not message.strip():
        what = "a blank message" if message else "an empty message"
    consumer, condition = _condition(evidence)
    if condition is None:
        return Explanation(
            f"What {said[-1].who} said came back, except for {what}. "
            "Look for an if that skips it: whatever the browser says must be sent back."
        )
    where = consumer.where(condition)
    code = f"`if {evidence.code_at(where, condition.test)}`"
    return Explanation(
        f"What {said[-1].who} said came back, except for {what}. "
        f"{code} may skip it, but whatever the browser says must be sent back. "
        "Remove the `if`.",
        where,
        unconditional(evidence, where, condition),
    )


def _condition(evidence):
    """The first `if` about the message in a method that gets what browsers say."""
    for consumer, method in evidence.receivers:
        for node in ast.walk(method):
            names = {last_name(child) for child in ast.walk(getattr(node, "test", ast.Pass()))}
            if isinstance(node, ast.If) and names & {"message", "text", "text_data", "msg"}:
                return consumer, node
    return None, None


def unconditional(evidence, where, condition):
    """The edit that removes an `if` without an else: what it holds stays, unless it only leaves."""
    if condition.orelse:
        return None
    if isinstance(condition.body[-1], ast.Return | ast.Pass):
        return evidence.suggest(where, without(condition))
    return evidence.suggest(where, unwrapped(evidence.project.source_at(where), condition))
