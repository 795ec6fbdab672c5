"""What a browser hears of what was said before."""

import ast

from checks.step4_history.diagnoses.seen import only
from checks.step4_history.failures import Missed, NotFromHere, NotInOrder
from workshop.checking.explaining.edits import above, after, around, instead, without
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Heard, Silent


def _calls(evidence, *names):
    """(consumer, call) of these names in the consumers."""
    return [(one, call) for one in evidence.consumers for name in names for call in one.calls(name)]


def _queries(evidence):
    return _calls(evidence, "filter", "order_by", "all", "exclude")


def _reads_on_connect(evidence):
    for consumer in evidence.consumers:
        connect = consumer.methods.get("connect") or consumer.methods.get("websocket_connect")
        own = {"self", *consumer.methods} & {
            last_name(node.func)
            for node in ast.walk(connect or ast.Pass())
            if isinstance(node, ast.Call)
        }
        names = {
            last_name(node)
            for node in ast.walk(connect or ast.Pass())
            if isinstance(node, ast.Attribute)
        }
        if own - {"accept", "send", "close"} or "objects" in names:
            return True
    return False


@rule
def nothing_read_on_connect(evidence):
    if not only(evidence, Silent, Missed, NotFromHere) or _reads_on_connect(evidence):
        return None
    for consumer in evidence.consumers:
        if connect := consumer.methods.get("connect"):
            return Explanation(
                "connect() joins the group, and reads nothing of what was said before. After the "
                "join, find out where this browser goes on, keep it in self.last_id, and catch up.",
                consumer.where(connect),
            )
    return None


@rule
def read_before_joined(evidence):
    """In connect(), the call that reads comes before group_add()."""
    if not only(evidence, Missed, Silent):
        return None
    for consumer in evidence.consumers:
        joins = consumer.calls("group_add", "connect")
        reads = consumer.calls("catch_up", "connect") or [
            node
            for node in ast.walk(consumer.methods.get("connect") or ast.Pass())
            if isinstance(node, ast.AsyncFor)
        ]
        if joins and reads and reads[0].lineno < joins[0].lineno:
            where = consumer.where(reads[0])
            return Explanation(
                "connect() reads before it joins the group. What is saved in between is neither in "
                "what was read nor in any event: lost. Join first, then read.",
                where,
                evidence.suggest(where, *_joined_first(evidence, where, consumer, joins[0])),
            )
    return None


def _joined_first(evidence, where, consumer, join):
    """The changes that put the statement which joins above the one that reads."""
    reads = evidence.statement_at(where)
    joins = evidence.statement_at(consumer.where(join))
    body = consumer.methods["connect"].body if "connect" in consumer.methods else []
    if reads not in body or joins not in body:
        return []
    code = evidence.project.source_at(where).code(joins)
    return [without(joins), above(reads, code)]


@rule
def room_not_filtered(evidence):
    if not only(evidence, Missed, NotFromHere, NotInOrder, Heard):
        return None
    for consumer, call in _calls(evidence, "filter"):
        of_all = isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "objects"
        if of_all and not any(key.arg and key.arg.startswith("room") for key in call.keywords):
            code = evidence.code_at(consumer.where(call), call)
            changed = f"{code[:-1]}{', ' if call.args or call.keywords else ''}room=self.room_name)"
            where = consumer.where(call)
            return Explanation(
                f"This reads the messages of all rooms. Write `{changed}`.",
                where,
                evidence.suggest(where, instead(call, changed)),
            )
    if "another room" not in str(evidence.failure):
        return None
    found = next(iter(_queries(evidence)), None)
    return Explanation(
        "What is read is not limited to this room: "
        "`Message.objects.filter(room=self.room_name, …)`.",
        found[0].where(found[1]) if found else None,
    )


