"""A browser leaves, or the consumer ends the conversation."""

import ast

from workshop.checking.events import Ended, Handled
from workshop.checking.explaining.edits import below, imported, removed
from workshop.checking.explaining.nodes import mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Crashed, Silent, StillRunning


@rule
def never_stops(evidence):
    """The consumer was told that its browser left, has handled that, and goes on."""
    left = len(evidence.events(Handled, type="websocket.disconnect"))
    if not evidence.saw(StillRunning) or not left:
        return None
    consumer = evidence.consumer
    method = consumer and consumer.methods.get("websocket_disconnect")
    if consumer and consumer.is_bare:
        code, line = "raise StopConsumer()", "from channels.exceptions import StopConsumer"
        base = "An AsyncConsumer" if consumer.is_async else "A SyncConsumer"
        said = f"{base} does not stop by itself. End websocket_disconnect() with `{code}`"
        also = f", and write `{line}` at the top of the file"
    elif method:
        code, line = _super(method), ""
        said = "websocket_disconnect() is overridden and never ends the consumer."
        also = f" End it with `{code}`, or override disconnect(self, close_code) instead"
    else:
        return None
    where = consumer.where(method)
    edits = _at_the_end(evidence, where, method, code, line) if method else ()
    return Explanation(f"{said}{also}.", where, evidence.suggest(where, *edits))


def _super(method):
    """The call that does what the method did before it was overridden."""
    wait = "await " if isinstance(method, ast.AsyncFunctionDef) else ""
    return f"{wait}super().{method.name}({', '.join(a.arg for a in method.args.args[1:])})"


def _at_the_end(evidence, where, method, code, line):
    source = evidence.project.source_at(where)
    if isinstance(method.body[-1], ast.Return | ast.Raise):
        return []
    return [below(method.body[-1], code), *(imported(source, line) if line else ())]


@rule
def closed_by_the_consumer(evidence):
    """The consumer itself sent the close."""
    closes = evidence.sent("websocket.close")
    if evidence.saw_only(Closed) and closes:
        where = evidence.place(closes[0]) or evidence.mention("close")
        edit = without_line(evidence, where, "close")
        also = (
            ", with the `if` that has nothing else in it" if edit and edit.line < where.line else ""
        )
        return Explanation(
            f"The consumer closed the socket itself, here. Remove this self.close(){also}: a "
            "conversation goes on until the browser leaves.",
            where,
            edit,
        )


def without_line(evidence, where, name):
    """The edit that removes the statement at the place that does nothing but this, which it
    names."""
    source = evidence.project.source_at(where)
    found = [n for n in evidence.nodes_at(where, ast.Expr, ast.Raise) if mentions(n, name)]
    return evidence.suggest(where, removed(source, found[0])) if len(found) == 1 else None


@rule
def stopped_by_the_consumer(evidence):
    """The consumer's application ended without an exception while its browser was there: the
    socket was closed, or stays open with nobody behind it."""
    left = evidence.begun("websocket.disconnect")
    cut = evidence.saw_only(Closed) or (evidence.saw_only(Silent) and not left)
    where = evidence.mention("StopConsumer")
    if cut and where and evidence.events(Ended, error=None):
        bare = evidence.consumer and evidence.consumer.is_bare
        ends = "at the end of websocket_disconnect()" if bare else "by itself"
        return Explanation(
            "StopConsumer ended the consumer while its browser was still there. Remove this line: "
            f"the consumer ends {ends}, when its browser leaves.",
            where,
            without_line(evidence, where, "StopConsumer"),
        )


@rule
def crash_on_leaving(evidence):
    if not evidence.saw(Crashed) or not evidence.errors:
        return None
    found = evidence.errors[-1]
    where = evidence.where(found)
    said = f"When the browser left, the consumer raised {found.text.rstrip('.')}."
    raises = [n for n in evidence.nodes_at(where, ast.Raise) if evidence.raised_by_them(found)]
    if raises:
        advice = "Nobody is left to see it: remove this `raise`."
    else:
        advice = "Fix that line, or remove it: disconnect() must end without an exception."
    edits = [removed(evidence.project.source_at(where), node) for node in raises[:1]]
    return Explanation(f"{said} {advice}", where, evidence.suggest(where, *edits))
