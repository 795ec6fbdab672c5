"""Exceptions that connect() swallowed, and what can be said about any that were swallowed."""

import ast

from workshop.checking.explaining.evidence import Evidence, Swallowed
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule, rules_of
from workshop.checking.explaining.source import Where
from workshop.checking.failures import Silent, Unanswered

# What happened to it, and what to do about that.
CAUGHT = {
    "except": ("the except on line {} caught it", "catch only the exceptions that you expect"),
    "suppress": ("the suppress() on line {} dropped it", "suppress only what you expect"),
    "gather": (
        "the gather() on line {} returned it as if it were a result",
        "remove return_exceptions=True, or look at the results",
    ),
    "task": (
        "it ended the task that line {} starts, which nothing awaits",
        "await what the task does, or look at the task when it is done",
    ),
}
EVERYTHING = ("Exception", "BaseException")


@rule
def exception_swallowed_in_connect(evidence):
    """What kept the consumer from accepting, or from joining its group."""
    if evidence.errors or not evidence.saw(Silent, Unanswered):
        return None
    for swallowed in evidence.swallowed:
        joining = "group_add" in evidence.line_at(evidence.where(swallowed.error))
        connecting = swallowed.function in ("connect", "websocket_connect") and swallowed.where
        if connecting and (joining or evidence.saw(Unanswered)):
            what = "joined its group" if evidence.saw(Silent) else "accepted the WebSocket"
            return about(evidence, swallowed, f"The consumer has not {what}")


def about(evidence: Evidence, swallowed: Swallowed, seen: str) -> Explanation:
    """The exception, its line, what swallowed it, and what the rules say of it."""
    error, where = swallowed.error, swallowed.where
    raised = evidence.where(error)
    line = f" on line {raised.line}" if raised else ""
    other = f" of {raised.file.name}" if raised and raised.file != where.file else ""
    caught, care = CAUGHT[swallowed.event.by]
    if swallowed.event.by == "except" and _is_precise(evidence, where):
        care = "remove this except: it hides mistakes like this one"
    cause = _cause(evidence, swallowed)
    return Explanation(
        f"{seen}. In {swallowed.function}(), {error.text} was raised{line}{other}, and "
        f"{caught.format(where.line)}.\n"
        + (f"{cause.message}\nThen {care}." if cause else f"Fix its cause, and {care}."),
        where,
        cause and cause.suggestion,
    )


def _is_precise(evidence: Evidence, where: Where) -> bool:
    """Whether the except there names what it catches."""
    handlers = [n for n in evidence.nodes_at(where, ast.ExceptHandler) if n.lineno == where.line]
    return any(n.type and last_name(n.type) not in EVERYTHING for n in handlers)


def _cause(evidence: Evidence, swallowed: Swallowed) -> Explanation | None:
    """What the rules say of the exception itself."""
    from checks import diagnoses

    seen = evidence.as_if_raised(swallowed)
    for asked in rules_of(diagnoses):
        if asked.raised and asked.explains and asked.applies_to(evidence.capabilities):
            if explanation := asked.ask(seen):
                return explanation
    return None
