"""Who is on the list, and who should be."""

import ast
import re

from checks.step5_people.diagnoses.seen import calls, methods, names_in
from checks.step5_people.failures import WrongPeople
from workshop.checking.explaining.edits import after, around, below, instead
from workshop.checking.explaining.nodes import values_in
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

CONTAINERS = (ast.List, ast.Set, ast.Dict, ast.Call, ast.ListComp, ast.SetComp, ast.DictComp)
_OF_FEWER = re.compile(r"channel|pk$|id$|seen__l")  # one row, or of nobody who is here
TELL = 'await self.channel_layer.group_send(self.room_group_name, {"type": "people.changed"})'


def _lists(evidence):
    """(consumer, method) that makes the list."""
    return methods(evidence, "people_changed")


def _filters(evidence):
    return [
        (consumer, call)
        for consumer, method in _lists(evidence)
        for call in calls(method, "filter")
    ]


def _seen(evidence):
    """The list that was seen, of those who were not all here."""
    return evidence.failure.seen if evidence.saw_only(WrongPeople) else None


@rule
def stay_awaited(evidence):
    """await self.stay(): connect() never ends."""
    if not evidence.saw(Silent, WrongPeople):
        return None
    for consumer, method in methods(evidence, "arrive", "connect"):
        for node in ast.walk(method):
            if isinstance(node, ast.Await) and calls(node.value, "stay"):
                if calls(node.value, "create_task", "ensure_future", "wait_for"):
                    continue
                where, (stay, *_) = consumer.where(node), calls(node.value, "stay")
                code = f"self.staying = asyncio.create_task({evidence.code_at(where, stay)})"
                alone = node.value is stay or len(getattr(node.value, "args", ())) == 1
                return Explanation(
                    "stay() never ends, so this line is never left, and no frame is read. Make it "
                    f"a task, which runs beside the consumer: `{code}`",
                    where,
                    evidence.suggest(where, instead(node, code)) if alone else None,
                )
    return None


@rule
def stay_not_started(evidence):
    """self.stay() alone: awaiting it would not help."""
    if not evidence.never_awaited(r"\.stay$"):
        return None
    for consumer, method in methods(evidence, "arrive", "connect"):
        for call in calls(method, "stay"):
            where = consumer.where(call)
            code = f"self.staying = asyncio.create_task({evidence.code_at(where, call)})"
            return Explanation(
                "stay() was called, and nothing runs it. Awaiting it would stop this consumer, for "
                f"it never ends: make it a task. `{code}`",
                where,
                evidence.suggest(where, instead(call, code)),
            )
    return None


@rule(raised=r"TypeError: a coroutine was expected, got <(?:bound method|function)")
def task_of_a_method(evidence, error):
    where = evidence.where(error)
    for call in evidence.nodes_at(where, ast.Call):
        if calls(call, "create_task") and call.args and not isinstance(call.args[0], ast.Call):
            code = evidence.code_at(where, call.args[0])
            return Explanation(
                f"A task runs a coroutine, which is what the call of a method returns: `{code}()`",
                where,
                evidence.suggest(where, after(call.args[0], "()")),
            )
    return None


@rule
def nobody_arrives(evidence):
    """The room is not told that someone has come."""
    if not evidence.saw_only(WrongPeople):
        return None
    sent = [call for call in evidence.layer_calls("group_send") if call.type == "people.changed"]
    found = methods(evidence, "arrive")
    if not found or any("people.changed" in names_in(method) for _, method in found):
        return None
    if sent and evidence.failure.seen is None:
        return None
    consumer, arrive = found[0]
    return Explanation(
        "Nobody is told that someone has come. When a tab arrives, note it with "
        f"`await self.note_presence()`, and tell the room: `{TELL}`",
        consumer.where(arrive),
    )


@rule
def people_not_asked_for(evidence):
    if _seen(evidence) != []:
        return None
    for consumer, method in _lists(evidence):
        if not names_in(method) & {"objects", "presence", "presence_set"}:
            return Explanation(
                "people_changed() sends an empty list. Who is here is in the table of Presence: "
                "the rows of this room that were seen since Presence.oldest().",
                consumer.where(method),
            )
    return None


