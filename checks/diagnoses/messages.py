"""The message that is sent to a group: a dictionary with a type, which every layer can carry."""

import ast

from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed


@rule(raised=r"ValueError: Incoming message has no 'type' attribute|KeyError: 'type'")
def message_without_type(evidence, error):
    where = evidence.where(error) or evidence.where_group_sent()
    types = [name.replace("_", ".") for name in evidence.own_handlers]
    kind = types[0] if len(types) == 1 else "chat.message"
    code, edit = f'{{"type": "{kind}", "message": message}}', None
    written = _sent_to_group(evidence, where)
    if isinstance(written, ast.Dict) and written.keys:
        code = f'{{"type": "{kind}", {evidence.code_at(where, written)[1:]}'
        edit = evidence.suggest(where, instead(written, code)) if len(types) == 1 else None
    return Explanation(
        f'A message to the group needs a "type", which names the method that handles it: `{code}`',
        where,
        edit,
    )


def _argument(evidence, where):
    """What the line at the place gives group_send() as the message, as it is written there."""
    calls = evidence.nodes_at(where, ast.Call)
    sends = [call for call in calls if mentions(call.func, "group_send") and len(call.args) > 1]
    return sends[0].args[1] if sends else None


def _sent_to_group(evidence, where):
    """The same; for a name, what that was given in the same function."""
    return _value_of(evidence, where, _argument(evidence, where))


def _value_of(evidence, where, given):
    """What a name was given in the function at the place; anything else as it is."""
    for node in ast.walk(evidence.project.function_at(where) or ast.Pass()):
        if isinstance(given, ast.Name) and isinstance(node, ast.Assign):
            if last_name(node.targets[0]) == given.id:
                return node.value
    return given


@rule(
    raised=r"TypeError: (?:(?:string|list) indices must be integers|argument of type)"
    r"|^(AssertionError: message is not a dict|AssertionError$"
    r"|AttributeError: '\w+' object has no attribute 'items')"
)
def message_not_a_dictionary(evidence, error, in_layer):
    """The layer took something other than a dictionary, or rejected it: the second is what
    group_send() of channels_redis and of the layer in memory does."""
    if in_layer:
        proved = error.raised_in("channels", "channels_redis")
    else:
        proved = any(frame.function == "get_handler_name" for frame in error.frames)
    if proved:
        where = evidence.where(error) or evidence.where_group_sent()
        advice, edit = _given(evidence, where)
        return Explanation(f"group_send() takes a dictionary. {advice}", where, edit)


def _given(evidence, where):
    """What the line at the place gives group_send() in place of a dictionary, and what to give:
    the sentence, and the edit."""
    given = _sent_to_group(evidence, where)
    if given is None:
        return 'Give it `{"type": "chat.message", "message": message}`.', None
    argument = _argument(evidence, where)
    written, name = evidence.code_at(where, given), None
    if isinstance(given, ast.Call):
        name = last_name(given.func)
    found = evidence.project.class_named(name) if name else None
    if name == "dumps" and given.args:
        code = evidence.code_at(where, given.args[0])
        edit = evidence.suggest(where, instead(given, code))
        return f"Give it the dictionary itself, without json.dumps(): `{code}`", edit
    if found and any("dataclass" in ast.unparse(node) for node in found[1].decorator_list):
        source, code = evidence.project.source_at(where), f"asdict({written})"
        more = imported(source, "from dataclasses import asdict")
        return (
            f"A {name} is an object: write `{code}`, with `from dataclasses import asdict`. "
            "The handler gets that dictionary, not the object.",
            evidence.suggest(where, instead(given, code), *more),
        )
    named = isinstance(argument, ast.Name)
    code = f'{{"type": "chat.message", "message": {argument.id if named else "message"}}}'
    edit = evidence.suggest(where, instead(argument, code)) if named else None
    return f"`{evidence.code_at(where, argument)}` is not one. Give it `{code}`.", edit


# What Redis can carry instead of an object, by the object's type.
CARRIED = {
    "datetime": ("a date or a time", "str({})"),
    "date": ("a date or a time", "str({})"),
    "time": ("a date or a time", "str({})"),
    "timedelta": ("a date or a time", "str({})"),
    "UUID": ("a UUID", "str({})"),
    "Decimal": ("a Decimal", "str({})"),
    "User": ("a user", "{}.username"),
    "AnonymousUser": ("a user", "{}.username"),
    "UserLazyObject": ("a user", "{}.username"),
    "SimpleLazyObject": ("a user", "{}.username"),
}


@rule(raised=r"TypeError: can not serialize '(?:\w+\.)*(\w+)' object")
def message_not_serializable(evidence, error, kind):
    if kind == "coroutine":
        at = evidence.coroutine_used(error)
        return Explanation(
            f"The message contains a coroutine, not its result: it was not awaited. {at.to_run()}",
            at.where,
            at.suggestion,
        )
    where, edit = evidence.where(error), None
    what, code = CARRIED.get(kind, (f"a {kind}", ""))
    if any(kind == consumer.name for consumer in evidence.consumers):
        what, code = "a consumer", "self.channel_name"
    advice = "A message for the group may only contain strings, numbers, lists and dictionaries."
    sent = _sent_to_group(evidence, where)
    values = sent.values if isinstance(sent, ast.Dict) else ()
    odd = [value for value in values if not isinstance(value, ast.Constant)]
    odd = [value for value in odd if last_name(value) not in ("message", "text")]
    if len(odd) == 1 and code:
        written = evidence.code_at(where, odd[0])
        advice += f" Write `{code.format(written)}` instead of `{written}`."
        edit = evidence.suggest(where, instead(odd[0], code.format(written)))
    return Explanation(f"Redis cannot carry {what}. {advice}", where, edit)


@rule(raised=r"^KeyError: ('\w+')")
def event_lacks_the_key(evidence, error, key):
    """The event lacks what the handler asks of it, so each consumer of the room ends."""
    where = evidence.where(error)
    method = evidence.project.method_at(where)
    if not evidence.saw(Closed) or not method or method.name not in evidence.group_handlers:
        return None
    if not evidence.raised_by_them(error):
        return None
    advice, edit = "Use the same key in group_send() and in the handler.", None
    sent = _sent_to_group(evidence, evidence.where_group_sent())
    read = evidence.only_at(where, ast.Subscript, lambda n: repr(_constant(n.slice)) == key)
    keys = [_constant(k) for k in sent.keys] if isinstance(sent, ast.Dict) else []
    others = [name for name in keys if isinstance(name, str) and name != "type"]
    if read and None not in keys and others:
        advice = "Its keys are {}.".format(", ".join(f'"{name}"' for name in keys))
        if len(others) == 1:
            code = f'{evidence.code_at(where, read.value)}["{others[0]}"]'
            advice += f" Write `{code}`."
            edit = evidence.suggest(where, instead(read, code))
    asked = key.replace("'", '"')
    return Explanation(
        f"The handler asks the event for {asked}, but what was sent to the group has no such key. "
        f"{advice}",
        where,
        edit,
    )


def _constant(node):
    return getattr(node, "value", None) if isinstance(node, ast.Constant) else None
