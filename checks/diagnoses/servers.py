"""Whether groups are left, and shared by several servers."""

from checks.diagnoses.groups import shown
from workshop.checking.events import Handles, LayerCall, LayerMade
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import SilentElsewhere, StillInGroup

LEFT = "Everybody has left the room, and Redis still counts them as members"


@rule
def group_discard_of_another_group(evidence):
    """The channel layer was told which group was joined, and that another one was left."""
    joined = [(call.group, call.channel) for call in evidence.layer_calls("group_add")]
    for call in evidence.layer_calls("group_discard") if joined else ():
        if evidence.saw(StillInGroup) and (call.group, call.channel) not in joined:
            return Explanation(
                f"{LEFT}: the consumer joined {shown(joined[0][0])} and left {shown(call.group)}. "
                "group_discard() takes the same two arguments as group_add().",
                evidence.where_called(call),
            )


@rule
def group_discard_not_run(evidence):
    if not evidence.saw(StillInGroup) or evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        for node in consumer.mentions("group_discard"):
            method = consumer.method_at(consumer.where(node))
            if "disconnect" in consumer.methods:
                advice = "Call it in disconnect(), which Channels calls when a browser has left."
            else:
                advice = "Channels calls a method named disconnect, letter by letter."
            return Explanation(
                f"{LEFT}: group_discard is here, in {method.name if method else 'no method'}(), "
                f"and was not run. {advice}",
                consumer.where(node),
            )


@rule
def group_discard_missing(evidence):
    if not evidence.saw(StillInGroup) or evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        if not consumer.mentions("group_discard"):
            where = consumer.where(consumer.methods.get("disconnect"))
            discard = "self.channel_layer.group_discard"
            arguments = f"{evidence.group}, self.channel_name"
            return Explanation(
                f"{LEFT}: group_add without group_discard. In disconnect(), write: "
                f"{evidence.call_for(where, discard, arguments)}",
                where,
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
            "the memory of one. Use Redis for both: "
            'BACKEND "channels_redis.core.RedisChannelLayer".',
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
    joined, came = [], []
    for program in evidence.programs:
        joined.append(evidence.events_of(program, LayerCall, call="group_add", group=group))
        came.append(evidence.events_of(program, Handles, type=kind))
    if all(joined) and sum(map(bool, came)) == 1:
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