@rule
def people_in_memory(evidence):
    """The list is made of a variable that only the consumers of this process have."""
    if not evidence.saw_only(WrongPeople) or _seen(evidence) is None:
        return None
    for consumer, method in _lists(evidence):
        names = names_in(method)
        kept = [
            name
            for name, assigned in consumer.source.values + consumer.class_values
            if name in names and isinstance(assigned.value, CONTAINERS)
        ]
        if kept and not names & {"objects", "presence", "presence_set"}:
            return Explanation(
                f"{kept[0]} is a variable of this process: it does not know who is connected to "
                "another server, nor who has left with one. Who is here is in the table of "
                "Presence: the rows of this room that were seen since Presence.oldest().",
                consumer.where(method),
            )
    return None


@rule
def tabs_counted(evidence):
    seen = _seen(evidence)
    if not seen or len(seen) == len({*map(str, seen)}):
        return None
    for consumer, method in _lists(evidence):
        for call in calls(method, "values_list", "values"):
            where = consumer.where(call)
            return Explanation(
                "Someone with two tabs has two rows, and is here once. Write `.distinct()` after "
                "this, or make a set of the names before you sort them.",
                where,
                evidence.suggest(where, after(call, ".distinct()")),
            )
    return None


@rule
def people_in_tuples(evidence):
    """values_list() without flat=True."""
    seen = _seen(evidence)
    if not seen or not all(isinstance(one, list) and len(one) == 1 for one in seen):
        return None
    for consumer, method in _lists(evidence):
        for call in calls(method, "values_list"):
            where = consumer.where(call)
            return Explanation(
                "values_list() returns a tuple for each row, also for one field. Write "
                "`flat=True` as its last argument.",
                where,
                evidence.suggest(where, after(call.args[-1], ", flat=True")) if call.args else None,
            )
    return None


@rule
def people_in_dictionaries(evidence):
    """values() in place of values_list()."""
    seen = _seen(evidence)
    if not seen or not all(isinstance(one, dict) for one in seen):
        return None
    found = [(one, call) for one, method in _lists(evidence) for call in calls(method, "values")]
    consumer, call = found[0] if found else (None, None)
    where, code = consumer.where(call) if call else None, 'values_list("user__username", flat=True)'
    changed = f"{evidence.code_at(where, call.func.value)}.{code}" if call else ""
    return Explanation(
        "The list has dictionaries instead of names: values() makes one for each row. Write "
        f"`{code}`.",
        where,
        evidence.suggest(where, instead(call, changed)) if call else None,
    )


@rule
def people_by_their_ids(evidence):
    seen = _seen(evidence)
    if not seen or not all(isinstance(one, int) for one in seen):
        return None
    for consumer, method in _lists(evidence):
        for node in ast.walk(method):
            if isinstance(node, ast.Constant) and node.value in ("user", "user_id"):
                where, code = consumer.where(node), '"user__username"'
                return Explanation(
                    "The list has numbers instead of names: the row has the user's id. Two "
                    f"underscores lead to the user's own fields: `{code}`.",
                    where,
                    evidence.suggest(where, instead(node, code)),
                )
    return None


@rule
def people_not_in_order(evidence):
    seen = _seen(evidence)
    expected = evidence.failure.expected if seen else None
    if not seen or seen == expected or sorted(map(str, seen)) != expected:
        return None
    for consumer, method in _lists(evidence):
        for call in calls(method, "order_by"):
            given = call.args[0] if call.args else None
            if isinstance(given, ast.Constant) and str(given.value).startswith("-"):
                where = consumer.where(call)
                code = f'"{given.value[1:]}"'
                return Explanation(
                    f"The minus turns the order around. Write `order_by({code})`.",
                    where,
                    evidence.suggest(where, instead(given, code)),
                )
        if calls(method, "order_by", "sorted", "sort"):
            continue
        for call in calls(method, "values_list"):
            where = consumer.where(call)
            code = '.order_by("user__username")'
            return Explanation(
                "The right people, and in an order of their own: a query has none. Write "
                f"`{code}` after this.",
                where,
                evidence.suggest(where, after(call, code)),
            )
    return None


def _with_keyword(code: str, call: ast.Call, keyword: str) -> str:
    """The code of a call, with one keyword argument more."""
    given = code[:-1].rstrip(", ")
    return f"{given}, {keyword})" if call.args or call.keywords else f"{given}{keyword})"


@rule
def people_of_all_rooms(evidence):
    seen = _seen(evidence)
    if not seen or not {*map(str, seen)} - {"ana", "ben"}:
        return None
    for consumer, call in _filters(evidence):
        if not any(key.arg == "room" for key in call.keywords):
            where = consumer.where(call)
            changed = _with_keyword(evidence.code_at(where, call), call, "room=self.room_name")
            return Explanation(
                f"This lists the people of all rooms. Write `{changed}`.",
                where,
                evidence.suggest(where, instead(call, changed)),
            )
    return None


