"""What the methods of the channel layer are called with: groups, their names, channels."""

import ast
import re

from checks.diagnoses.routes import ROOM
from workshop.checking.events import LayerCall
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, mentions
from workshop.checking.explaining.spelling import nearest

METHODS = ["group_add", "group_discard", "group_send", "send", "receive", "new_channel"]


def shown(group):
    """A group's name as it is for any room."""
    return f"'{ROOM.sub('<room_name>', group)}'"


@rule(raised=r"TypeError: (?:Group|Channel) name must be")
def group_arguments_swapped(evidence, error):
    """A channel's name was given as the group, and the group's as the channel."""
    for call in evidence.layer_calls("group_add") + evidence.layer_calls("group_discard"):
        if "!" in call.group and call.channel and "!" not in call.channel:
            return Explanation(
                f"{call.call}() takes the group first and the channel second: "
                + evidence.call_for(
                    evidence.where_called(call),
                    f"self.channel_layer.{call.call}",
                    f"{evidence.group}, self.channel_name",
                ),
                evidence.where_called(call),
            )


@rule(raised=r"TypeError: Channel name must be")
def channel_is_not_its_own(evidence, error):
    """What is second, where a consumer gives its own channel."""
    where = evidence.where(error)
    for call in evidence.nodes_at(where, ast.Call):
        name = next((name for name in METHODS[:2] if mentions(call.func, name)), None)
        given = next((k.value for k in call.keywords if k.arg == "channel"), None)
        given = call.args[1] if len(call.args) > 1 else given
        if name and given is not None and last_name(given) != "channel_name":
            group = ast.unparse(call.args[0]) if call.args else "self.room_group_name"
            arguments = f"{group}, self.channel_name"
            return Explanation(
                f"{name}() was given `{ast.unparse(given)}` as the channel. "
                "A consumer's own channel is self.channel_name. "
                f"Write `{evidence.call_for(where, f'self.channel_layer.{name}', arguments)}`.",
                where,
            )


@rule(raised=r"TypeError: Group name must be")
def channel_in_place_of_a_group(evidence, error):
    for call in evidence.layer_calls("group_send"):
        if "!" in call.group:
            return Explanation(
                "group_send() was given the name of one browser's channel. Give it the group's: "
                + evidence.call_for(
                    evidence.where_called(call),
                    "self.channel_layer.group_send",
                    f"{evidence.group}, …",
                ),
                evidence.where_called(call),
            )


@rule(raised=r"Group name must be")
def group_name_invalid(evidence, error):
    names = {call.group for call in evidence.events(LayerCall)}
    wrong = next((n for n in names if not re.fullmatch(r"[a-zA-Z0-9\-_.]{1,99}", n)), None)
    said = f"{shown(wrong) if wrong else 'That'} is not a valid group name."
    if wrong and re.search(r"\{[\w.]+\}", wrong):
        said += " Its braces were not replaced: the f is missing before the quotes."
    return Explanation(
        f"{said} A name takes letters, digits, hyphens, underscores and periods, fewer than 100 of "
        "them.",
        evidence.where(error),
    )


@rule(raised=r"(?:group_(?:add|send|discard))\(\) (?:missing|takes|got an unexpected)")
def group_send_arguments(evidence, error):
    return Explanation(
        "group_add and group_discard take the group's name and self.channel_name; group_send takes "
        'the group\'s name and one dictionary with a "type".',
        evidence.where(error),
    )


@rule(raised=r"AttributeError: '(\w*ChannelLayer)' object has no attribute '(\w+)'")
def layer_has_no_such_method(evidence, error, layer, name):
    near = nearest(name, METHODS, 0.4)
    if name in ("group_channels", "group_members", "groups"):
        advice = "A layer cannot tell which channels are in a group: keep a list of your own."
    elif near:
        advice = f"Did you mean {near}?"
    else:
        advice = "It has group_add, group_discard, group_send."
    return Explanation(f"{layer} has no {name}. {advice}", evidence.where(error))
