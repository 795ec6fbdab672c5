"""Groups: who is in them, who sends to them, who hears it."""

import ast
import difflib
import re

from checks.diagnoses.routes import ROOM
from workshop.checking.events import Handles, LayerCall, LayerMade
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, on_self
from workshop.checking.failures import (
    Heard,
    HeardTwice,
    Refused,
    Silent,
    SilentElsewhere,
    StillInGroup,
)

JOIN = "await self.channel_layer.group_add(self.room_group_name, self.channel_name)"


def shown(group):
    """A group's name as it is for any room."""
    return repr(ROOM.sub("<room_name>", group))


# Arguments


@rule
def group_arguments_swapped(evidence):
    """The name that a channel has stands where the group's belongs, and the other way round."""
    if not evidence.error(r"TypeError: (Group|Channel) name must be"):
        return None
    for call in evidence.layer_calls("group_add") + evidence.layer_calls("group_discard"):
        if "!" in call.group and call.channel and "!" not in call.channel:
            return Explanation(
                f"{call['call']}() takes the group first and the channel second: "
                f"{call['call']}(self.room_group_name, self.channel_name)",
                evidence.place(call) or _mention(evidence, call.call),
            )


@rule
def channel_in_place_of_a_group(evidence):
    if not evidence.error(r"TypeError: Group name must be"):
        return None
    for call in evidence.layer_calls("group_send"):
        if "!" in call.group:
            return Explanation(
                "group_send() was given the name of one browser's channel. Give it the group's: "
                "self.channel_layer.group_send(self.room_group_name, …)",
                evidence.place(call) or _mention(evidence, "group_send"),
            )


@rule
def group_name_invalid(evidence):
    found = evidence.error(r"Group name must be")
    if found is None:
        return None
    names = {call.group for call in evidence.events(LayerCall)}
    wrong = next((n for n in names if not re.fullmatch(r"[a-zA-Z0-9\-_.]{1,99}", n)), None)
    said = f"{shown(wrong)} is no name for a group." if wrong else "That is no name for a group."
    braces = (
        " Its braces were not replaced: the f is missing before the quotes."
        if (wrong and re.search(r"\{[\w.]+\}", wrong))
        else ""
    )
    return Explanation(
        f"{said}{braces} A name takes letters, digits, hyphens, underscores and full stops, fewer "
        "than 100 of them.",
        evidence.where(found),
    )


@rule(raised=r"(?:group_(?:add|send|discard))\(\) (?:missing|takes|got an unexpected)")
def group_send_arguments(evidence, error):
    return Explanation(
        "group_add and group_discard take the group's name and self.channel_name; group_send takes "
        'the group\'s name and one dictionary with a "type".',
        evidence.where(error),
    )


@rule
def layer_has_no_such_method(evidence):
    found = evidence.error(r"AttributeError: '(\w*ChannelLayer)' object has no attribute '(\w+)'")
    if found is None:
        return None
    layer, name = re.findall(r"'(\w+)'", found.message)[:2]
    if name in ("group_channels", "group_members", "groups"):
        advice = "No layer tells who is in a group: keep a list of your own where you need one."
    else:
        known = ["group_add", "group_discard", "group_send", "send", "receive", "new_channel"]
        near = difflib.get_close_matches(name, known, 1, 0.4)
        advice = (
            f"Did you mean {near[0]}?" if near else "It has group_add, group_discard, group_send."
        )
    return Explanation(f"{layer} has no {name}. {advice}", evidence.where(found))


# What a consumer never has, for which others speak; and what every consumer has.
NEVER_SET = ("scope", "channel_layer", "channel_name", "base_send", "kwargs", "args", "request")
METHODS = ("accept", "close", "send", "send_json", "connect", "receive", "disconnect")


