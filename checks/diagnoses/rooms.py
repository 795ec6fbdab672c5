"""Whether the consumers of one room, and only they, use one group, once for each message."""

import ast
import re

from checks.diagnoses.group_names import literals
from checks.diagnoses.groups import layer_call, room_of_the_route, shown, with_first
from checks.diagnoses.leaving import without_line
from workshop.checking.events import LayerCall
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name, mentions, on_self
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Heard, HeardTwice, Silent

DISCARD = "group_discard"
JOIN = ("self.channel_layer.group_add", "self.room_group_name, self.channel_name")


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
        own, where = _of_one_browser(evidence)
        return Explanation(
            "For the same room, one server joins the group "
            f"{shown(first)}, the other {shown(second)}. "
            + (
                f"`{own}` is of one browser, and a group is for all of the room. "
                if own
                else "hash(), id() and random numbers differ from process to process. "
            )
            + f'Build the name from the room\'s name only: "chat_" + {room_of_the_route(evidence)}',
            where or evidence.mention("hash") or evidence.mention("group_add"),
            None if own else _without_hash(evidence),
        )


OF_ONE_BROWSER = re.compile(r"\b(user|username|session|session_key|client|channel_name)\b")


def _of_one_browser(evidence):
    """What each browser has for itself and the group's name is made of, and where."""
    where = evidence.where_called(evidence.layer_calls("group_add")[0])
    join = layer_call(evidence, where, "group_add")
    group = join.args[0] if join and join.args else None
    made = [(group, where)] if group else []
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Assign):
            if group and ast.unparse(node.targets[0]) == ast.unparse(group):
                made.append((node.value, consumer.where(node)))
    for value, place in made:
        for node in ast.walk(value):
            if isinstance(node, ast.Attribute | ast.Subscript | ast.Name):
                code = evidence.code_at(place, node)
                if OF_ONE_BROWSER.search(code):
                    return code, place
    return None, None


def _without_hash(evidence):
    """The edit that writes what is hashed in place of str(hash(…))."""
    where = evidence.mention("hash")
    source = evidence.project.source_at(where)
    for call in evidence.nodes_at(where, ast.Call):
        inner = call.args[0] if call.args and last_name(call.func) == "str" else None
        if isinstance(inner, ast.Call) and last_name(inner.func) == "hash" and inner.args:
            return evidence.suggest(where, instead(call, source.code(inner.args[0])))
    return None


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
            return _for_each_its_own(evidence, consumer, node)
        for name, node in () if failed else consumer.changed_on_class():
            return Explanation(
                f"{name} is on the class, so all consumers of this process share it, those of "
                "every room and every browser. What belongs to one socket is set in connect(): "
                f"self.{name} = …",
                consumer.where(node),
            )


def _for_each_its_own(evidence, consumer, node):
    """What to write in place of an attribute of the class that a method sets."""
    written, where = ast.unparse(node), consumer.where(node)
    same = [n for n in consumer.nodes(ast.Attribute) if ast.unparse(n) == written]
    numbers = sorted({n.lineno for n in same})
    lines = f" on lines {', '.join(map(str, numbers))}" if len(numbers) > 1 else ""
    here = [n for n in same if consumer.where(n).file == where.file]
    return Explanation(
        f"{written} is on the class, so all consumers of this process share it, and the last one "
        f"to set it decides. Write self.{node.attr}{lines}.",
        where,
        evidence.suggest(where, *[instead(n, f"self.{n.attr}") for n in here]),
    )


@rule
def state_in_a_global(evidence):
    """A variable of the module, which the last browser to connect sets for all."""
    if not evidence.saw_only(Heard, Silent) or not evidence.layer_calls("group_send"):
        return None
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Global):
            name = node.names[0]
            return Explanation(
                f"{name} is a variable of the module: all consumers of this process share it, and "
                "the last one to set it decides. What belongs to one socket is an attribute: write "
                f"`self.{name.lower()}` everywhere, without `global`.",
                consumer.where(node),
            )
    return None


