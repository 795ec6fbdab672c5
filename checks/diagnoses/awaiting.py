"""`await` before what cannot be awaited."""

import ast
import re

from checks.diagnoses.bridges import bridged_at
from workshop.checking.events import Handles
from workshop.checking.explaining.asynchronous import made_asynchronous, plain_methods
from workshop.checking.explaining.callers import takes_nothing
from workshop.checking.explaining.consumer import handler_name
from workshop.checking.explaining.edits import after, instead
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.suggestion import suggest

NOT_AWAITABLE = r"TypeError: object (\w+) can't be used in 'await' expression"
NOT_CALLED = (
    "method",
    "function",
    "builtin_function_or_method",
    "SyncToAsync",
    "DatabaseSyncToAsync",
)


@rule(needs="chat", raised=NOT_AWAITABLE)
def sync_method_in_async_consumer(evidence, error, kind):
    """Channels awaited the learner's method, and it had run already: the last line of the
    traceback is Channels' own."""
    if not error.frames or evidence.raised_by_them(error):
        return None
    name = awaited_by_channels(evidence, error)
    for consumer in evidence.consumers:
        method = consumer.methods.get(name)
        if isinstance(method, ast.FunctionDef):
            where = consumer.where(method)
            source = evidence.project.source_at(where)
            write, changes = made_asynchronous(source, plain_methods(consumer, method))
            return Explanation(
                f"{name} is a plain `def`, but {consumer.name} is asynchronous, and Channels "
                f"awaits it. Write {write}.",
                where,
                suggest(source, *changes),
            )


@rule(raised=r"TypeError: object async_generator can't be used in 'await' expression")
def method_yields(evidence, error):
    """An `async def` with a yield in it makes a generator when it is called, and does nothing."""
    name = awaited_by_channels(evidence, error)
    for consumer in evidence.consumers:
        method = consumer.methods.get(name)
        for node in ast.walk(method or ast.Pass()):
            if isinstance(node, ast.Yield):
                where = consumer.where(node)
                code = f"await {evidence.code_at(where, node.value)}" if node.value else ""
                return Explanation(
                    f"With a `yield` in it, {name}() only makes a generator, and none of its lines "
                    "runs. " + (f"Write `{code}`." if code else "Remove the yield."),
                    where,
                    evidence.suggest(where, instead(node, code)) if code else None,
                )
    return None


def awaited_by_channels(evidence, error):
    """The name of the method that Channels' line awaits."""
    named = re.search(r"\b(encode_json|decode_json)\b", error.code) or re.search(
        r"await self\.(\w+)\(", error.code
    )
    began = [event.type or "" for event in evidence.events(Handles)]
    if named is None and "handler(" in error.code and began:
        return handler_name(began[-1])
    return named and named[1]


@rule(raised=r"object (?:method|function|builtin_function_or_method) can't be used in")
def awaited_without_a_call(evidence, error):
    where = evidence.where(error)
    named = [
        node.value
        for node in evidence.nodes_at(where, ast.Await)
        if not isinstance(node.value, ast.Call)
    ]
    if named:
        code = evidence.project.source_at(where).code(named[0])
        sure = len(named) == 1 and takes_nothing(evidence.project, named[0])
        return Explanation(
            f"{code} is named here but not called. Write `await {code}({'' if sure else '…'})`.",
            where,
            evidence.suggest(where, after(named[0], "()")) if sure else None,
        )


@rule(raised=NOT_AWAITABLE)
def awaited_what_cannot_wait(evidence, error, kind):
    if not evidence.raised_by_them(error) or kind in NOT_CALLED:
        return None
    where = evidence.where(error)
    awaits = evidence.nodes_at(where, ast.Await)
    if len(awaits) != 1 or not isinstance(awaits[0].value, ast.Call):
        got = "None" if kind == "NoneType" else f"a value of type {kind}"
        return Explanation(
            f"`await` needs a coroutine, but was given {got}. "
            "What is called here is a plain function: call it without await.",
            where,
        )
    source = evidence.project.source_at(where)
    name = source.code(awaits[0].value.func)
    result = "returns nothing" if kind == "NoneType" else f"returns a value of type {kind}"
    return Explanation(
        f"{name}() is a plain function and {result}, so there is nothing to await. "
        "Remove this `await`.",
        where,
        evidence.suggest(where, instead(awaits[0], source.as_written(awaits[0].value))),
    )


@rule(
    raised=r"'coroutine' object (?:is not (?:iterable|callable|subscriptable)|has no attribute"
    r"|does not support|cannot be interpreted)"
    r"|TypeError: .*(?:'coroutine'|\(not \"coroutine\"\)|, coroutine found|not coroutine$)"
)
def coroutine_is_not_a_result(evidence, error):
    if "awaitable" in error.message or "JSON" in error.message or "serialize" in error.message:
        return None
    at = evidence.coroutine_used(error)
    if at.call is None:
        at = bridged_at(evidence, at.where)
    return Explanation(
        f"A coroutine is used as if it were its result: the call was not awaited. {at.to_run()}",
        at.where,
        at.suggestion,
    )


@rule(raised=r"^(?:asyncio\.)?TimeoutError$")
def wait_given_up(evidence, error):
    """asyncio.wait_for() and asyncio.timeout() cancel what they wait for, and that says where it
    was (https://docs.python.org/3/library/asyncio-task.html#timeouts)."""
    where = None if error.came_through("redis") else evidence.where(error)
    ended = [e for e in evidence.errors if e.chain == error.chain and e.name == "CancelledError"]
    frames = [frame for e in ended for frame in e.frames if evidence.is_theirs(frame.file)]
    at = f" It was still at line {frames[-1].line}: {frames[-1].code}" if frames else ""
    if where:
        return Explanation(
            "This wait timed out before what it waits for was done. "
            f"Allow more time, or make the work shorter.{at}",
            where,
        )
