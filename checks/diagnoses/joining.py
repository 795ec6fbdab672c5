"""Whether messages go to the room's group, and each browser's consumer has joined it."""

from checks.diagnoses.groups import shown
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import RECEIVERS
from workshop.checking.failures import Silent


def _join(evidence):
    """The call that joins, as it is written in connect() of the consumer in question."""
    consumer = evidence.consumer
    connect = consumer.methods.get("connect") if consumer else None
    arguments = f"{evidence.group}, self.channel_name"
    return evidence.call_for(
        consumer.where(connect) if connect else None, "self.channel_layer.group_add", arguments
    )


def _group_send(evidence, where):
    """The call that sends to the room, as it is written at a place."""
    return evidence.call_for(where, "self.channel_layer.group_send", f"{evidence.group}, …")


@rule(needs="groups")
def echo_instead_of_group(evidence):
    """The sender heard it, the others did not: nothing went through the channel layer."""
    answers = evidence.sent("websocket.send")
    if not evidence.saw_only(Silent) or not answers:
        return None
    if evidence.layer_calls("group_send") or evidence.layer_calls("send"):
        return None
    joins = any(consumer.mentions("group_add") for consumer in evidence.consumers)
    join = "" if joins else "join its group in connect(), with group_add(…), and "
    where = evidence.place(answers[0])
    send = evidence.call_for(where, "self.channel_layer.group_send", "…")
    return Explanation(
        "self.send() reaches one browser: the one this consumer belongs to. To reach the room, "
        f"{join}send to its group through the channel layer: {send}",
        where,
    )


@rule(needs="groups")
def sent_to_one_channel(evidence):
    calls = evidence.layer_calls("send")
    if not evidence.saw_only(Silent) or evidence.layer_calls("group_send") or not calls:
        return None
    where = evidence.where_called(calls[0])
    send = _group_send(evidence, where)
    if "!" in calls[0].group:
        message = (
            "channel_layer.send() reaches one channel: one browser. To reach the room, send to its "
            f"group: {send}"
        )
    else:
        message = (
            "channel_layer.send() takes the name of one channel, and this is a group's: no "
            f"consumer reads a channel of that name. Write {send}"
        )
    return Explanation(message, where)


@rule(needs="groups")
def joined_too_late(evidence):
    """Every group_add came with a message: a browser that only listens never joined."""
    joins = [evidence.place(call) for call in evidence.layer_calls("group_add")]
    if not evidence.saw_only(Silent) or not joins:
        return None
    methods = [evidence.project.method_at(where) for where in joins]
    if all(method and method.name in RECEIVERS for method in methods):
        return Explanation(
            "A browser joins its group only when it says something, so one that has not spoken "
            f"hears nothing. Join in connect(): {_join(evidence)}",
            joins[0],
        )


@rule
def groups_set_too_late(evidence):
    """self.groups in connect(): the base class had read it before it called connect()."""
    if not evidence.saw_only(Silent) or evidence.layer_calls("group_add"):
        return None
    for consumer in evidence.consumers:
        for name in ("connect", "receive", "receive_json"):
            for node in consumer.set_on_self(name):
                if node.attr == "groups":
                    return Explanation(
                        "Channels joins self.groups before it calls connect(), so setting it here "
                        f"comes too late. Join by yourself: {_join(evidence)}",
                        consumer.where(node),
                    )


@rule
def group_add_missing(evidence):
    """Messages go to a group that no consumer has joined."""
    if not evidence.saw_only(Silent) or not evidence.consumers:
        return None
    if evidence.layer_calls("group_add") or not evidence.layer_calls("group_send"):
        return None
    consumer = evidence.consumers[0]
    if mentions := consumer.mentions("group_add"):
        return Explanation(
            "The consumer sends to a group that no consumer has joined: group_add is here, and "
            "this line was not reached. It belongs in connect(self).",
            consumer.where(mentions[0]),
        )
    return Explanation(
        "The consumer sends to a group that no consumer has joined. In connect(), add its channel: "
        f"{_join(evidence)}",
        consumer.where(consumer.methods.get("connect")),
    )


@rule
def group_joined_without_the_channel(evidence):
    """group_add with a second argument that is not the channel of this consumer."""
    if not evidence.saw_only(Silent):
        return None
    for call in evidence.layer_calls("group_add"):
        if call.channel and "!" not in call.channel:
            return Explanation(
                f"group_add() was given {shown(call.channel)} as the channel. A consumer's own is "
                "self.channel_name.",
                evidence.where_called(call),
            )
