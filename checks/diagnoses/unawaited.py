"""Coroutines that were never awaited, and methods that were never called.

Both stay silent under Daphne (daphne issue 352), so these rules come before any that explain
silence.
"""

import ast
from dataclasses import replace

from checks.diagnoses.bridges import NO_BRIDGE_HERE
from workshop.checking.events import Event, NeverAwaited, Raised
from workshop.checking.explaining.asynchronous import BRIDGES
from workshop.checking.explaining.consumer import SENDERS
from workshop.checking.explaining.edits import imported, instead, made_plain
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import (
    Changed,
    Closed,
    EndedByException,
    Flooded,
    Heard,
    HeardTwice,
    NotTheContract,
    Refused,
    Silent,
    StillInGroup,
    Unanswered,
)

NEVER_RAN = "was called but not awaited, so it never ran."
WAITS = (ast.Await, ast.AsyncWith, ast.AsyncFor)


@rule
def async_method_in_sync_consumer(evidence):
    """Channels called the learner's method, and its base class does not await it."""
    name, where = _never_awaited(evidence)
    consumer = evidence.project.consumer_with(name)
    if where is None and consumer and not consumer.is_async:
        base = next((base for base in consumer.bases if base.endswith("Consumer")), "its base")
        other = f"Async{base.removeprefix('Sync')}"
        method = consumer.methods[name]
        here = consumer.where(method)
        if not _waits(method):
            advice = f"Write plain `def {name}`: nothing in it is awaited."
            suggestion = evidence.suggest(here, made_plain(method))
        else:
            plain = [one for one in consumer.methods.values() if isinstance(one, ast.FunctionDef)]
            also = ", and write `async def` for the other methods, too" if plain else ""
            advice = f"Change {base} to {other}, in the import and in the class line{also}."
            suggestion = _derived_from(evidence, consumer, base, other)
        return Explanation(
            f"{name} is `async def`, but {base} is a synchronous consumer and only calls it, "
            f"so it never ran. {advice}",
            here,
            suggestion,
        )


def _waits(function):
    """Whether there is something in it that a plain function cannot have."""
    return any(isinstance(node, WAITS) for node in ast.walk(function))


def _derived_from(evidence, consumer, base, other):
    """The edit that gives the class the asynchronous base, where all its methods are `async def`:
    the others would have to be edited too."""
    own = [method for name, method in consumer.methods.items() if name != "__init__"]
    bases = [node for node in consumer.node.bases if last_name(node) == base]
    if len(bases) != 1 or any(isinstance(method, ast.FunctionDef) for method in own):
        return None
    source, changes = consumer.source, []
    if isinstance(bases[0], ast.Attribute):
        changes = [instead(bases[0], f"{source.code(bases[0].value)}.{other}")]
    else:
        module = source.imports.get(base, "").rpartition(".")[0]
        changes = [
            instead(bases[0], other),
            *imported(source, f"from {module} import {other}"),
        ]
    return evidence.suggest(consumer.where(), *changes)


@rule(advises=True)
def async_method_called_in_plain_def(evidence):
    name, where = _never_awaited(evidence)
    consumer, at = evidence.project.consumer_at(where), evidence.at(where, name)
    if consumer is None or name not in consumer.methods or not _is_plain(at):
        return None
    method = consumer.methods[name]
    if at.on_the_loop or _waits(method):
        advice, suggestion = at.to_run(), at.suggestion
    else:
        advice = f"Nothing in it is awaited: write plain `def {name}`."
        suggestion = evidence.suggest(consumer.where(method), made_plain(method))
    return Explanation(
        f"{name}() is `async def`, and {at.name}() calls it without awaiting it, so it never ran. "
        f"{advice}",
        where,
        suggestion,
    )


@rule(advises=True)
def async_to_sync_forgotten(evidence):
    name, where = _never_awaited(evidence)
    consumer, at = evidence.project.consumer_at(where), evidence.at(where, name)
    own = consumer.methods if consumer else ()
    if _is_plain(at) and name not in own and not at.on_the_loop:
        return Explanation(f"{name}() {NEVER_RAN} {at.to_run()}", where, at.suggestion)