@rule
def attribute_not_set(evidence):
    """self.something that no line which ran has set."""
    found = evidence.error(r"AttributeError: '(\w+)' object has no attribute '(\w+)'")
    if found is None:
        return None
    class_name, name = re.findall(r"'(\w+)'", found.message)[:2]
    consumer = next((c for c in evidence.consumers if c.name == class_name), None)
    where = evidence.where(found)
    if consumer is None or name in NEVER_SET:
        return None
    method = consumer.method_at(where)
    if method and method.name == "__init__":
        return None  # see consumer.py
    if method and method.name == "disconnect" and evidence.saw(Refused):
        return None  # it followed from that; see consumer.py
    named = evidence.project.source_at(where)
    if name == "send_json" and not consumer.is_json:
        return None  # see frames.py
    if named and f".{name}(" in named.line(where.line):
        near = difflib.get_close_matches(name, {*METHODS, *consumer.methods}, 1)
        advice = f"Did you mean {near[0]}?" if near else "Look at its spelling."
        return Explanation(f"{class_name} has no method {name}. {advice}", where)
    for method_name, method in consumer.methods.items():
        stores = [n for n in ast.walk(method) if isinstance(getattr(n, "ctx", None), ast.Store)]
        set_here = [n for n in stores if on_self(n) and n.attr == name]
        called = method_name in ("connect", "websocket_connect", "receive", "receive_json")
        if set_here and not called:
            near = difflib.get_close_matches(method_name, ["connect", "receive"], 1, 0.75)
            if near:
                return Explanation(
                    f"self.{name} is set in {method_name}(), which nobody calls: Channels calls a "
                    f"method named {near[0]}, letter by letter.",
                    consumer.where(method),
                )
        local = [n for n in stores if isinstance(n, ast.Name) and n.id == name]
        if local:
            return Explanation(
                f"{name} was set here without self. in front, so it was gone when {method_name}() "
                f"ended. Write self.{name} = …",
                consumer.where(local[0]),
            )
    stored = {n.attr for n in consumer.nodes(ast.Attribute) if isinstance(n.ctx, ast.Store)}
    near = difflib.get_close_matches(name, stored - {name}, 1, 0.7)
    if near and name not in stored:
        return Explanation(f"self.{name} was never set. Did you mean self.{near[0]}?", where)
    if name in stored:
        return Explanation(
            f"self.{name} is not there yet: the line that sets it did not run before this one. Set "
            "it at the beginning of connect().",
            where,
        )
    return Explanation(
        f"self.{name} was never set. In connect(), write self.{name} = …, or look at its spelling.",
        where,
    )


# Who hears it


@rule(needs="groups")
def echo_instead_of_group(evidence):
    """The sender heard it, the others did not: nothing went through the channel layer."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    if evidence.layer_calls("group_send") or evidence.layer_calls("send"):
        return None
    answers = evidence.sent("websocket.send")
    if not answers:
        return None
    joins = any(consumer.mentions("group_add") for consumer in evidence.consumers)
    join = "" if joins else "join its group in connect(), with group_add(…), and "
    return Explanation(
        "self.send() reaches one browser: the one this consumer belongs to. To reach the room, "
        f"{join}send to its group through the channel layer: self.channel_layer.group_send(…)",
        evidence.place(answers[0]),
    )


@rule(needs="groups")
def sent_to_one_channel(evidence):
    if not evidence.saw(Silent) or evidence.errors or evidence.layer_calls("group_send"):
        return None
    for call in evidence.layer_calls("send"):
        if "!" in call.group:
            return Explanation(
                "channel_layer.send() reaches one channel: one browser. To reach the room, send to "
                "its group: self.channel_layer.group_send(self.room_group_name, …)",
                evidence.place(call) or _mention(evidence, "send"),
            )
        return Explanation(
            "channel_layer.send() takes the name of one channel, and this is a group's: no "
            "consumer reads a channel of that name. Write self.channel_layer.group_send(…)",
            evidence.place(call) or _mention(evidence, "send"),
        )


@rule(needs="groups")
def joined_too_late(evidence):
    """Every group_add came with a message: who only listens never joined."""
    joins = [evidence.place(call) for call in evidence.layer_calls("group_add")]
    if not evidence.saw(Silent) or evidence.errors or not joins:
        return None
    for where in joins:
        method = evidence.project.method_at(where)
        if method is None or method.name not in ("receive", "receive_json", "websocket_receive"):
            return None
    return Explanation(
        "A browser joins its group only when it says something, so who has not spoken hears "
        f"nothing. Join in connect(): {JOIN}",
        joins[0],
    )


@rule
def groups_set_too_late(evidence):
    """self.groups in connect(): the base class had read it before it called connect()."""
    if not evidence.saw(Silent) or evidence.errors or evidence.layer_calls("group_add"):
        return None
    for consumer in evidence.consumers:
        for name in ("connect", "receive", "receive_json"):
            for node in ast.walk(consumer.methods.get(name) or ast.Pass()):
                if on_self(node) and node.attr == "groups" and isinstance(node.ctx, ast.Store):
                    return Explanation(
                        "Channels joins self.groups before it calls connect(), so setting it here "
                        f"comes too late. Join by yourself: {JOIN}",
                        consumer.where(node),
                    )


@rule
def group_add_missing(evidence):
    """Messages go to a group that nobody has joined."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    if evidence.layer_calls("group_add") or not evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        mentions = consumer.mentions("group_add")
        if mentions:
            return Explanation(
                "The consumer sends to a group that no consumer has joined: group_add stands here, "
                "and this line was not reached. It belongs into connect(self).",
                consumer.where(mentions[0]),
            )
        return Explanation(
            "The consumer sends to a group that no consumer has joined. In connect(), add its "
            f"channel: {JOIN}",
            consumer.where(consumer.methods.get("connect")),
        )


