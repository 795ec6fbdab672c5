"""Coroutines that were never awaited, and methods that were never called.

Both stay silent under Daphne (daphne issue 352), so they are asked for before anything that
explains silence.
"""

import ast

from checks.diagnoses.bridges import BRIDGES, NO_BRIDGE_HERE
from workshop.checking.events import NeverAwaited
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.failures import Closed, EndedByException, Refused


@rule
def async_method_in_sync_consumer(evidence):
    """Channels called the learner's method, and its base class does not await it."""
    name, where = _never_awaited(evidence)
    consumer = evidence.project.consumer_with(name)
    if where is None and consumer and not consumer.is_async:
        base = next((base for base in consumer.bases if base.endswith("Consumer")), "its base")
        return Explanation(
            f"{name} is `async def`, but {base} is a synchronous consumer and only calls it, "
            "so it never ran. "
            f"Derive the class from Async{base.removeprefix('Sync')}, or write plain `def` "
            "throughout.",
            consumer.where(consumer.methods[name]),
        )


@rule(advises=True)
def async_method_called_in_plain_def(evidence):
    name, where = _never_awaited(evidence)
    consumer, method = evidence.project.consumer_at(where), evidence.project.method_at(where)
    if isinstance(method, ast.FunctionDef) and name in consumer.methods:
        return Explanation(
            f"{name} is `async def`, and {method.name}, which calls it, is a plain `def`: "
            "the call only prepared it. "
            f"Write both alike, as the base class {consumer.bases[0]} wants it.",
            where,
        )


@rule(advises=True)
def async_to_sync_forgotten(evidence):
    name, where = _never_awaited(evidence)
    consumer, method = evidence.project.consumer_at(where), evidence.project.method_at(where)
    if isinstance(method, ast.FunctionDef) and name not in consumer.methods:
        return Explanation(
            f"{name}() of the channel layer is a coroutine, and this function is synchronous: "
            "it made the coroutine and never ran it. "
            f"Write async_to_sync(…{name})(…).",
            where,
        )


@rule(advises=True)
def never_awaited(evidence):
    """`self.send(...)` without `await`: Python's warning, which Daphne swallows."""
    name, where = _never_awaited(evidence)
    if where is None or isinstance(evidence.project.method_at(where), ast.FunctionDef):
        return None
    if any(last_name(call.func) in BRIDGES for call in evidence.nodes_at(where, ast.Call)):
        return Explanation(f"{NO_BRIDGE_HERE}: await …{name}(…)", where)
    for call in evidence.nodes_at(where, ast.Call) if name == "__call__" else ():
        name = last_name(call.func) or name  # an object that is called, as sync_to_async makes one
    return Explanation(
        f"{name}(…) was called without await. "
        "That only prepares the call: nothing of it has run. "
        "Write `await` in front of it.",
        where,
    )


def _never_awaited(evidence):
    """The last name of the first coroutine that explains the failure, and the learner's line that
    made it: None where Channels did. After a pass, of the first that a line of theirs made."""
    for event in evidence.events(NeverAwaited):
        name, where = event.coroutine.rpartition(".")[2], evidence.place(event)
        if where if evidence.failure is None else _explains(evidence, name, where):
            return name, where
    return None, None


def _explains(evidence, name, where):
    """Whether it can be why the check failed. An exception explains what it ends by itself,
    unless it complains of the coroutine; and what happens at the end explains no silence."""
    complained = any("coroutine" in error.message for error in evidence.errors)
    if evidence.saw(Closed, Refused, EndedByException) and evidence.errors and not complained:
        return False
    method = evidence.project.method_at(where)
    name = method.name if method else name
    in_a_consumer = method or name in ("disconnect", "websocket_disconnect")
    return not evidence.teaches("chat") or not in_a_consumer or evidence.in_question(name)


@rule(needs="chat")
def not_called(evidence):
    """`self.accept` on a line of its own: it names the method and does nothing."""
    for consumer in evidence.consumers if not evidence.errors else ():
        for statement in consumer.nodes(ast.Expr):
            named, where = statement.value, consumer.where(statement)
            method = consumer.method_at(where)
            if isinstance(named, ast.Attribute) and evidence.in_question(method and method.name):
                wait = "await " if evidence.project.is_async_at(where) else ""
                arguments = "()" if named.attr in ("accept", "close") else "(…)"
                return Explanation(
                    f"{ast.unparse(named)} is named here but not called. "
                    f"Add the parentheses: {wait}{ast.unparse(named)}{arguments}",
                    where,
                )
