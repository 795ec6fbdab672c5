"""Whether messages go to the room's group, and each browser's consumer has joined it."""

import ast
import re

from checks.diagnoses.event_types import only_handler
from checks.diagnoses.groups import arguments_of, layer_call, shown, with_arguments
from workshop.checking.explaining.consumer import RECEIVERS, SENDERS
from workshop.checking.explaining.edits import above, below, instead, removed
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

NOT_JOINED = "The consumer sends to a group that no consumer has joined"


def _join(evidence):
    """The call that joins, as it is written in connect() of the consumer in question."""
    consumer = evidence.consumer
    connect = consumer.methods.get("connect") if consumer else None
    arguments = f"{evidence.group}, self.channel_name"
    return evidence.call_for(
        consumer.where(connect) if connect else None, "self.channel_layer.group_add", arguments
    )


def _joined_in_connect(evidence):
    """The change that joins, in connect(), below the line that names the group, and that line's
    place; None where connect() doesn't name it."""
    name, consumer = evidence.group.removeprefix("self."), evidence.consumer
    connect = consumer.methods.get("connect") if consumer else None
    for node in ast.walk(connect or ast.Pass()):
        if isinstance(node, ast.Assign) and name in map(last_name, node.targets):
            return consumer.where(node), below(node, _join(evidence))
    return None


@rule(needs="groups")
def echo_instead_of_group(evidence):
    """The sender heard it, the others did not: nothing went through the channel layer."""
    answers = evidence.sent("websocket.send")
    if not evidence.saw_only(Silent) or not answers:
        return None
    if evidence.layer_calls("group_send") or evidence.layer_calls("send"):
        return None
    where = evidence.place(answers[0])
    calls = [last_name(call.func) for call in evidence.nodes_at(where, ast.Call)]
    name = next((name for name in calls if name in SENDERS), "send")
    joins = any(consumer.mentions("group_add") for consumer in evidence.consumers)
    join = "" if joins else f"join its group in connect(), with `{_join(evidence)}`, and "
    return Explanation(
        f"self.{name}() reaches one browser: the one this consumer belongs to. "
        f"To reach the room, {join}send to its group instead: `{_send(evidence, where)}`",
        where,
    )


def _send(evidence, where):
    """The code that sends to the group from the place: the call of the method that does it, where
    there is one."""
    sent = evidence.mention("group_send")
    method = evidence.project.method_at(sent)
    if method and method.name not in RECEIVERS:
        return evidence.call_for(where, f"self.{method.name}", "…")
    kind = (only_handler(evidence) or "chat_message").replace("_", ".")
    event = f'{{"type": "{kind}", "message": message}}'
    return evidence.call_for(where, "self.channel_layer.group_send", f"{evidence.group}, {event}")


@rule(needs="groups")
def sent_to_one_channel(evidence):
    calls = evidence.layer_calls("send")
    if not evidence.saw_only(Silent) or evidence.layer_calls("group_send") or not calls:
        return None
    where = evidence.where_called(calls[0])
    if "!" in calls[0].group:
        said = "channel_layer.send() reaches one channel: one browser. To reach the room, send to"
        code, edit = _to_the_group(evidence, where, evidence.group)
        return Explanation(f"{said} its group: `{code}`", where, edit)
    code, edit = _to_the_group(evidence, where)
    return Explanation(
        "channel_layer.send() takes the name of one channel, but this is a "
        "group's name: no consumer reads a channel of that name. "
        f"Write `{code}`.",
        where,
        edit,
    )


def _to_the_group(evidence, where, group=None):
    """The call of send() there as one of group_send(), and the edit; with another group."""
    call, source = layer_call(evidence, where, "send"), evidence.project.source_at(where)
    if call is None:
        arguments = f"{group or evidence.group}, …"
        return evidence.call_for(where, "self.channel_layer.group_send", arguments), None
    function = re.sub(r"\bsend\b", "group_send", source.code(call.func))
    own, *others = arguments_of(source, call)
    arguments = [group or own, *others]
    code = f"{function}({', '.join(arguments)})"
    wait = "await " if evidence.project.is_async_at(where) else ""
    known = group is None or evidence.mention(group.rpartition(".")[2])
    return f"{wait}{code}", evidence.suggest(where, instead(call, code)) if known else None