@rule(unless="scale")
def group_names_differ(evidence):
    """What was joined and what was sent to, as the channel layer was told."""
    joined = {call.group for call in evidence.layer_calls("group_add")}
    sends = evidence.layer_calls("group_send")
    if not evidence.saw_only(Silent) or not joined or not sends:
        return None
    if joined & {call.group for call in sends}:
        return None
    where = evidence.where_called(sends[0])
    join = evidence.where_called(evidence.layer_calls("group_add")[0])
    written = layer_call(evidence, join, "group_add")
    group = written.args[0] if written and on_self(written.args[0]) else None
    name = f"self.{group.attr}" if group else evidence.group
    code, edit = with_first(evidence, where, "group_send", name)
    return Explanation(
        f"The consumer joins the group {shown(sorted(joined)[0])} and sends to the group "
        f"{shown(sends[0].group)}. Use the same name for both: `{code}`",
        where,
        edit if group else None,
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
                where = consumer.where(node)
                leaving = consumer.methods.get("disconnect")
                leaves = leaving and mentions(leaving, DISCARD)
                cure = "Remove this line" if leaves else "Move it to disconnect()"
                return Explanation(
                    f"The consumer leaves its group here, in {method.name}(), while its browser is "
                    f"still in the room. {cure}.",
                    where,
                    without_line(evidence, where, DISCARD) if leaves else None,
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
                where, name = consumer.where(call), last_name(call.func)
                return Explanation(
                    f"The sender gets it twice: once from self.{name}() here, "
                    "and once from the group, which it is also in. "
                    f"Remove this self.{name}().",
                    where,
                    without_line(evidence, where, name),
                )
    for consumer in evidence.consumers:
        sends = consumer.mentions("group_send")
        for again in sends:
            where = consumer.where(again)
            if evidence.in_group_handler(where):
                return Explanation(
                    "What came from the group is sent to the group again, so it goes round without "
                    "end. A handler sends it to its own browser only. Remove this line.",
                    where,
                    without_line(evidence, where, "group_send"),
                )
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
            return _with_the_rooms_name(evidence, next(iter(calls.values())))


def _with_the_rooms_name(evidence, call):
    """What to write so that the group that was joined is the room's."""
    room = room_of_the_route(evidence)
    said = f"Every room joins the same group, {shown(call.group)}. Its name must contain the room's"
    if where := _groups_on_the_class(evidence):
        return Explanation(
            f"{said}, and a list on the class cannot. Remove it, and write in connect(): "
            f'`self.room_group_name = "chat_" + {room}`, and then '
            f"`{evidence.call_for(where, *JOIN)}`",
            where,
        )
    named = [(n, place) for n, place in _given(evidence) if getattr(n, "value", "") == call.group]
    node, where = named[0] if len(named) == 1 else (None, None)
    code = f'"{call.group}_" + {room}'
    return Explanation(
        f"{said}: write `{code}` instead of {shown(call.group)}.",
        where or evidence.where_called(call),
        evidence.suggest(where, instead(node, code)) if node else None,
    )


def _given(evidence):
    """The strings that are all of what a name is given, or of what a method returns."""
    kinds = ast.Assign, ast.AnnAssign, ast.Return
    values = {id(n.value) for c in evidence.consumers for n in c.nodes(*kinds)}
    return [(node, where) for node, where in literals(evidence) if id(node) in values]


def _groups_on_the_class(evidence):
    """The place of the `groups` that a consumer's class has."""
    for consumer in evidence.consumers:
        for name, node in consumer.class_values:
            if name == "groups":
                return consumer.where(node)
    return None


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
                groups = evidence.teaches("groups")
                return Explanation(
                    f"{name} is one list for all consumers of this process, those of every room. "
                    + (
                        _BY_GROUP
                        if groups
                        else _BY_ITSELF.format(evidence.answer(_loop(consumer)).code)
                    ),
                    consumer.source.where(shared[name]),
                )


_BY_ITSELF = "A consumer only answers its own browser: instead of the loop, write `{}`."
_BY_GROUP = (
    "Another server's consumers are not in it. "
    "Use the room's group instead: join it in connect() with "
    "group_add(), and send to it in receive() with group_send()."
)


def _loop(consumer):
    """The place of the loop over the consumers."""
    return next((consumer.where(node) for node in consumer.nodes(ast.For, ast.AsyncFor)), None)
