"""Plain methods in an asynchronous consumer, and coroutines that were never awaited.

Both stay silent under Daphne (daphne issue 352), so they are asked for before anything that
explains silence.
"""

import ast

from workshop.checking.diagnosing import Catalogue

catalogue = Catalogue()
diagnosis = catalogue.diagnosis

HANDLERS = ("connect", "receive", "disconnect", "receive_json")


@diagnosis("sync-method-in-async-consumer")
def _(evidence):
    if not evidence.error(r"object NoneType can't be used in 'await' expression"):
        return None
    for consumer in evidence.project.consumers:
        if not consumer.is_async:
            continue
        for method in consumer.methods.values():
            plain = isinstance(method, ast.FunctionDef) and not method.decorator_list
            if plain and not method.name.startswith("_"):
                return (
                    f"{method.name} is a plain `def`, but {consumer.name} is asynchronous, and "
                    f"Channels awaits it. Write `async def {method.name}`.",
                    consumer.where(method),
                )


@diagnosis("never-awaited")
def _(evidence):
    """`self.send(...)` without `await`: Python's warning, which Daphne swallows."""
    found = evidence.never_awaited()
    if found is None:
        return None
    coroutine, where = found
    name = coroutine.rpartition(".")[2]
    consumer = evidence.project.consumer_at(where)
    if where is None and name in HANDLERS:
        # Channels called the attendee's method, and its base class does not await it.
        consumer = evidence.project.consumer_with(name)
        if consumer is None or consumer.is_async:
            return None
        return (
            f"{name} is `async def`, but {', '.join(consumer.bases[:1])} is a synchronous consumer "
            "and only calls it, so it never ran. Derive the class from AsyncWebsocketConsumer.",
            consumer.where(consumer.methods[name]),
        )
    if consumer is not None and not consumer.is_async and name not in HANDLERS:
        return (
            f"{name}() of the channel layer is a coroutine, and this consumer is synchronous: it "
            f"made the coroutine and never ran it. Write async_to_sync(…{name})(…).",
            where,
        )
    return (
        f"{name}(…) was called without await. That only prepares the call: nothing of it has run. "
        "Write `await` in front of it.",
        where,
    )