@rule
def newest_first(evidence):
    if not only(evidence, NotInOrder, NotFromHere, Heard):
        return None
    calls = _calls(evidence, "order_by")
    for consumer, call in calls:
        given = call.args[0] if call.args else None
        backwards = isinstance(given, ast.Constant) and str(given.value).startswith("-")
        in_loop = any(
            loop.lineno <= call.lineno <= loop.body[0].lineno
            for loop in consumer.nodes(ast.AsyncFor)
        )
        if (in_loop and backwards) or (isinstance(given, ast.Constant) and given.value == "?"):
            where = consumer.where(call)
            return Explanation(
                'This sends the newest message first. Write `order_by("id")`.',
                where,
                evidence.suggest(where, instead(given, '"id"')),
            )
    return None


@rule
def history_without_limit(evidence):
    if not only(evidence, NotFromHere) or "instead of the last" not in str(evidence.failure):
        return None
    found = next(iter(_queries(evidence)), None)
    return Explanation(
        f"{evidence.failure} Without ?after=, self.last_id is the id of the 51st message from the "
        'end: `newest[50:51]`, where newest is ordered by "-id".',
        found[0].where(found[1]) if found else None,
    )


@rule
def last_heard_included(evidence):
    """id__gte in place of id__gt."""
    if not only(evidence, NotInOrder, NotFromHere):
        return None
    for consumer, call in _calls(evidence, "filter"):
        for key in call.keywords:
            if key.arg == "id__gte":
                where = consumer.where(call)
                code = evidence.code_at(where, key)
                changed = code.replace("id__gte", "id__gt")
                return Explanation(
                    f"`{code}` includes the message that this browser has heard last. Write "
                    f"`{changed}`.",
                    where,
                    evidence.suggest(where, instead(key, changed)),
                )
    return None


@rule
def query_string_left_as_bytes(evidence):
    """parse_qs() of bytes has bytes for names, so "after" is not one of them."""
    if not only(evidence, NotInOrder, NotFromHere, Missed):
        return None
    for consumer, call in _calls(evidence, "parse_qs"):
        where = consumer.where(call)
        code = evidence.code_at(where, call)
        if call.args and "decode" not in code and "str(" not in code:
            return Explanation(
                'The query string is bytes, and so are the names that parse_qs() finds: b"after", '
                'which is not "after". Decode it first: '
                f"`{code[:-1]}.decode())`.",
                where,
                evidence.suggest(where, after(call.args[0], ".decode()")),
            )
    return None


@rule
def after_not_read(evidence):
    """A browser came back with ?after=, and nothing in the project reads a query string."""
    came_back = any("?after=" in line.text for line in evidence.timeline)
    if not only(evidence, NotInOrder, NotFromHere, Missed) or not came_back:
        return None
    if not _reads_on_connect(evidence):
        return None
    strings = [
        (source.where(node), node.value)
        for source in evidence.project.sources
        for node in source.nodes(ast.Constant)
    ]
    asked = [where for where, value in strings if value == "after"]
    in_the_path = [where for where in asked if "url_route" in evidence.origin(where)]
    if any(value == "query_string" for _, value in strings) and not in_the_path:
        return None
    for consumer in evidence.consumers:
        if connect := consumer.methods.get("connect"):
            return Explanation(
                "A browser that comes back says what it has heard: its address ends with ?after= "
                "and an id. Nothing here reads that. It is in the query string, in bytes: "
                '`query = parse_qs(self.scope["query_string"].decode())`, and, where it has one, '
                '`int(query["after"][0])`.',
                (in_the_path or asked or [consumer.where(connect)])[0],
            )
    return None


@rule
def last_id_shared(evidence):
    """It is kept in the class, which all browsers of this server have in common."""
    if not only(evidence, Missed, Silent, NotFromHere, NotInOrder):
        return None
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id == consumer.name
            if own and node.attr == "last_id" and isinstance(node.ctx, ast.Store):
                where = consumer.where(node)
                return Explanation(
                    "This sets last_id of the class, which all browsers of this server have in "
                    "common, and not that of this browser's consumer. Write `self.last_id`.",
                    where,
                    evidence.suggest(where, instead(node.value, "self")),
                )
    return None


