"""What happens when somebody logs out, and with which code a WebSocket is closed."""

import ast

from checks.step5_people.diagnoses.seen import calls, methods
from checks.step5_people.failures import StillOpen
from workshop.checking.explaining.edits import below, instead, renamed
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed

CODES = {"logged_out": 4401, "receive": 4429}


@rule(raised=r"ValueError: No handler for message type logged[._]out")
def logging_out_has_no_handler(evidence, error):
    found = next(iter(evidence.consumers), None)
    where = found.where() if found else None
    meant = [one for one in found.methods.values() if _closes_with(one, 4401)] if found else ()
    return Explanation(
        "Somebody logged out, and the consumer has no method for the event of that. A dot in the "
        "type is an underscore in the method's name: `async def logged_out(self, event):`",
        where,
        evidence.suggest(where, renamed(meant[0], "logged_out")) if meant else None,
    )


def _closes_with(method, code):
    """Whether close() is called with this code in the method."""
    return any(
        getattr(node, "value", None) == code
        for call in calls(method, "close")
        for node in ast.walk(call)
    )


@rule
def logged_out_and_still_open(evidence):
    if not evidence.saw_only(StillOpen):
        return None
    for consumer, method in methods(evidence, "logged_out"):
        if not calls(method, "close"):
            where, code = consumer.where(method), "await self.close(code=4401)"
            return Explanation(
                f"logged_out() is called, and does not close: `{code}`.",
                where,
                evidence.suggest(where, below(method.body[-1], code)),
            )
    return None


@rule
def closed_with_another_code(evidence):
    """1000, which is what close() says of its own accord."""
    if not evidence.saw_only(Closed) or evidence.failure.code in (1006, 1011):
        return None
    sent = evidence.sent("websocket.close")
    for consumer, method in methods(evidence, *CODES):
        code = CODES[method.name]
        for call in calls(method, "close"):
            where = consumer.where(call)
            if _closes_with(call, code):
                continue
            if not any(evidence.place(event) == where for event in sent):
                continue
            return Explanation(
                f"{evidence.failure} The page cannot tell from that what happened: write "
                f"`self.close(code={code})`.",
                where,
                evidence.suggest(where, instead(call, f"self.close(code={code})")),
            )
    return None
