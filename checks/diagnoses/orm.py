"""Querysets and transactions in asynchronous code, and fields that a model doesn't have."""

import ast

from workshop.checking.explaining.edits import instead, made_async, made_plain, unwrapped
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"TypeError: object (\w*QuerySet) can't be used in 'await' expression")
def queryset_awaited(evidence, error, kind):
    where = evidence.where(error)
    changes = []
    for loop in evidence.nodes_at(where, ast.For, ast.AsyncFor):
        if isinstance(loop.iter, ast.Await):
            changes.append(instead(loop.iter, evidence.code_at(where, loop.iter.value)))
            changes += [made_async(loop)] if isinstance(loop, ast.For) else []
    return Explanation(
        "A queryset is not awaited: building one asks the database nothing yet. What asks is "
        "awaited, such as `await queryset.afirst()`, or runs in `async for message in queryset:`.",
        where,
        evidence.suggest(where, *changes),
    )


@rule(
    needs="history",
    raised=r"TypeError: 'async for' requires an object with __aiter__ method, got (\w+)",
)
def not_iterated_asynchronously(evidence, error, kind):
    where = evidence.where(error)
    loops = evidence.nodes_at(where, ast.AsyncFor)
    awaited = [loop for loop in loops if isinstance(loop.iter, ast.Await)]
    return Explanation(
        f"`async for` goes over a queryset, but this is a {kind}. Write `async for message in "
        "Message.objects.filter(…):`, without await; or, over an awaited list, a plain `for`.",
        where,
        evidence.suggest(where, *map(made_plain, awaited)),
    )


@rule(
    raised=r"TypeError: 'Atomic' object does not support the asynchronous context manager protocol"
)
def transaction_in_asynchronous_code(evidence, error):
    where = evidence.where(error)
    blocks = [
        block
        for block in evidence.nodes_at(where, ast.AsyncWith)
        if len(block.items) == len(block.body) == 1
    ]
    source = evidence.project.source_at(where)
    return Explanation(
        "Django has no asynchronous transactions: transaction.atomic() works in plain functions "
        "only. Move the block into one, and `await database_sync_to_async(function)()`. One query "
        "alone, such as aget_or_create(), needs none.",
        where,
        evidence.suggest(where, *(unwrapped(source, block) for block in blocks)),
    )


@rule(raised=r"FieldError: Cannot resolve keyword '(\w+)' into field\. Choices are: (.+)")
def field_unknown_in_query(evidence, error, name, choices):
    return _unknown(evidence, error, name, choices.split(", "))


@rule(raised=r"FieldError: Invalid field name\(s\) for model (\w+): '(\w+)'")
def field_unknown_in_defaults(evidence, error, model, name):
    return _unknown(evidence, error, name, [])


@rule(raised=r"TypeError: (\w+)\(\) got unexpected keyword arguments: '(\w+)'")
def field_unknown_in_model(evidence, error, model, name):
    return _unknown(evidence, error, name, [])


def _unknown(evidence, error, name, choices):
    where = evidence.where(error)
    known = f" It has {', '.join(choices)}." if choices else " Its fields are in models.py."
    return Explanation(f"The model has no field called {name!r}.{known}", where)
