"""What is said and not saved, or saved twice."""

import ast

from checks.step4_history.diagnoses.seen import only
from checks.step4_history.failures import (
    LoopStopped,
    Lost,
    Missed,
    NotAnswered,
    StoredTwice,
    TakenForOne,
    ToldBeforeSaved,
)
from workshop.checking.explaining.edits import above, instead, instead_of_all
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent

SAVING = ("aget_or_create", "acreate", "asave", "aupdate_or_create", "abulk_create")
SAVING += tuple(name.removeprefix("a") for name in SAVING)


def savings(evidence):
    """The calls that save, in the consumers: (consumer, call)."""
    return [
        (one, call) for one in evidence.consumers for name in SAVING for call in one.calls(name)
    ]


@rule
def nothing_is_saved(evidence):
    if not only(evidence, NotAnswered, Lost) or savings(evidence):
        return None
    found = next(iter(evidence.receivers), None)
    where = found[0].where(found[1]) if found else None
    return Explanation(
        "What is said is passed on and not saved. Save it first, with "
        "`message, _ = await Message.objects.aget_or_create(fields, client_id=client_id)`, and "
        "answer with its id.",
        where,
    )


@rule
def told_before_saved(evidence):
    """The event is sent in a line above the one that saves."""
    if not only(evidence, ToldBeforeSaved, Silent, Missed):
        return None
    for consumer, saves in savings(evidence):
        for tells in consumer.calls("group_send", "receive"):
            if tells.lineno < saves.lineno:
                return Explanation(
                    "The others are told before the message is saved. They ask the database at "
                    "once, and it may not be there yet. Save first, and call group_send() after "
                    "that.",
                    consumer.where(tells),
                )
    return None


@rule(raised=r"TypeError: '[<>]=?' not supported between instances of 'NoneType' and 'int'")
def message_made_and_not_saved(evidence, error):
    """Its id is None, and the event carries that."""
    made = [(one, call) for one in evidence.consumers for call in one.calls("Message")]
    if not made or savings(evidence):
        return None
    consumer, call = made[0]
    where = consumer.where(call)
    statement = evidence.statement_at(where)
    changes = []
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name, source = statement.targets[0].id, evidence.project.source_at(where)
        fields = ", ".join(source.code(given) for given in call.args)
        keywords = [key for key in call.keywords if key.arg is None]
        own = [key for key in call.keywords if key.arg == "client_id"]
        if not fields and len(keywords) == len(own) == 1 and len(call.keywords) == 2:
            given, client_id = source.code(keywords[0].value), source.code(own[0].value)
            code = (
                f"{name}, _ = await Message.objects.aget_or_create({given}, client_id={client_id})"
            )
            changes = [instead(statement, code)]
    return Explanation(
        "The message was made and not saved, so it has no id. aget_or_create() makes and saves it, "
        "unless there is one with this client_id: "
        "`message, _ = await Message.objects.aget_or_create(fields, client_id=client_id)`",
        where,
        evidence.suggest(where, *changes) if changes else None,
    )


@rule
def client_id_not_saved(evidence):
    """Each time it is said, it gets a new id; or all have the same empty client_id."""
    if not only(evidence, StoredTwice, NotAnswered):
        return None
    if evidence.saw(NotAnswered) and "UNIQUE constraint" not in str(evidence.failure):
        return None
    for consumer, call in savings(evidence):
        if not _names_client_id(consumer, call):
            return Explanation(
                "The message is saved without the client_id of its frame, so what is said again "
                "cannot be told from something new. Look it up by that, and save it with that: "
                "`await Message.objects.aget_or_create(fields, client_id=client_id)`.",
                consumer.where(call),
            )
    return None


def _names_client_id(consumer, saving):
    """Whether it is among the arguments: as a keyword, in a dictionary that has a name, or of the
    message that is saved."""
    given = [saving.func.value, *saving.args, *(key.value for key in saving.keywords)]
    names = {node.id for node in given if isinstance(node, ast.Name)}
    made = [
        node.value
        for node in consumer.nodes(ast.Assign)
        if names & {target.id for target in node.targets if isinstance(target, ast.Name)}
    ]
    written = {key.arg for call in (saving, *made) for key in getattr(call, "keywords", ())}
    for each in (*given, *made):
        if isinstance(each, ast.Dict):
            written |= {getattr(key, "value", None) for key in each.keys}
    return "client_id" in written


