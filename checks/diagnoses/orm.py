"""Querysets and transactions in asynchronous code, and fields that a model doesn't have."""

from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=r"TypeError: object (\w*QuerySet) can't be used in 'await' expression")
def queryset_awaited(evidence, error, kind):
    return Explanation(
        "A queryset is not awaited: building one asks the database nothing yet. What asks is "
        "awaited, such as `await queryset.afirst()`, or runs in `async for message in queryset:`.",
        evidence.where(error),
    )


@rule(
    needs="history",
    raised=r"TypeError: 'async for' requires an object with __aiter__ method, got (\w+)",
)
def not_iterated_asynchronously(evidence, error, kind):
    return Explanation(
        f"`async for` goes over a queryset, but this is a {kind}. Write `async for message in "
        "Message.objects.filter(…):`, without await.",
        evidence.where(error),
    )


@rule(
    raised=r"TypeError: 'Atomic' object does not support the asynchronous context manager protocol"
)
def transaction_in_asynchronous_code(evidence, error):
    return Explanation(
        "Django has no asynchronous transactions: transaction.atomic() works in plain functions "
        "only. Move the block into one, and `await database_sync_to_async(function)()`. One query "
        "alone, such as aget_or_create(), needs none.",
        evidence.where(error),
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
