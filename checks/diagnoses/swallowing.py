"""Exceptions that connect() caught and let nobody know; and what can be said of any such."""

from workshop.checking.explaining.evidence import Evidence, Swallowed
from workshop.checking.explaining.rules import Explanation, rule, rules_of
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
    line = f" in line {raised.line}" if raised else ""
    other = f" of {raised.file.name}" if raised and raised.file != where.file else ""
    caught, care = CAUGHT[swallowed.event.by]
    cause = _cause(evidence, swallowed)
    return Explanation(
        f"{seen}: in {swallowed.function}(), {error.text} was raised{line}{other} and {caught}, so "
        "that the consumer went on as if nothing had happened.\n"
        + (f"{cause.message}\nAnd {care}." if cause else f"Fix its cause, and {care}."),
        where,
        cause and cause.suggestion,
    )


def _cause(evidence: Evidence, swallowed: Swallowed) -> Explanation | None:
    """What the rules say of the exception itself."""
    from checks import diagnoses

    seen = evidence.as_if_raised(swallowed)
    for asked in rules_of(diagnoses):
        if asked.raised and asked.explains and asked.applies_to(evidence.capabilities):
            if explanation := asked.ask(seen):
                return explanation
    return None
