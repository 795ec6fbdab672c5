"""The handshake: accepted, refused or never answered; and what is sent before or after it."""

import ast

from workshop.checking.events import ConsumerMade, Ended, LeftUnanswered
from workshop.checking.explaining.middleware import middlewares
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import on_self
from workshop.checking.failures import Refused, Unanswered

# connect() came to its end without an answer


@rule
def bare_consumer_never_accepts(evidence):
    consumer = never_accepted(evidence)
    if consumer and consumer.is_bare:
        wait = "await " if consumer.is_async else ""
        return Explanation(
            "websocket_connect() ended without accepting, so the browser waits for an answer that "
            "never comes. "
            f'Answer it: {wait}self.send({{"type": "websocket.accept"}})',
            consumer.where(consumer.methods.get("websocket_connect")),
        )


@rule
def accept_not_reached(evidence):
    consumer = never_accepted(evidence)
    if consumer is None or consumer.is_bare or "accept" in consumer.methods:
        return None
    for name in ("websocket_connect", "connect"):
        for call in consumer.calls("accept", name):
            return Explanation(
                f"{name}() ended without accepting: accept() is here, and this line was not "
                "reached. Look at what comes before it: an if, a return, an except.",
                consumer.where(call),
            )


@rule
def websocket_connect_does_not_accept(evidence):
    consumer = never_accepted(evidence)
    method = consumer and not consumer.is_bare and consumer.methods.get("websocket_connect")
    calls = consumer.calls("accept", "websocket_connect") if method else ()
    if method and "connect" not in consumer.methods and not calls:
        return Explanation(
            "websocket_connect() is overridden and does not accept any more. "
            "Override connect(self) instead, or call super().websocket_connect(message).",
            consumer.where(method),
        )


@rule
def not_accepted(evidence):
    consumer = never_accepted(evidence)
    if consumer is None or consumer.is_bare:
        return None
    method = consumer.methods.get("connect")
    overridden = "websocket_connect" in consumer.methods
    if consumer.calls("accept", "connect") or overridden and method is None:
        return None
    accept = "await self.accept()" if consumer.is_async else "self.accept()"
    return Explanation(
        "connect() ended without accepting, so the browser waits for an answer that never comes. "
        f"End connect() with {accept}",
        consumer.where(method),
    )


def never_accepted(evidence):
    """The consumer that had ended its handshake with no answer to the browser."""
    ended = evidence.saw(Unanswered) and evidence.events(LeftUnanswered)
    return evidence.consumer if ended and evidence.begun("websocket.connect") else None


def stopped_in_connect(evidence):
    """The consumer that ended itself at the handshake, with StopConsumer."""
    ended = evidence.saw_only(Unanswered) and evidence.events(Ended, error=None)
    for consumer in evidence.consumers if ended and evidence.events(ConsumerMade) else ():
        if "StopConsumer" in ast.unparse(consumer.methods.get("connect") or ast.Pass()):
            return consumer
    return None


@rule
def stopped_before_accepting(evidence):
    for consumer in filter(None, [stopped_in_connect(evidence)]):
        for node in ast.walk(consumer.methods["connect"]):
            if isinstance(node, ast.Raise) and "StopConsumer" in ast.unparse(node):
                return Explanation(
                    "StopConsumer ended the consumer in connect(), before it answered the browser. "
                    "To let it in, call self.accept(); to refuse it, self.close().",
                    consumer.where(node),
                )


# Refused


@rule
def refused_in_connect(evidence):
    """403 from the consumer itself, which was reached."""
    how, where, condition = refusal(evidence)
    if how:
        because = f"It does so here because of `{condition}`. " if condition else ""
        return Explanation(
            f"The server answered HTTP 403: the consumer turned the browser away, with {how}. "
            f"{because}To let it in: {evidence.call_for(where, 'self.accept', '')}",
            where,
        )