@rule
def expired_are_listed(evidence):
    seen = _seen(evidence)
    if not seen or not {*map(str, seen)} > {*map(str, evidence.failure.expected)}:
        return None
    for consumer, call in _filters(evidence):
        if not any((key.arg or "").startswith("seen") for key in call.keywords):
            where = consumer.where(call)
            code = evidence.code_at(where, call)
            changed = _with_keyword(code, call, "seen__gte=Presence.oldest()")
            return Explanation(
                "Someone is listed who is gone: when a server is killed, nothing deletes the rows "
                f"of its tabs. Ask for those that are renewed: `{changed}`",
                where,
                evidence.suggest(where, instead(call, changed)) if call.keywords else None,
            )
    return None


@rule
def expiry_the_wrong_way_round(evidence):
    """seen__lt in place of seen__gte."""
    if not evidence.saw_only(WrongPeople):
        return None
    for consumer, call in _filters(evidence):
        for key in call.keywords:
            if key.arg in ("seen__lt", "seen__lte"):
                where = consumer.where(call)
                code = evidence.code_at(where, key)
                changed = code.replace(key.arg, "seen__gte")
                return Explanation(
                    f"`{code}` asks for those who are gone. Write `{changed}`.",
                    where,
                    evidence.suggest(where, instead(key, changed)),
                )
    return None


@rule
def task_not_kept(evidence):
    """disconnect() looks at self.staying, which is None."""
    if not evidence.saw_only(WrongPeople):
        return None
    for consumer, method in methods(evidence, "arrive", "connect"):
        for statement in ast.walk(method):
            if not isinstance(statement, ast.Expr):
                continue
            if calls(statement, "create_task", "ensure_future") and calls(statement, "stay"):
                where = consumer.where(statement)
                code = evidence.code_at(where, statement.value)
                return Explanation(
                    "Nothing holds this task, so disconnect() finds none to cancel: whoever has "
                    f"left stays on the list. Write `self.staying = {code}`.",
                    where,
                    evidence.suggest(where, *around(statement.value, "self.staying = ", "")),
                )
    return None


@rule
def nobody_stays(evidence):
    """stay() is not started: whoever is here expires."""
    if not evidence.saw_only(WrongPeople):
        return None
    for consumer, method in methods(evidence, "arrive"):
        if "stay" not in names_in(method) and calls(method, "note_presence", "group_send"):
            where, code = consumer.where(method), "self.staying = asyncio.create_task(self.stay())"
            return Explanation(
                "Nobody renews what was noted, and disconnect() deletes nothing: stay() was not "
                f"started. Write `{code}`.",
                where,
                evidence.suggest(where, below(method.body[-1], code)),
            )
    return None


@rule
def other_tabs_deleted(evidence):
    """A tab that is closed deletes more rows than its own."""
    seen = _seen(evidence)
    if seen is None or not {*map(str, evidence.failure.expected)} > {*map(str, seen)}:
        return None
    for consumer in evidence.consumers:
        for rows in [rows for method in consumer.methods.values() for rows in _deleted(method)]:
            asked_for = [node.arg or "" for node in ast.walk(rows) if isinstance(node, ast.keyword)]
            if "Presence" not in names_in(rows) or any(map(_OF_FEWER.match, asked_for)):
                continue
            found = calls(rows, "filter", "all")
            where = consumer.where(rows)
            changed = "Presence.objects.filter(channel=self.channel_name)"
            return Explanation(
                "This deletes the rows of other tabs, too. Each tab has a row of its own, which "
                f"has its channel: `{changed}`.",
                where,
                evidence.suggest(where, instead(rows, changed)) if found == [rows] else None,
            )
    return None


def _deleted(method):
    """What is deleted in the method: the query, where a name stands for it or for one of its rows,
    too."""
    named = [(name, assigned.value) for name, assigned in values_in(ast.walk(method))]
    named += [
        (node.target.id, node.iter)
        for node in ast.walk(method)
        if isinstance(node, ast.For | ast.AsyncFor) and isinstance(node.target, ast.Name)
    ]
    for call in calls(method, "delete", "adelete"):
        on = getattr(call.func, "value", call.func)
        meant = [value for name, value in named if isinstance(on, ast.Name) and on.id == name]
        yield from meant or [on]
