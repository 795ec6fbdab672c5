"""The consumer as Channels meets it: its base class, its methods, the handshake, what holds it."""

import ast

from checks.diagnoses.asgi import denied
from workshop.checking.events import Handled, Handles, LayerCall, LeftUnanswered
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Flooded, Refused, Silent, StillRunning, Unanswered

SIGNATURES = {
    "connect": "connect(self)",
    "receive": "receive(self, text_data=None, bytes_data=None)",
    "disconnect": "disconnect(self, close_code)",
    "receive_json": "receive_json(self, content, **kwargs)",
    "websocket_connect": "websocket_connect(self, message)",
    "websocket_receive": "websocket_receive(self, message)",
    "websocket_disconnect": "websocket_disconnect(self, message)",
}


# The kind of consumer and its methods


@rule
def wrong_base_class(evidence):
    found = evidence.error(r"No handler for message type websocket\.(connect|receive|disconnect)")
    if found is None:
        return None
    kind = found.message.rpartition(".")[2]
    consumer = evidence.consumers[0] if evidence.consumers else None
    if consumer and any(name.startswith("websocket_") for name in consumer.methods):
        return Explanation(
            f"Channels found no method websocket_{kind} in {consumer.name}, which handles the "
            "WebSocket's events by itself. Write it, or derive the class from "
            "AsyncWebsocketConsumer, which has it.",
            consumer.where(),
        )
    return Explanation(
        f"Channels found no method websocket_{kind}. Derive the class from AsyncWebsocketConsumer "
        "(in channels.generic.websocket), which has it and calls your connect, receive and "
        "disconnect.",
        consumer.where() if consumer else None,
    )


@rule
def wrong_signature(evidence):
    """A handler that cannot take what Channels gives it: Channels' own line could not call it."""
    found = evidence.error(
        r"TypeError: (?:[\w.<>]+\.)?(?:websocket_)?(connect|receive|disconnect|receive_json)\(\) "
        r"(takes|got an unexpected keyword argument|missing|got multiple values)"
    )
    if found is None or not found.frames or evidence.is_theirs(found.frames[-1].file):
        return None
    name = found.message.split("(")[0].rpartition(".")[2]
    consumer = next((c for c in evidence.consumers if name in c.methods), None)
    if name == "receive" and consumer and consumer.is_json:
        advice = "A Json consumer decodes for you and calls receive_json(self, content): rename it."
    else:
        advice = f"Write it as {SIGNATURES[name]}."
    return Explanation(
        f"Channels could not call {name}: {found.message.split('. Did you')[0]}. {advice}",
        consumer.where(consumer.methods[name]) if consumer else evidence.where(found),
    )


@rule
def init_of_consumer(evidence):
    """__init__ runs before Channels has given the object anything."""
    found = (
        evidence.error(r"TypeError: 'NoneType' object is not iterable")
        or evidence.error(r"TypeError: [\w.]*__init__\(\) (missing|takes|got an unexpected)")
        or evidence.error(r"has no attribute '(scope|channel_layer|channel_name|base_send)'")
    )
    if found is None:
        return None
    for consumer in evidence.consumers:
        init = consumer.methods.get("__init__")
        where = evidence.where(found)
        in_init = where and init and consumer.method_at(where) is init
        in_channels = "groups" in (found.frames[-1].code if found.frames else "")
        if init and (in_init or in_channels or "__init__" in found.message):
            return Explanation(
                f"{consumer.name} has an __init__, which runs before Channels has given the object "
                "its scope, channel_name and channel_layer. Move what it does to connect().",
                consumer.where(init),
            )


@rule
def two_copies_of_a_method(evidence):
    """The second definition of a method replaces the first."""
    if not evidence.saw(Silent, Unanswered) or evidence.errors:
        return None
    for consumer in evidence.consumers:
        for _, part in consumer.parts:
            seen = set()
            for child in part.body:
                name = getattr(child, "name", None)
                replaced = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                if replaced and name in seen and not child.decorator_list:
                    return Explanation(
                        f"{name} is defined twice in this class, and the second one, here, "
                        "replaces the first. Make one of the two.",
                        consumer.where(child),
                    )
                seen |= {name} if replaced else set()


# The handshake


@rule
def not_accepted(evidence):
    """connect() came to its end, and nobody accepted."""
    if not evidence.saw(Unanswered) or not evidence.events(LeftUnanswered):
        return None
    consumer = next(iter(evidence.consumers), None)
    if consumer is None:
        return None
    accept = "await self.accept()" if consumer.is_async else "self.accept()"
    if consumer.is_bare:
        wait = "await " if consumer.is_async else ""
        return Explanation(
            "websocket_connect() ended without accepting, so the browser waits for an answer that "
            f'never comes. Answer it: {wait}self.send({{"type": "websocket.accept"}})',
            consumer.where(consumer.methods.get("websocket_connect")),
        )
    name = "websocket_connect" if "websocket_connect" in consumer.methods else "connect"
    method = consumer.methods.get("connect") or consumer.methods.get(name)
    accepts = [call for n in ("connect", name) for call in consumer.calls("accept", n)]
    if accepts:
        return Explanation(
            f"{name}() ended without accepting: accept() stands here, and this line was not "
            "reached. Look at what comes before it: an if, a return, an except.",
            consumer.where(accepts[0]),
        )
    if name == "websocket_connect" and "connect" not in consumer.methods:
        return Explanation(
            "websocket_connect() is overridden and nobody accepts any more. Override connect(self) "
            "instead, or call super().websocket_connect(message).",
            consumer.where(method),
        )
    return Explanation(
        "connect() ended without accepting, so the browser waits for an answer that never comes. "
        f"End connect() with {accept}",
        consumer.where(method),
    )