@rule(raised=r"IntegrityError: UNIQUE constraint failed: (\w+)\.client_id")
def client_id_sent_again(evidence, error, table):
    return _once(evidence, evidence.where(error))


@rule
def resent_is_an_error(evidence):
    """Its IntegrityError was caught, and told."""
    if not only(evidence, NotAnswered) or "UNIQUE constraint" not in str(evidence.failure):
        return None
    if client_id_not_saved.find(evidence):
        return None
    found = savings(evidence)
    return _once(evidence, found[0][0].where(found[0][1]) if found else None)


def _once(evidence, where):
    calls = [c for c in evidence.nodes_at(where, ast.Call) if last_name(c.func) == "acreate"]
    changes = []
    if len(calls) == 1 and calls[0].keywords and not calls[0].args:
        statement, source = evidence.statement_at(where), evidence.project.source_at(where)
        names = {key.arg: key.value for key in calls[0].keywords}
        ours = isinstance(statement, ast.Assign) and len(statement.targets) == 1
        own, given = names.pop("client_id", None), names.get(None)
        if own and ours and isinstance(statement.targets[0], ast.Name):
            fields = source.code(given) if given and len(names) == 1 else None
            if fields is None and None not in names:
                pairs = (f'"{key}": {source.code(value)}' for key, value in names.items())
                fields = f"{{{', '.join(pairs)}}}"
            if fields:
                manager = source.code(calls[0].func.value)
                code = f"{manager}.aget_or_create({fields}, client_id={source.code(own)})"
                target = statement.targets[0]
                changes = [instead(target, f"{target.id}, _"), instead(calls[0], code)]
    return Explanation(
        "The same client_id came again, because its browser had not heard of an answer. That is "
        "not an error: find the message that is there, and answer with its id. aget_or_create() "
        "does both: it takes the client_id, and the other fields as its `defaults`.",
        where,
        evidence.suggest(where, *changes) if changes else None,
    )


@rule(raised=r"KeyError: 'client_id'")
def client_id_demanded(evidence, error):
    where = evidence.where(error)
    asked = evidence.lookup(error)
    changes = []
    if asked and isinstance(asked.value, ast.Name):
        changes = _or_a_new_one(evidence, where, asked, f'{asked.value.id}.get("client_id")')
    return Explanation(
        "A frame may come without a client_id, as from step 3's page, and that closed its "
        "sender's WebSocket. Give it a new one then: "
        '`client_id = content.get("client_id") or uuid4().hex`',
        where,
        evidence.suggest(where, *changes) if changes else None,
    )


@rule
def client_id_left_empty(evidence):
    """get() without a value of its own: the database doesn't take None."""
    if not only(evidence, NotAnswered):
        return None
    if "NOT NULL constraint" not in str(evidence.failure):
        return None
    return _made_if_missing(
        evidence,
        "A frame may come without a client_id. Then get() returns None, which the database does "
        "not take. ",
    )


@rule
def one_client_id_for_all(evidence):
    """get() with a fixed value: all that comes without one is taken for the same message."""
    if not only(evidence, TakenForOne):
        return None
    return _made_if_missing(
        evidence,
        f"{evidence.failure} What comes without a client_id needs a new one each time. ",
    )


def _made_if_missing(evidence, what):
    for consumer, receiver in evidence.receivers:
        nodes = list(ast.walk(receiver))
        complete = [
            value for node in nodes if isinstance(node, ast.BoolOp) for value in node.values
        ]
        for call in nodes:
            if not isinstance(call, ast.Call) or call in complete or last_name(call.func) != "get":
                continue
            if [getattr(one, "value", None) for one in call.args[:1]] == ["client_id"]:
                where = consumer.where(call)
                code = evidence.code_at(where, call.func)
                changes = _or_a_new_one(evidence, where, call, f'{code}("client_id")')
                return Explanation(
                    f'{what}Write `{code}("client_id") or uuid4().hex`, with uuid4 from uuid.',
                    where,
                    evidence.suggest(where, *changes),
                )
    return None


