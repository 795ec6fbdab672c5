"""The message that is sent to a group: a dictionary with a type, which every layer can carry."""

from workshop.checking.explaining.rules import Explanation, rule
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
        return Explanation(
            "group_send() takes a dictionary as its message, and got something else. "
            "Do not turn it into JSON: "
            'group_send(group, {"type": "chat.message", "message": message})',
            evidence.where(error) or evidence.where_group_sent(),
        )


@rule(raised=r"TypeError: can not serialize '(?:\w+\.)*(\w+)' object")
def message_not_serializable(evidence, error, kind):
    if kind == "coroutine":
        message = "A coroutine is in the message, not its result: write await in front of the call."
    else:
        message = (
            f"Redis cannot carry a {kind}. A message for the group holds only strings, numbers, "
            "lists and dictionaries: of a user the name, of a date str(date)."
        )
    return Explanation(message, evidence.where(error))


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
