"""What the methods of the channel layer are called with: groups, their names, channels."""

import ast
import re

from checks.diagnoses.routes import ROOM
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name, mentions
from workshop.checking.explaining.route import written_routes
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest

METHODS = ["group_add", "group_discard", "group_send", "send", "receive", "new_channel"]
LONGEST = 60  # characters of a group's name that is shown


def shown(group):
    """A group's name as it is for any room."""
    name = ROOM.sub("<room_name>", group)
    return f"'{name}'" if len(name) <= LONGEST else f"'{name[:10]}…{name[-20:]}'"


def layer_call(evidence, where, name):
    """The call at a place of a method of the layer, also one through async_to_sync."""
    calls = (n for n in evidence.nodes_at(where, ast.Call) if n.args and mentions(n.func, name))
    return next(calls, None)


def with_arguments(evidence, where, name, arguments):
    """The call of a method of the layer at a place as it is to be written, and the edit that makes
    it so. Where the call is not found there, the code alone."""
    call, source = layer_call(evidence, where, name), evidence.project.source_at(where)
    if call is None:
        return evidence.call_for(where, f"self.channel_layer.{name}", arguments), None
    code = f"{source.code(call.func)}({arguments})"
    wait = "await " if evidence.project.is_async_at(where) else ""
    return f"{wait}{code}", evidence.suggest(where, instead(call, code))


def arguments_of(source, call):
    """The code of each of its arguments."""
    return [source.code(node) for node in call.args] + [
        f"{keyword.arg}={source.code(keyword.value)}" for keyword in call.keywords
    ]


def with_first(evidence, where, name, first):
    """The same with another first argument. No edit where the consumers don't know that name."""
    call, source = layer_call(evidence, where, name), evidence.project.source_at(where)
    others = arguments_of(source, call)[1:] if call else ["…"]
    code, edit = with_arguments(evidence, where, name, ", ".join([first, *others]))
    return code, edit if evidence.mention(first.rpartition(".")[2]) else None


def room_of_the_route(evidence):
    """The code for the room's name, as the route captures it."""
    captured = [name for route in written_routes(evidence.project) for name in route.captured]
    return f'self.scope["url_route"]["kwargs"]["{captured[0] if captured else "room_name"}"]'


# Which arguments


# What each layer names a consumer's channel (new_channel() of channels_redis.core and .pubsub).
CHANNEL = re.compile(r"!|specific\.")


@rule(raised=r"TypeError: (?:Group|Channel) name must be|channels that exist in-process")
def group_arguments_swapped(evidence, error):
    """A channel's name was given as the group, and the group's as the channel."""
    for call in evidence.layer_calls("group_add") + evidence.layer_calls("group_discard"):
        if CHANNEL.search(call.group) and call.channel and not CHANNEL.search(call.channel):
            where = evidence.where_called(call)
            arguments = f"{evidence.group}, self.channel_name"
            written = layer_call(evidence, where, call.call)
            if written and len(written.args) == 2:
                source = evidence.project.source_at(where)
                arguments = ", ".join(map(source.code, reversed(written.args)))
            code, edit = with_arguments(evidence, where, call.call, arguments)
            return Explanation(
                f"{call.call}() takes the group first and the channel second: `{code}`", where, edit
            )


@rule(raised=r"TypeError: Channel name must be")
def channel_is_not_its_own(evidence, error):
    """The second argument, where a consumer's own channel belongs."""
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    for call in evidence.nodes_at(where, ast.Call):
        name = next((name for name in METHODS[:2] if mentions(call.func, name)), None)
        given = next((k.value for k in call.keywords if k.arg == "channel"), None)
        given = call.args[1] if len(call.args) > 1 else given
        if name and given is not None and last_name(given) != "channel_name":
            group = source.code(call.args[0]) if call.args else evidence.group
            arguments = f"{group}, self.channel_name"
            code, edit = with_arguments(evidence, where, name, arguments)
            return Explanation(
                f"{name}() was given `{source.code(given)}` as the channel. "
                f"A consumer's own channel is self.channel_name. Write `{code}`.",
                where,
                edit,
            )


@rule(raised=r"TypeError: Group name must be")
def channel_in_place_of_a_group(evidence, error):
    for call in evidence.layer_calls("group_send"):
        if "!" in call.group:
            where = evidence.where_called(call)
            code, edit = with_first(evidence, where, "group_send", evidence.group)
            return Explanation(
                "group_send() was given the name of one browser's channel. Give it the group's: "
                f"`{code}`",
                where,
                edit,
            )


@rule(raised=r"(group_(?:add|send|discard))\(\) (?:missing|takes|got an unexpected)")
def group_send_arguments(evidence, error, name):
    where = evidence.where(error)
    call, source = layer_call(evidence, where, name), evidence.project.source_at(where)
    if name == "group_send":
        said = 'group_send() takes the group\'s name and one dictionary, with a "type".'
        arguments = call and _one_dictionary(source, call)
    else:
        said = f"{name}() takes the group's name and the channel's."
        arguments = call and f"{source.code(call.args[0])}, self.channel_name"
    if not arguments:
        return Explanation(said, where)
    code, edit = with_arguments(evidence, where, name, arguments)
    return Explanation(f"{said} Write `{code}`.", where, edit)


def _one_dictionary(source, call):
    """The arguments of group_send with all that is given besides the group in one dictionary."""
    items = [f'"{keyword.arg}": {source.code(keyword.value)}' for keyword in call.keywords]
    for node in call.args[1:]:
        if not isinstance(node, ast.Dict) or None in node.keys:
            return None
        pairs = zip(node.keys, node.values, strict=True)
        items += [f"{source.code(key)}: {source.code(value)}" for key, value in pairs]
    return items and f"{source.code(call.args[0])}, {{{', '.join(items)}}}"


@rule(
    raised=r"AttributeError: '(\w*(?:ChannelLayer|PubSub\w*Layer))' object has no attribute '(\w+)'"
)
def layer_has_no_such_method(evidence, error, layer, name):
    where = evidence.where(error)
    near = nearest(name, METHODS, 0.4)
    if name in ("group_channels", "group_members", "groups"):
        near, advice = None, "A layer cannot tell which channels are in a group. Remove this line."
    elif near:
        advice = f"Did you mean {near}?"
    else:
        advice = "It has group_add, group_discard, group_send."
    source, named = evidence.project.source_at(where), evidence.nodes_at(where, ast.Attribute)
    edits = [instead(n, f"{source.code(n.value)}.{near}") for n in named if n.attr == name and near]
    return Explanation(f"{layer} has no {name}. {advice}", where, evidence.suggest(where, *edits))
