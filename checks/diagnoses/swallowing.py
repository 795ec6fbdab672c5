"""Exceptions that the learner's own code caught and let nobody know."""

import ast
from collections.abc import Iterator

from workshop.checking.explaining.evidence import Evidence, Swallowed
from workshop.checking.explaining.rules import Explanation, advice, rule, rules_of
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Silent, Unanswered

# What became of it, and what to do about that.
CAUGHT = {
    "except": ("was caught here, by this except", "catch only the exceptions that you expect"),
    "suppress": ("was dropped here, by this suppress()", "suppress only what you expect"),
    "gather": (
        "was handed back by this gather() as if it were a result",
        "remove return_exceptions=True, or look at the results",
    ),
    "task": (
        "ended the task that this line starts, which nobody awaits",
        "await what the task does, or look at the task when it is done",
    ),
}


@rule
def exception_swallowed(evidence):
    """What kept the consumer from sending, or from accepting."""
    for swallowed in _in_the_way(evidence):
        error, where = swallowed.error, swallowed.where
        raised = evidence.where(error)
        line = f" in line {raised.line}" if raised else ""
        other = f" of {raised.file.name}" if raised and raised.file != where.file else ""
        caught, care = CAUGHT[swallowed.event.by]
        what = "accepting" if evidence.saw(Unanswered) else "sending"
        cause = _cause(evidence, swallowed)
        return Explanation(
            f"{swallowed.function}() did not come as far as {what}: {error.text} was raised"
            f"{line}{other} and {caught}, so the consumer goes on without an answer. "
            + (f"{cause} And {care}." if cause else f"Fix its cause, and {care}."),
            where,
        )


def _in_the_way(evidence: Evidence) -> Iterator[Swallowed]:
    """Those for which the browser waited: it heard nothing, and nothing else tells why."""
    briefs = {swallowed.error.brief for swallowed in evidence.swallowed}
    others = any(error.brief not in briefs for error in evidence.errors)
    if others or evidence.sent("websocket.send") or not evidence.saw(Silent, Unanswered):
        return
    for swallowed in evidence.swallowed:
        connecting = swallowed.function in ("connect", "websocket_connect")
        asked = evidence.begun("websocket.receive") > 0 and not connecting
        if swallowed.where and (connecting if evidence.saw(Unanswered) else asked):
            yield swallowed


def _cause(evidence: Evidence, swallowed: Swallowed) -> str | None:
    """What the rules say of the exception itself."""
    from checks import diagnoses

    seen = evidence.as_if_raised(swallowed)
    for asked in rules_of(diagnoses):
        if asked.raised and asked.explains and asked.applies_to(evidence.capabilities):
            if explanation := asked.ask(seen):
                return explanation.message
    return None


@advice
def everything_excepted(evidence):
    """An `except` that catches all and does nothing."""
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.ExceptHandler):
            every = node.type is None or last_name(node.type) in ("Exception", "BaseException")
            if every and all(isinstance(child, ast.Pass) for child in node.body):
                return Explanation(
                    "This except hides every mistake, those in your own code too. Name the "
                    "exception that you expect, such as json.JSONDecodeError, so that others show "
                    "in the server's log.",
                    consumer.where(node),
                )