@rule(advises=True)
def never_awaited(evidence):
    """`self.send(...)` without `await`: Python's warning, which Daphne swallows."""
    name, where = _never_awaited(evidence)
    at = evidence.at(where, name)
    own = at.consumer.methods if at.consumer else ()
    if where is None or _is_plain(at) and (name in own or not at.on_the_loop):
        return None
    bridges = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) in BRIDGES]
    if at.is_async and bridges:
        at = replace(at, whole=bridges[0]) if at.call in bridges[0].args else at
        return Explanation(f"{NO_BRIDGE_HERE} {at.to_run()}", where, at.suggestion)
    for call in evidence.nodes_at(where, ast.Call) if name == "__call__" else ():
        name = last_name(call.func) or name  # an object that is called, as sync_to_async makes one
    return Explanation(f"{name}() {NEVER_RAN} {at.to_run()}", where, at.suggestion)


def _is_plain(at):
    return isinstance(at.function, ast.FunctionDef)


def _never_awaited(evidence):
    """The last name of the first coroutine that explains the failure, and the learner's line that
    made it: None where Channels did. After a pass, of the first that a line of theirs made."""
    for program in evidence.programs:
        events = evidence.events_of(program, Event)
        for number, event in enumerate(events):
            if isinstance(event, NeverAwaited):
                name, where = event.coroutine.rpartition(".")[2], evidence.place(event)
                if evidence.failure is None:
                    explains = where is not None
                else:
                    explains = _explains(evidence, name, where, events[:number])
                if explains:
                    return name, where
    return None, None


def _explains(evidence, name, where, before):
    """Whether it can be why the check failed. An exception explains what it ends by itself, and
    what follows it, unless it complains of the coroutine; what was heard is explained only where it
    shows the coroutine; and what happens at the end explains no silence."""
    complained = any("coroutine" in error.message for error in evidence.errors)
    if evidence.errors and not complained:
        raised = evidence.saw(Closed, Refused, EndedByException)
        if raised or any(isinstance(event, Raised) for event in before):
            return False
    came = getattr(evidence.failure, "frame", getattr(evidence.failure, "heard", None))
    if evidence.saw(NotTheContract, Changed, HeardTwice, Flooded) and "coroutine" not in str(came):
        return False
    if evidence.saw(Silent, Unanswered, StillInGroup, Heard) and _is_harmless(
        evidence, name, where
    ):
        return False
    method = evidence.project.method_at(where)
    name = method.name if method else name
    in_a_consumer = method or name in ("disconnect", "websocket_disconnect")
    return not evidence.teaches("chat") or not in_a_consumer or evidence.in_question(name)


def _is_harmless(evidence, name, where):
    """Whether nothing would have been sent, joined or left by it: the call is a statement of its
    own, of a function of the learner's that does none of that, or of sleep(). A loop that should
    have waited holds up everything."""
    if evidence.nodes_at(where, ast.While):
        return False
    statements = [node.value for node in evidence.nodes_at(where, ast.Expr)]
    call = evidence.at(where, name).call
    if call not in statements or "super()" in ast.unparse(call.func):
        return False
    return name == "sleep" or not _may_send(evidence.project, name, set())


def _may_send(project, name, seen):
    """Whether the function, or one that it calls, sends, joins or leaves; what is not the
    learner's may."""
    functions = [
        node
        for source in project.sources
        for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if node.name == name
    ]
    named = {last_name(n) for f in functions for n in ast.walk(f)} - {None}
    if not functions or named & {*SENDERS, "accept", "close", "group_add", "group_discard"}:
        return True
    seen.add(name)
    own = {function for source in project.sources for function in source.functions}
    return any(_may_send(project, other, seen) for other in (named & own) - seen)


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
                code = f"{wait}{ast.unparse(named)}{arguments}"
                sure = arguments == "()"
                return Explanation(
                    f"{ast.unparse(named)} is named here but not called. "
                    f"Add the parentheses: `{code}`",
                    where,
                    evidence.suggest(where, instead(named, code)) if sure else None,
                )