@rule(needs="groups")
def joined_too_late(evidence):
    """Every group_add came with a message: a browser that only listens never joined."""
    joins = [evidence.place(call) for call in evidence.layer_calls("group_add")]
    if not evidence.saw_only(Silent) or not joins:
        return None
    methods = [evidence.project.method_at(where) for where in joins]
    if all(method and method.name in RECEIVERS for method in methods):
        return Explanation(
            "A browser joins its group only when it sends something, so "
            "one that has not sent anything gets no messages. "
            f"Move this to connect(): `{_join(evidence)}`",
            joins[0],
            _moved_to_connect(evidence, joins[0]),
        )


def _moved_to_connect(evidence, where):
    joined = _joined_in_connect(evidence)
    source = evidence.project.source_at(where)
    lines = [n for n in evidence.nodes_at(where, ast.Expr) if "group_add" in source.code(n)]
    if joined and joined[0].file == where.file and len(lines) == 1:
        return evidence.suggest(where, removed(source, lines[0]), joined[1])
    return None


@rule
def groups_set_too_late(evidence):
    """self.groups in connect(): the base class had read it before it called connect()."""
    if not evidence.saw_only(Silent) or evidence.layer_calls("group_add"):
        return None
    for consumer in evidence.consumers:
        for name in ("connect", "receive", "receive_json"):
            for node in consumer.set_on_self(name):
                if node.attr == "groups":
                    where = consumer.where(node)
                    code, edit = _joined_instead(evidence, where)
                    return Explanation(
                        "Channels joins self.groups before it calls connect(), so setting it "
                        f"{'here' if name == 'connect' else 'in ' + name + '()'} comes too late. "
                        f"In connect(), write this instead: `{code}`",
                        where,
                        edit if name == "connect" else None,
                    )


def _joined_instead(evidence, where):
    """The call that joins the only group of the list that is assigned there, and the edit."""
    for node in evidence.nodes_at(where, ast.Assign):
        groups = getattr(node.value, "elts", [])
        if len(groups) == 1:
            group = evidence.project.source_at(where).code(groups[0])
            code = evidence.call_for(
                where, "self.channel_layer.group_add", f"{group}, self.channel_name"
            )
            return code, evidence.suggest(where, instead(node, code))
    return _join(evidence), None


@rule(unless="scale")
def group_add_missing(evidence):
    """Messages go to a group that no consumer has joined."""
    if not evidence.saw_only(Silent) or not evidence.consumers:
        return None
    if evidence.layer_calls("group_add") or not evidence.layer_calls("group_send"):
        return None
    consumer = evidence.consumers[0]
    connect = consumer.methods.get("connect")
    if mentions := consumer.mentions("group_add"):
        return _not_reached(evidence, consumer, connect, mentions[0])
    joined = _joined_in_connect(evidence)
    return Explanation(
        f"{NOT_JOINED}. In connect(), add its channel: `{_join(evidence)}`",
        consumer.where(connect),
        evidence.suggest(*joined) if joined else None,
    )


def _not_reached(evidence, consumer, connect, node):
    """What to do about a group_add that did not run."""
    where, place = consumer.where(node), consumer.where(connect)
    method = consumer.method_at(where)
    if method is None or connect is None or method is connect:
        return Explanation(
            f"{NOT_JOINED}: group_add is here, but this line was not reached. "
            "It belongs in connect(self).",
            where,
        )
    call = evidence.call_for(place, f"self.{method.name}", "")
    alike = type(method) is type(connect) and len(method.args.args) == 1
    called = any(last_name(other.func) == method.name for other in calls_in(connect))
    first = [above(connect.body[0], call)] if alike and not called else []
    return Explanation(
        f"{NOT_JOINED}: {method.name}() would join it, but nothing calls it in time. "
        f"Begin connect() with `{call}`.",
        place,
        evidence.suggest(place, *first),
    )


@rule(unless="scale")
def group_joined_without_the_channel(evidence):
    """group_add with a second argument that is not the channel of this consumer."""
    if not evidence.saw_only(Silent):
        return None
    for call in evidence.layer_calls("group_add"):
        if call.channel and "!" not in call.channel:
            where = evidence.where_called(call)
            written = layer_call(evidence, where, "group_add")
            source = evidence.project.source_at(where)
            group = source.code(written.args[0]) if written else evidence.group
            code, edit = with_arguments(evidence, where, "group_add", f"{group}, self.channel_name")
            return Explanation(
                f"group_add() was given {shown(call.channel)} as the channel. A consumer's own is "
                f"self.channel_name. Write `{code}`.",
                where,
                edit,
            )