@rule
def group_joined_without_the_channel(evidence):
    """group_add with a second argument that is not the channel of this consumer."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for call in evidence.layer_calls("group_add"):
        if call.channel and "!" not in call.channel:
            return Explanation(
                f"group_add() was given {shown(call['channel'])} as the channel. A consumer's own "
                "is self.channel_name.",
                evidence.place(call) or _mention(evidence, "group_add"),
            )


@rule(needs="groups")
def group_differs_between_servers(evidence):
    """Two processes give the same room two names."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    joined = []
    for program in evidence.programs:
        calls = [e for e in program.events if isinstance(e, LayerCall) and e.call == "group_add"]
        calls = [e for e in calls if evidence.paths is None or e.path in evidence.paths]
        joined.append({e.group for e in calls})
    if len(joined) == 2 and all(joined) and not joined[0] & joined[1]:
        first, second = (sorted(names)[0] for names in joined)
        return Explanation(
            f"For the same room one server joins the group {shown(first)}, the other "
            f"{shown(second)}. Make the name from the room's alone: hash(), id() and random "
            "numbers differ from process to process.",
            _mention(evidence, "group_add"),
        )


@rule
def class_value_for_all(evidence):
    """A group's name kept on the class: whoever connected last decides for everybody."""
    if not evidence.saw(Heard, Silent) or evidence.errors:
        return None
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Attribute):
            owner = getattr(node.value, "id", None) or ast.unparse(node.value)
            shared = owner in (consumer.name, "self.__class__", "type(self)", "cls")
            if shared and isinstance(node.ctx, ast.Store):
                sends = {e.group for e in evidence.layer_calls("group_send")}
                if len(evidence.paths or ()) > 1 or evidence.saw(Heard) or not sends:
                    return Explanation(
                        f"{ast.unparse(node)} stands on the class, so all consumers of this "
                        "process share it, and the last one to connect decides. Write "
                        f"self.{node.attr}.",
                        consumer.where(node),
                    )


@rule
def group_names_differ(evidence):
    """What was joined and what was sent to, as the channel layer was told."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    joined = {call.group for call in evidence.layer_calls("group_add")}
    sends = evidence.layer_calls("group_send")
    if joined and sends and not joined & {call.group for call in sends}:
        return Explanation(
            f"The consumer joins the group {shown(sorted(joined)[0])} and sends to the group "
            f"{shown(sends[0]['group'])}. Use the same name for both, such as "
            "self.room_group_name.",
            evidence.place(sends[0]) or _mention(evidence, "group_send"),
        )


@rule(needs="groups")
def left_its_own_group(evidence):
    """group_discard ran while everybody was still there."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for consumer in evidence.consumers if evidence.layer_calls("group_discard") else ():
        for node in consumer.mentions("group_discard"):
            method = consumer.method_at(consumer.where(node))
            if method and method.name not in ("disconnect", "websocket_disconnect"):
                return Explanation(
                    f"The consumer leaves its group here, in {method.name}(), while its browser is "
                    "still in the room. group_discard() belongs into disconnect().",
                    consumer.where(node),
                )


@rule
def heard_twice(evidence):
    """One message, and both self.send() and the group brought it."""
    if not evidence.saw(HeardTwice):
        return None
    if not evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        for name in ("receive", "receive_json", "websocket_receive"):
            for call in consumer.calls("send", name) + consumer.calls("send_json", name):
                if on_self(call.func):
                    return Explanation(
                        "The sender gets it twice: once from self.send() here, once from the "
                        "group, to which it belongs too. Take this self.send() away.",
                        consumer.where(call),
                    )
    for consumer in evidence.consumers:
        sends = consumer.mentions("group_send")
        if len(sends) > 1:
            return Explanation(
                "Every message goes to the group twice. Keep one group_send().",
                consumer.where(sends[-1]),
            )


@rule(needs="groups")
def one_group_for_all_rooms(evidence):
    """Two rooms, and both joined the same group."""
    if not evidence.saw(Heard):
        return None
    rooms = {}
    for call in evidence.layer_calls("group_add"):
        rooms.setdefault(call.group, {})[call.path] = call
    for calls in rooms.values():
        if len(calls) > 1:
            call = next(iter(calls.values()))
            return Explanation(
                f"Every room joins the same group, {shown(call['group'])}. Let its name contain "
                f"the "
                "room's: "
                'self.room_group_name = "chat_" + self.scope["url_route"]["kwargs"]["room_name"]',
                evidence.place(call) or _mention(evidence, "group_add"),
            )


