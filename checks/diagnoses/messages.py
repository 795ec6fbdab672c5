"""The message that is sent to a group: a dictionary with a type, which every layer can carry."""

import ast

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, mentions
from workshop.checking.failures import Closed


@rule(raised=r"ValueError: Incoming message has no 'type' attribute|KeyError: 'type'")
def message_without_type(evidence, error):
    return Explanation(
        'A message to the group needs a "type", which names the method that takes it: '
        '{"type": "chat.message", "message": message}',
        evidence.where(error) or evidence.where_group_sent(),
    )


@rule(
    raised=r"TypeError: (?:(?:string|list) indices must be integers|argument of type)"
    r"|^(AssertionError: message is not a dict|AssertionError$"
    r"|AttributeError: '\w+' object has no attribute 'items')"
)
def message_not_a_dictionary(evidence, error, in_layer):
    """The layer took something else than a dictionary, or refused it: the second is what
    group_send() of channels_redis and of the layer in memory does."""
    if in_layer:
        proved = error.raised_in("channels", "channels_redis")
    else:
        proved = any(frame.function == "get_handler_name" for frame in error.frames)
    if proved:
        where = evidence.where(error) or evidence.where_group_sent()
        return Explanation(f"group_send() takes a dictionary. {_given(evidence, where)}", where)


def _given(evidence, where):
    """What the line at the place gives group_send() in place of a dictionary, and what to give."""
    source = evidence.project.source_at(where)
    calls = evidence.nodes_at(where, ast.Call)
    sends = [call for call in calls if mentions(call.func, "group_send") and len(call.args) > 1]
    given = sends[0].args[1] if sends else None
    name = last_name(given.func) if isinstance(given, ast.Call) else None
    found = evidence.project.class_named(name) if name else None
    if name == "dumps":
        return "Do not make JSON of it: give the dictionary itself, without json.dumps()."
    if found and any("dataclass" in ast.unparse(node) for node in found[1].decorator_list):
        return (
            f"A {name} is an object: write `dataclasses.asdict({source.code(given)})`. "
            "The handler gets that dictionary, not the object."
        )
    what = f"`{source.code(given)}` is not one. " if given else ""
    return f'{what}Give it {{"type": "chat.message", "message": message}}, not JSON.'


@rule(raised=r"TypeError: can not serialize '(?:\w+\.)*(\w+)' object")
def message_not_serializable(evidence, error, kind):
    if kind == "coroutine":
        at = evidence.coroutine_used(error)
        return Explanation(
            f"A coroutine is in the message, not its result: it was not awaited. {at.to_run()}",
            at.where,
        )
    return Explanation(
        f"Redis cannot carry a {kind}. A message for the group holds only strings, numbers, "
        "lists and dictionaries: of a user the name, of a date str(date).",
        evidence.where(error),
    )


@rule(raised=r"^KeyError: ('\w+')")
def event_lacks_the_key(evidence, error, key):
    """The event lacks what the handler asks of it, so each consumer of the room ends."""
    where = evidence.where(error)
    method = evidence.project.method_at(where)
    if evidence.saw(Closed) and method and method.name in evidence.group_handlers:
        return Explanation(
            f"The handler asks the event for {key}, and what was sent to the group has no such "
            "key. Use the same key in group_send() and in the handler.",
            where,
        )