@rule
def last_id_not_kept(evidence):
    """What was sent is sent again with the next event."""
    if not only(evidence, NotInOrder, Missed, NotFromHere):
        return None
    for consumer in evidence.consumers:
        loops = list(consumer.nodes(ast.AsyncFor, ast.For))
        kept = [  # in the class, too: see last_id_shared
            node.lineno
            for node in consumer.nodes(ast.Attribute)
            if node.attr == "last_id" and isinstance(node.ctx, ast.Store)
        ]
        for loop in loops:
            if not any(loop.lineno <= line <= loop.end_lineno for line in kept):
                last = loop.body[-1]
                indent = " " * last.col_offset
                target = loop.target.id if isinstance(loop.target, ast.Name) else "message"
                where = consumer.where(loop)
                return Explanation(
                    "Nobody notes what this browser has been sent, so the next event brings it "
                    f"again. In this loop, write `self.last_id = {target}.id`.",
                    where,
                    evidence.suggest(where, after(last, f"\n{indent}self.last_id = {target}.id")),
                )
    return None


@rule
def not_in_the_order_of_ids(evidence):
    if not only(evidence, NotInOrder):
        return None
    loops = [(one, loop) for one in evidence.consumers for loop in one.nodes(ast.AsyncFor)]
    found = next(iter(loops), None)
    return Explanation(
        "The messages don't come in the order of their ids. A query has no order of its own: "
        "write `.order_by(\"id\")`. And don't send what an event carries: two servers' events "
        "overtake one another. Read what is new from the database, after self.last_id.",
        found[0].where(found[1]) if found else None,
    )


@rule
def event_taken_for_the_message(evidence):
    """A message that was saved earlier and told later is skipped forever."""
    if not only(evidence, Missed) or "was slow" not in str(evidence.failure):
        return None
    found = [one for one in evidence.consumers if "chat_message" in one.methods]
    where = found[0].where(found[0].methods["chat_message"]) if found else None
    return Explanation(
        "What came with the later id was sent, and the earlier one was skipped when its event "
        "arrived, or never asked for. Don't send what the event carries: when one comes, read all "
        "that the room has after self.last_id, in the order of the ids.",
        where,
    )


@rule(raised=r"TypeError: '[<>]=?' not supported between instances of '(\w+)' and '(\w+)'")
def id_is_not_a_number(evidence, error, left, right):
    if "str" not in (left, right) and "list" not in (left, right):
        return None
    for consumer in evidence.consumers:
        for node in consumer.set_on_self():
            assigned = next(
                (
                    a
                    for a in consumer.nodes(ast.Assign)
                    if node in a.targets and node.attr == "last_id"
                ),
                None,
            )
            if (
                assigned
                and "query" in ast.unparse(assigned.value)
                and "int(" not in ast.unparse(assigned.value)
            ):
                where = consumer.where(assigned)
                code = evidence.code_at(where, assigned.value)
                if "list" in (left, right):
                    code += "[0]"
                return Explanation(
                    'What the query string has under "after" is a list of strings, and an id is a '
                    f"number. Write `int({code})`.",
                    where,
                    evidence.suggest(where, instead(assigned.value, f"int({code})")),
                )
    return None


@rule(raised=r"TypeError: int\(\) argument must be a string.* not 'list'")
def after_is_a_list(evidence, error):
    where = evidence.where(error)
    calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == "int"]
    changes = [after(calls[0].args[0], "[0]")] if len(calls) == 1 and calls[0].args else []
    return Explanation(
        "parse_qs() makes a list of what each name of the query string has, since a name may come "
        'twice. Take the first: `int(query["after"][0])`.',
        where,
        evidence.suggest(where, *changes) if changes else None,
    )