def _or_a_new_one(evidence, where, node, asked):
    source = evidence.project.source_at(where)
    changes = [instead(node, f"{asked} or uuid4().hex")]
    if not _imports(source, "uuid4"):
        first = next(source.nodes(ast.Import, ast.ImportFrom))
        changes.append(above(first, "from uuid import uuid4"))
    return changes


def _imports(source, name):
    return any(
        name == (alias.asname or alias.name)
        for node in source.nodes(ast.Import, ast.ImportFrom)
        for alias in node.names
    )


@rule(raised=r"OperationalError: database is locked")
def database_error_not_caught(evidence, error):
    where = evidence.where(error)
    return Explanation(
        "The database was locked for longer than the timeout, and the exception closed the "
        "sender's WebSocket. Catch it around the line that saves, `except DatabaseError as "
        'error:` (from django.db), and send the browser {"error": …, "client_id": …}.',
        where,
        evidence.suggest(where, *_caught(evidence, where)),
    )


def _caught(evidence, where):
    """The changes that put try and except around the statement which saves."""
    statement, source = evidence.statement_at(where), evidence.project.source_at(where)
    saves = [call for _, call in savings(evidence) if call.lineno == where.line]
    own = [key.value for call in saves for key in call.keywords if key.arg == "client_id"]
    awaited = isinstance(getattr(statement, "value", None), ast.Await)
    if len(own) != 1 or not awaited or not isinstance(statement, ast.Assign):
        return []
    changes = [
        instead_of_all(
            [statement],
            f"try:\n    {source.code(statement)}\nexcept DatabaseError as error:\n"
            f'    answer = {{"error": str(error), "client_id": {source.code(own[0])}}}\n'
            "    await self.send(text_data=json.dumps(answer))\n    return",
        )
    ]
    if not _imports(source, "DatabaseError"):
        first = next(source.nodes(ast.Import, ast.ImportFrom))
        changes.append(above(first, "from django.db import DatabaseError"))
    return changes


@rule
def query_on_the_loop(evidence):
    if not only(evidence, LoopStopped):
        return None
    consumer, call = next(iter(savings(evidence)), (None, None))
    where = consumer.where(call) if consumer else None
    changes = []
    if call and evidence.at(where).is_async and not last_name(call.func).startswith("a"):
        method = last_name(call.func)
        code = evidence.code_at(where, call.func).removesuffix(method)
        changes = [instead(call.func, f"await {code}a{method}")]
    return Explanation(
        "While a message waited for the database, this server did nothing else: the query runs on "
        "the event loop. Use the method with an a prefix, and await it; a function of your own "
        "goes through `await database_sync_to_async(function)(…)`.",
        where,
        evidence.suggest(where, *changes),
    )


@rule(raised=r"AttributeError: 'bool' object has no attribute '(\w+)'")
def pair_the_other_way_round(evidence, error, name):
    for consumer, call in savings(evidence):
        where = consumer.where(call)
        statement = evidence.statement_at(where)
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        second, first = (evidence.code_at(where, one) for one in target.elts)
        return Explanation(
            f"{last_name(call.func)}() returns the message first, and then whether it is new. "
            f"Write `{first}, {second} = …`.",
            where,
            evidence.suggest(where, instead(target, f"{first}, {second}")),
        )
    return None


@rule(raised=r"AttributeError: 'tuple' object has no attribute '(\w+)'")
def pair_not_unpacked(evidence, error, name):
    for consumer, call in savings(evidence):
        if last_name(call.func) not in ("aget_or_create", "aupdate_or_create"):
            continue
        where = consumer.where(call)
        statement = evidence.statement_at(where)
        changes = []
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            target = statement.targets[0]
            changes = [instead(target, f"{target.id}, _")]
        return Explanation(
            f"{last_name(call.func)}() returns two values: the message, and whether it is new. "
            "Write `message, _ = …`.",
            where,
            evidence.suggest(where, *changes) if changes else None,
        )
    return None