@rule
def list_of_consumers(evidence):
    """Consumers kept in a list that all of them share, instead of a group."""
    if not evidence.saw(Heard, Silent) or evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        values = consumer.class_values + [
            (target.id, node)
            for node in (consumer.source.tree.body if consumer.source.tree else ())
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        for call in consumer.calls("append") + consumer.calls("add"):
            keeps_self = any(isinstance(a, ast.Name) and a.id == "self" for a in call.args)
            name = last_name(getattr(call.func, "value", None))
            for kept, node in values if keeps_self else ():
                if kept == name:
                    where = consumer.source.where(node)
                    return Explanation(
                        f"{name} is one list for all consumers of this process, those of every "
                        "room. A consumer answers its own browser with self.send(); to reach "
                        "others there is the channel layer (step 3).",
                        where,
                    )


# Leaving it


@rule
def group_discard_missing(evidence):
    """The channel layer was told who joins, and not that the same one leaves."""
    if not evidence.saw(StillInGroup):
        return None
    joined = {(e.group, e.channel) for e in evidence.layer_calls("group_add")}
    discards = evidence.layer_calls("group_discard")
    left = "Everybody has left the room, and Redis still counts them as members"
    wrong = [e for e in discards if (e.group, e.channel) not in joined]
    if wrong:
        return Explanation(
            f"{left}: the consumer joined {shown(next(iter(joined))[0])} and left "
            f"{shown(wrong[0]['group'])}. group_discard() takes the same two arguments as "
            "group_add().",
            evidence.place(wrong[0]) or _mention(evidence, "group_discard"),
        )
    for consumer in evidence.consumers if not discards else ():
        stands = consumer.mentions("group_discard")
        if not stands:
            return Explanation(
                f"{left}: group_add without group_discard. In disconnect(), write: await "
                "self.channel_layer.group_discard(self.room_group_name, self.channel_name)",
                consumer.where(consumer.methods.get("disconnect")),
            )
        method = consumer.method_at(consumer.where(stands[0]))
        advice = "Channels calls a method named disconnect, letter by letter."
        if "disconnect" in consumer.methods:
            advice = "Let disconnect() do it: it is what Channels calls when a browser has left."
        return Explanation(
            f"{left}: group_discard stands here, in {method.name if method else 'no method'}(), "
            f"and was not run. {advice}",
            consumer.where(stands[0]),
        )


# Several servers


@rule(needs="groups")
def memory_of_one_process(evidence):
    """One server's browsers hear each other, the other server's do not."""
    if not evidence.saw(SilentElsewhere):
        return None
    if _is_in_memory(evidence):
        return Explanation(
            "Ana's server and Ben's are two processes, and InMemoryChannelLayer keeps groups in "
            "the "
            'memory of one. Let both use Redis: BACKEND "channels_redis.core.RedisChannelLayer".',
            evidence.project.where_set("CHANNEL_LAYERS"),
        )


@rule(needs="groups")
def layers_do_not_meet(evidence):
    """Both servers' consumers joined the group, and a message of one did not come to the other."""
    if not evidence.saw(SilentElsewhere):
        return None
    sent = evidence.layer_calls("group_send")
    if not sent or evidence.errors or _is_in_memory(evidence):
        return None
    group, kind = sent[-1].group, sent[-1].type
    for program in evidence.programs:
        joined = [e.group for e in program.events if getattr(e, "call", None) == "group_add"]
        if group not in joined:
            return None
    came = [
        any(isinstance(e, Handles) and e.type == kind for e in program.events)
        for program in evidence.programs
    ]
    if came.count(True) == 1:
        return Explanation(
            f"Ana's server and Ben's both joined {shown(group)}, and what one sends to it does not "
            "come to the other: their channel layers do not meet. The options in CHANNEL_LAYERS, "
            '"hosts" and "prefix" above all, must be the same in every process.',
            evidence.project.where_set("CHANNEL_LAYERS"),
        )


def _is_in_memory(evidence):
    """Whether a server made the layer that keeps its groups in its own memory."""
    made = [e for program in evidence.programs for e in program.events if isinstance(e, LayerMade)]
    return any(event.name == "channels.layers.InMemoryChannelLayer" for event in made)


def _mention(evidence, name):
    for consumer in evidence.consumers:
        for node in consumer.mentions(name):
            return consumer.where(node)
    return None