@rule
def refused_in_connect(evidence):
    """403 from the consumer itself, which was reached."""
    if evidence.status != 403 or not evidence.saw(Refused) or denied(evidence):
        return None
    closes = evidence.sent("websocket.close")
    consumer = next(iter(evidence.consumers), None)
    calls = consumer.calls("close", "connect") if consumer else []
    raised = [n for n in consumer.nodes(ast.Raise) if "Deny" in ast.unparse(n)] if consumer else []
    if closes or calls or raised:
        where = evidence.place(closes[0]) if closes and not raised else None
        where = where or (consumer.where((raised or calls or [None])[0]) if consumer else None)
        source = evidence.project.source_at(where)
        condition = _condition(source, where)
        because = f" It does so here because of `{condition}`." if condition else ""
        return Explanation(
            "The server answered HTTP 403: the consumer turned the browser away, with close() "
            f"before accept().{because} To let it in, call self.accept().",
            where,
        )


def _condition(source, where):
    """The `if` in whose body the place is."""
    for node in source.nodes(ast.If) if source else ():
        if any(child.lineno <= where.line <= child.end_lineno for child in node.body):
            return f"if {ast.unparse(node.test)}"
    return None


@rule
def user_not_in_scope(evidence):
    found = evidence.error(r"^KeyError: '(user|session|cookies|subprotocol)'")
    where = found and evidence.where(found)
    source = evidence.project.source_at(where)
    if source and "scope" in source.line(where.line):
        key = found.message.strip("'")
        return Explanation(
            f"The scope has no {key!r}: that is put there by AuthMiddlewareStack. In asgi.py, wrap "
            "the routes: AuthMiddlewareStack(URLRouter(websocket_urlpatterns)).",
            where,
        )


@rule
def accepted_twice(evidence):
    found = evidence.error(r"no attribute 'handshake_deferred'")
    if found:
        accepts = evidence.sent("websocket.accept")
        return Explanation(
            "accept() was called twice for one socket. The handshake can be answered once: keep "
            "one self.accept() in connect().",
            evidence.where(found) or (evidence.place(accepts[-1]) if accepts else None),
        )


@rule
def sent_before_accept(evidence):
    found = evidence.error(r"Socket has not been accepted, so cannot send over it")
    if found:
        sends = evidence.sent("websocket.send")
        return Explanation(
            "Something was sent to the browser before the socket was accepted. In connect(), call "
            "self.accept() first; a message to the group comes back to the sender too.",
            evidence.where(found) or (evidence.place(sends[0]) if sends else None),
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
                    "accept() names a subprotocol here, and the browser had offered none: the "
                    "handshake was broken off. Write self.accept() without it.",
                    consumer.where(call),
                )


@rule
def sent_after_close(evidence):
    found = evidence.error(r"Attempt to send on a closed protocol|after sending 'websocket.close'")
    closes = evidence.sent("websocket.close")
    if found and closes:
        return Explanation(
            "self.send() was called after self.close(): nothing can follow a close. Take the "
            "close() away, or return after it.",
            evidence.where(found) or evidence.place(closes[0]),
        )


# Stuck


@rule
def blocked(evidence):
    """A line of the attendee's that holds the thread, or waits, when the answer is overdue."""
    if not evidence.saw(Silent, Unanswered, StillRunning, Refused) or not evidence.stuck:
        return None
    what, where = evidence.stuck
    if evidence.saw(Refused) and what != "thread":
        return None
    source = evidence.project.source_at(where)
    line = source.line(where.line) if source else ""
    if what == "thread" and sum(evidence.place(e) == where for e in evidence.events(LayerCall)) > 1:
        return None  # it comes by this line again and again, and lets others go on between
    if what == "task" and not _in_a_handler(evidence, where):
        return None  # a task of its own, which nobody waits for
    seen = f"While the browser waited, the server was still at this line: {line}"
    if what == "thread":
        return Explanation(
            f"{seen}\n"
            "It holds its thread, and nobody else gets a turn meanwhile. Wait with await "
            "(asyncio.sleep instead of time.sleep), and give every loop an end.",
            where,
        )
    return Explanation(f"{seen}\nThe consumer cannot go on before that has ended.", where)


def _in_a_handler(evidence, where):
    """Whether a consumer has begun to handle something that it has not ended."""
    return len(evidence.events(Handles)) > len(evidence.events(Handled))


@rule
def flooding(evidence):
    if evidence.saw(Flooded):
        sends = evidence.sent("websocket.send")
        return Explanation(
            "The consumer sends without end: thousands of frames came back for one message. Look "
            "for a loop around self.send(), or a handler that sends to its own group.",
            evidence.place(sends[-1]) if sends else None,
        )


@rule(raised=r"HTTPConnectionPool\(host='(?:127\.0\.0\.1|localhost)', port=\d+\): Read timed out")
def asked_its_own_server(evidence, error):
    """A blocking request that timed out, made by the server that should have answered it."""
    return Explanation(
        "This line asked a server over HTTP and waited for the answer, and it was its own server, "
        "which can do nothing meanwhile. Call the function that makes the answer instead.",
        evidence.where(error),
    )
