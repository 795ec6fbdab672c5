"""The handshake: accepted, refused or never answered; and what is sent before or after it."""

import ast

from workshop.checking.events import ConsumerMade, Ended, LeftUnanswered
from workshop.checking.explaining.edits import ended_with, instead
from workshop.checking.explaining.nodes import is_call, on_self
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.failures import Refused, Unanswered

# connect() came to its end without an answer


@rule
def bare_consumer_never_accepts(evidence):
    consumer = never_accepted(evidence)
    if consumer and consumer.is_bare:
        wait = "await " if consumer.is_async else ""
        return _ends_without_accepting(
            evidence,
            consumer,
            "websocket_connect",
            f'{wait}self.send({{"type": "websocket.accept"}})',
        )


def _ends_without_accepting(evidence, consumer, name, accept):
    method = consumer.methods.get(name)
    where = consumer.where(method)
    elsewhere = consumer.calls("accept")  # in a helper that was not called, or not that far
    return Explanation(
        f"{name}() ended without accepting, so the browser waits for an answer that never comes. "
        f"End {name}() with\n    {accept}",
        where,
        evidence.suggest(where, *ended_with(method, accept)) if method and not elsewhere else None,
    )


@rule
def accept_not_reached(evidence):
    consumer = never_accepted(evidence)
    if consumer is None or consumer.is_bare or "accept" in consumer.methods:
        return None
    for name in ("websocket_connect", "connect"):
        for call in consumer.calls("accept", name):
            where = consumer.where(call)
            condition = condition_at(evidence.project.source_at(where), where)
            if condition:
                why = f"it is called only under `{condition}`. Call it for every browser, or reject"
                why += f" the others with `{evidence.call_for(where, 'self.close', '')}`"
            else:
                why = "this line was not reached. Look for a return or an except above it."
            return Explanation(
                f"{name}() ended without accepting. accept() is here, but {why}", where
            )


@rule
def websocket_connect_does_not_accept(evidence):
    consumer = never_accepted(evidence)
    method = consumer and not consumer.is_bare and consumer.methods.get("websocket_connect")
    calls = consumer.calls("accept", "websocket_connect") if method else ()
    if method and "connect" not in consumer.methods and not calls:
        message = method.args.args[-1].arg
        wait = "await " if consumer.is_async else ""
        code = f"{wait}super().websocket_connect({message})"
        where = consumer.where(method)
        return Explanation(
            "The base class accepts the browser in its own websocket_connect(), which this one "
            f"replaces. End it with\n    {code}",
            where,
            evidence.suggest(where, *ended_with(method, code)),
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
    return _ends_without_accepting(evidence, consumer, "connect", accept)


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
                where = consumer.where(node)
                accept = evidence.call_for(where, "self.accept", "")
                close = evidence.call_for(where, "self.close", "")
                in_any_case = node in consumer.methods["connect"].body
                return Explanation(
                    "StopConsumer ended the consumer in connect(), "
                    "before it answered the browser. "
                    f"To accept it, write `{accept}` here; to reject it, `{close}`.",
                    where,
                    evidence.suggest(where, instead(node, accept)) if in_any_case else None,
                )


# Refused


@rule
def refused_in_connect(evidence):
    """403 from the consumer itself, which was reached."""
    how, where, condition = refusal(evidence)
    if how:
        because = f"It does so here because of `{condition}`. " if condition else ""
        accept = evidence.call_for(where, "self.accept", "")
        statements = evidence.nodes_at(where, ast.Expr, ast.Raise)
        accepts = any(consumer.calls("accept", "connect") for consumer in evidence.consumers)
        certain = statements and not condition and not accepts
        return Explanation(
            f"The consumer rejected the connection, with {how}. "
            f"{because}To accept it, write `{accept}` instead.",
            where,
            evidence.suggest(where, instead(statements[-1], accept)) if certain else None,
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
                if is_call(last) and on_self(call.func) and call.func.attr == "close":
                    return Explanation(
                        "close() does not end connect(): the lines below it "
                        "also run for a browser that was rejected. "
                        "Add a return after it.",
                        consumer.where(last),
                    )
