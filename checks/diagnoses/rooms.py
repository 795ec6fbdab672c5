"""Whether the consumers of one room, and only they, use one group, once for each message."""

import ast

from checks.diagnoses.groups import shown
from workshop.checking.events import LayerCall
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name, on_self
from workshop.checking.failures import Heard, HeardTwice, Silent


@rule(needs="groups")
def group_differs_between_servers(evidence):
    """Two processes give the same room two names."""
    if not evidence.saw_only(Silent):
        return None
    joined = [
        {call.group for call in evidence.events_of(program, LayerCall, call="group_add")}
        for program in evidence.programs
    ]
    if len(joined) == 2 and all(joined) and not joined[0] & joined[1]:
        first, second = (sorted(names)[0] for names in joined)
        return Explanation(
            f"For the same room one server joins the group {shown(first)}, the other "
            f"{shown(second)}. Make the name from the room's alone: hash(), id() and random "
            "numbers differ from process to process.",
            evidence.mention("group_add"),
        )


@rule(advises=True)
def state_on_the_class(evidence):
    """A value on the class, a group's name say: the last browser to connect decides for all. What
    is only changed there, a list say, is certain to be wrong but seldom why a check failed."""
    failed = evidence.failure is not None
    several = len(evidence.paths or ()) > 1 or not evidence.layer_calls("group_send")
    if failed and not evidence.saw_only(Heard) and not (evidence.saw_only(Silent) and several):
        return None
    for consumer in evidence.consumers:
        for node in consumer.set_on_class():
            return Explanation(
                f"{ast.unparse(node)} is on the class, so all consumers of this process share it, "
                f"and the last one to set it decides. Write self.{node.attr}.",
                consumer.where(node),
            )
        for name, node in () if failed else consumer.changed_on_class():
            return Explanation(
                f"{name} is on the class, so all consumers of this process share it, those of "
                "every room and every browser. What belongs to one socket is set in connect(): "
                f"self.{name} = …",
                consumer.where(node),
            )


@rule
def group_names_differ(evidence):
    """What was joined and what was sent to, as the channel layer was told."""
    joined = {call.group for call in evidence.layer_calls("group_add")}
    sends = evidence.layer_calls("group_send")
    if not evidence.saw_only(Silent) or not joined or not sends:
        return None
    if not joined & {call.group for call in sends}:
        return Explanation(
            f"The consumer joins the group {shown(sorted(joined)[0])} and sends to the group "
            f"{shown(sends[0].group)}. Use the same name for both, such as self.room_group_name.",
            evidence.where_called(sends[0]),
        )


@rule(needs="groups")
def left_its_own_group(evidence):
    """group_discard ran while everybody was still there."""
    if not evidence.saw_only(Silent) or not evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        for node in consumer.mentions("group_discard"):
            method = consumer.method_at(consumer.where(node))
            if method and method.name not in ("disconnect", "websocket_disconnect"):
                return Explanation(
                    f"The consumer leaves its group here, in {method.name}(), while its browser is "
                    "still in the room. group_discard() belongs in disconnect().",
                    consumer.where(node),
                )


@rule
def heard_twice(evidence):
    """One message, and both self.send() and the group brought it."""
    if not evidence.saw(HeardTwice):
        return None
    if not evidence.layer_calls("group_send"):
        return None
    for consumer, method in evidence.receivers:
        for call in consumer.calls("send", method.name) + consumer.calls("send_json", method.name):
            if on_self(call.func):
                return Explanation(
                    "The sender gets it twice: once from self.send() here, once from the group, "
                    "to which it belongs too. Remove this self.send().",
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
                f"Every room joins the same group, {shown(call.group)}. "
                "Its name must contain the room's: self.room_group_name = "
                '"chat_" + self.scope["url_route"]["kwargs"]["room_name"]',
                evidence.where_called(call),
            )


@rule
def list_of_consumers(evidence):
    """Consumers kept in a list that all of them share, instead of a group."""
    if not evidence.saw(Heard, Silent) or evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        shared = dict(consumer.source.values + consumer.class_values)
        for call in consumer.calls("append") + consumer.calls("add"):
            keeps_self = "self" in [getattr(argument, "id", None) for argument in call.args]
            name = last_name(getattr(call.func, "value", None))
            if keeps_self and name in shared:
                return Explanation(
                    f"{name} is one list for all consumers of this process, those of every room. "
                    "A consumer answers its own browser with self.send(); to reach others, there "
                    "is the channel layer (step 3).",
                    consumer.source.where(shared[name]),
                )
