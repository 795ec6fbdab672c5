"""What is done before the handshake is answered, done twice, or done after the close."""

import ast

from workshop.checking.explaining.edits import above, instead, without
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.nodes import is_call, mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Unanswered


@rule(raised=r"no attribute 'handshake_deferred'")
def accepted_twice(evidence, error):
    for found in middlewares(evidence.project):
        for node in found.constants("websocket.accept"):
            where = found.where(node)
            return Explanation(
                f"{found.name} accepts the WebSocket, and then the consumer accepts it again. "
                "A handshake can only be answered once. "
                "Remove this line: the consumer answers it.",
                where,
                evidence.without_call(where),
            )
    accepts = evidence.sent("websocket.accept")
    where = evidence.where(error) or (evidence.place(accepts[-1]) if accepts else None)
    return Explanation(
        "accept() was called a second time here. "
        "A handshake can only be answered once: keep one "
        "self.accept() in connect() and remove the other.",
        where,
        evidence.without_call(where),
    )


@rule(raised=r"Socket has not been accepted, so cannot send over it")
def sent_before_accept(evidence, error):
    sends = evidence.sent("websocket.send")
    where = evidence.where(error) or (evidence.place(sends[0]) if sends else None)
    accept = evidence.call_for(where, "self.accept", "")
    to_group = "group_send" if evidence.teaches("groups") else ""
    too = " A message to the group comes back to its sender as well." if to_group else ""
    consumer = evidence.consumer_with("connect")
    called = consumer and consumer.calls("accept", "connect")
    advice = f"In connect(), move `{accept}` above the line that sends."
    if not called:
        advice = f"connect() never accepts it. Write `{accept}` there, above the line that sends."
    return Explanation(
        f"Something was sent to the browser before its WebSocket was accepted. {advice}{too}",
        where,
        _accepted_first(evidence, accept, ("send", "send_json", to_group)),
    )


def _accepted_first(evidence, accept, names):
    """The edit that accepts above the first line of connect() that sends."""
    consumer = evidence.consumer_with("connect")
    body = consumer.methods["connect"].body if consumer else []
    first = next((line for line in body if any(mentions(line, name) for name in names)), None)
    accepts = consumer.calls("accept", "connect") if first else []
    lines = [line for line in body if any(call in ast.walk(line) for call in accepts)]
    if first is None or len(lines) != len(accepts) or not all(map(is_call, lines)):
        return None
    return evidence.suggest(consumer.where(first), above(first, accept), *map(without, lines))


@rule
def subprotocol_not_offered(evidence):
    """RFC 6455, section 4.2.2: a server chooses among what the browser offered. Daphne aborts the
    handshake and logs nothing."""
    accepted = evidence.sent("websocket.accept")
    if not evidence.saw(Unanswered) or evidence.errors or not accepted:
        return None
    for consumer in evidence.consumers:
        for call in consumer.calls("accept"):
            if call.args or any(word.arg == "subprotocol" for word in call.keywords):
                where, code = consumer.where(call), f"{ast.unparse(call.func)}()"
                typed = evidence.call_for(where, ast.unparse(call.func), "")
                return Explanation(
                    "The argument of accept() is a subprotocol. "
                    "The browser offered none, so the handshake failed. "
                    f"Write `{typed}`, without the argument.",
                    where,
                    evidence.suggest(where, instead(call, code)),
                )


@rule
def sent_after_close(evidence):
    """Whether that raises depends on whether the server has yet heard that the browser left."""
    closes = evidence.sent("websocket.close")
    later = evidence.sent_after(closes[0]) if closes else ()
    after = [event for event in later if event.type == "websocket.send"]
    if not after:
        return None
    where, closed = evidence.place(after[0]), evidence.place(closes[0])
    lines = getattr(evidence.project.function_at(where), "body", [])
    direct = {line.lineno for line in lines}
    if where and closed and {where.line, closed.line} <= direct and where.file == closed.file:
        return Explanation(
            f"self.close() on line {closed.line} closes the "
            "WebSocket, so nothing can be sent after it. "
            "Remove that line, or move it below this one.",
            where,
            evidence.without_call(closed),
        )
    return Explanation(
        "self.send() was called after self.close(): nothing can be sent after it. "
        "Remove the line with close(), or return after it.",
        where,
    )