@rule(
    raised=r"(TypeError: '>' not supported between instances of 'int' and 'NoneType'"
    r"|ValueError: Cannot use None as a query value)"
)
def no_message_before(evidence, error, _):
    calls = _calls(evidence, "afirst", "first", "alast", "last")
    if not calls:
        return None
    consumer, call = calls[0]
    where = consumer.where(call)
    return Explanation(
        f"{last_name(call.func)}() returns None where there is no such message, as in a new room. "
        "Then this browser begins at 0: `… or 0`.",
        where,
        evidence.suggest(where, after(call, " or 0")),
    )


@rule(raised=r"TypeError: Cannot reorder a query once a slice has been taken")
def ordered_after_the_slice(evidence, error):
    where = evidence.where(error)
    found = [
        call
        for call in evidence.nodes_at(where, ast.Call)
        if last_name(call.func) in ("order_by", "reverse")
        and isinstance(getattr(call.func, "value", None), ast.Subscript)
    ]
    changes = []
    if len(found) == 1:
        call, cut = found[0], found[0].func.value
        query, whole = (evidence.code_at(where, node) for node in (cut.value, cut))
        order = evidence.code_at(where, call).removeprefix(whole)
        changes = [instead(call, f"{query}{order}{whole.removeprefix(query)}")]
    return Explanation(
        "A slice is the end of a query: what it cuts off depends on the order. Order first, then "
        'slice: `newest.order_by("-id")[50:51]`.',
        where,
        evidence.suggest(where, *changes),
    )


@rule(raised=r"ValueError: Negative indexing is not supported")
def counted_from_the_end(evidence, error):
    return Explanation(
        "A queryset can't be counted from its end: SQL has no such thing. Turn the order round and "
        'count from the start: of `Message.objects.filter(…).order_by("-id")`, the first is the '
        "newest, and `[50:51]` has the 51st.",
        evidence.where(error),
    )


@rule(raised=r"DoesNotExist: Message matching query does not exist")
def aget_finds_none(evidence, error):
    """aget() where there may be nothing, as in a new room."""
    where = evidence.where(error)
    found = [one for one in evidence.nodes_at(where, ast.Call) if last_name(one.func) == "aget"]
    if not found:
        return None
    changes = []
    if len(found) == 1 and not found[0].args and not found[0].keywords:
        code = evidence.code_at(where, found[0].func).removesuffix("aget")
        awaits = [a for a in evidence.nodes_at(where, ast.Await) if a.value is found[0]]
        changes = [instead(one, f"await {code}afirst() or 0") for one in awaits]
    return Explanation(
        "aget() raises where there is no such message, as in a new room. afirst() returns None "
        "then, and this browser begins at 0: `await newest[50:51].afirst() or 0`, of ids.",
        where,
        evidence.suggest(where, *changes),
    )


@rule(raised=r"SynchronousOnlyOperation: You cannot call this from an async context")
def queryset_left_its_thread(evidence, error):
    """A function for database_sync_to_async returns a queryset, which has asked nothing yet."""
    where = evidence.where(error)
    for loop in evidence.nodes_at(where, ast.For):
        called = {
            last_name(name)
            for name in ast.walk(loop.iter)
            if isinstance(name, ast.Name | ast.Attribute)
        }
        if not isinstance(loop.iter, ast.Await):
            continue
        for consumer in evidence.consumers:
            for name in called & consumer.methods.keys():
                returns = [
                    node
                    for node in ast.walk(consumer.methods[name])
                    if isinstance(node, ast.Return) and node.value
                ]
                if len(returns) == 1:
                    place = consumer.where(returns[0])
                    return Explanation(
                        f"{name}() returns a queryset, which asks the database only when somebody "
                        "goes through it: here, on the event loop. Ask in the function, where a "
                        "thread waits: `return list(…)`.",
                        place,
                        evidence.suggest(place, *around(returns[0].value, "list(", ")")),
                    )
    return None