def refusal(evidence):
    """How a consumer refused the browser, where, and under which condition; None where none did."""
    if evidence.status != 403 or not evidence.saw(Refused) or evidence.denied_for_origin:
        return None, None, None
    closes, consumer = evidence.sent("websocket.close"), evidence.consumer
    calls = consumer.calls("close", "connect") if consumer else []
    raised = [n for n in consumer.nodes(ast.Raise) if "Deny" in ast.unparse(n)] if consumer else []
    if not closes and not calls and not raised:
        return None, None, None
    where = evidence.place(closes[0]) if closes and not raised else None
    where = where or (consumer.where((raised or calls or [None])[0]) if consumer else None)
    how = "DenyConnection" if raised else "close() before accept()"
    return how, where, condition_at(evidence.project.source_at(where), where)


def condition_at(source, where):
    """The innermost `if`, or its else, in which the place is."""
    found = None
    for node in source.nodes(ast.If) if source else ():
        for branch, word in ((node.body, "if"), (node.orelse, "if not")):
            if any(child.lineno <= where.line <= child.end_lineno for child in branch):
                test = ast.unparse(node.test)
                found = f"{word} {test}" if word == "if" or "." in test else f"if not ({test})"
    return found


@advice(needs="chat")
def close_without_return(evidence):
    """The socket is refused under a condition, and what follows is done all the same."""
    for consumer in evidence.consumers:
        body = getattr(consumer.methods.get("connect"), "body", [])
        for statement in body[:-1]:
            if isinstance(statement, ast.If) and not statement.orelse:
                last = statement.body[-1]
                value = getattr(last, "value", None)
                call = getattr(value, "value", value)  # without its await
                closes = isinstance(last, ast.Expr) and isinstance(call, ast.Call)
                if closes and on_self(call.func) and call.func.attr == "close":
                    return Explanation(
                        "close() does not end connect(): "
                        "the lines below are run for a browser that was refused, too. "
                        "Write return after it.",
                        consumer.where(last),
                    )


# Around the handshake


@rule(raised=r"no attribute 'handshake_deferred'")
def accepted_twice(evidence, error):
    for found in middlewares(evidence.project):
        for node in found.constants("websocket.accept"):
            return Explanation(
                f"{found.name} accepts the WebSocket, and the consumer accepts it again. The "
                "handshake can be answered once: leave it to the consumer.",
                found.where(node),
            )
    accepts = evidence.sent("websocket.accept")
    return Explanation(
        "accept() was called twice for one socket. "
        "The handshake can be answered once: keep one self.accept() in connect().",
        evidence.where(error) or (evidence.place(accepts[-1]) if accepts else None),
    )


@rule(raised=r"Socket has not been accepted, so cannot send over it")
def sent_before_accept(evidence, error):
    sends = evidence.sent("websocket.send")
    return Explanation(
        "Something was sent to the browser before the socket was accepted. "
        "In connect(), call self.accept() first; "
        "a message to the group comes back to the sender too.",
        evidence.where(error) or (evidence.place(sends[0]) if sends else None),
    )


@rule
def subprotocol_not_offered(evidence):
    """RFC 6455, section 4.2.2: a server chooses among what the browser offered. Daphne breaks the
    handshake off, and logs nothing."""
    accepted = evidence.sent("websocket.accept")
    if not evidence.saw(Unanswered) or evidence.errors or not accepted:
        return None
    for consumer in evidence.consumers:
        for call in consumer.calls("accept"):
            if call.args or any(word.arg == "subprotocol" for word in call.keywords):
                return Explanation(
                    "accept() names a subprotocol here, and the browser had offered none: "
                    "the handshake was broken off. Write accept() without it.",
                    consumer.where(call),
                )


@rule(raised=r"Attempt to send on a closed protocol|after sending 'websocket.close'")
def sent_after_close(evidence, error):
    closes = evidence.sent("websocket.close")
    if closes:
        return Explanation(
            "self.send() was called after self.close(): nothing can follow a close. "
            "Remove the close(), or return after it.",
            evidence.where(error) or evidence.place(closes[0]),
        )
