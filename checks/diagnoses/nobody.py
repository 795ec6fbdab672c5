"""What a check's browsers lack: they are logged in as nobody, and their address is a bare path."""

import ast
import re

from checks.diagnoses.handshake import never_accepted, refusal, stopped_in_connect
from workshop.checking.explaining.edits import instead, removed, under, unwrapped
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule

ANONYMOUS = "Nobody is logged in here, so the user is AnonymousUser"
USER = 'self.scope["user"].is_authenticated'
OF_A_USER = re.compile(r"\['user'\]|is_authenticated|is_anonymous|AnonymousUser")


def _kept_out(evidence):
    """How a consumer did not let the browser in, the place, and the condition that led to it."""
    how, where, condition = refusal(evidence)
    if how:
        return f"rejected the connection with {how}", where, condition
    consumer = never_accepted(evidence) or stopped_in_connect(evidence)
    method = consumer and consumer.methods.get("connect")
    for node in ast.walk(method or ast.Pass()):
        accepts = any(last_name(call.func) == "accept" for call in calls_in(node))
        leaves = isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return | ast.Raise)
        if isinstance(node, ast.If) and (accepts or leaves):
            why = f"if {ast.unparse(node.test)}"
            return "ended connect() without accept()", consumer.where(node), why
    return None, None, None


def _origin_of(evidence, where, condition):
    """What the condition of an `if` around a place comes from, with the condition itself."""
    source = evidence.project.source_at(where)
    lines = range(where.line, 0, -1) if source and where and where.line else ()
    above = next((n for n in lines if source.line(n).startswith(("if ", "elif "))), None)
    origin = evidence.origin(type(where)(where.file, above)) if above else ""
    return f"{condition}\n{origin}"


@rule(unless="people")
def nobody_is_logged_in(evidence):
    how, where, condition = _kept_out(evidence)
    if condition and OF_A_USER.search(_origin_of(evidence, where, condition)):
        shown, cure, edit = _let_in(evidence, where, condition)
        return Explanation(
            f"{ANONYMOUS}, and the consumer {how}, because of `{shown}`. "
            "The chat has no login yet, and accepts everyone. "
            f"{cure}",
            where,
            edit,
        )


def _let_in(evidence, where, condition):
    """The condition as it is written, what to do with its `if`, and the edit."""
    around = [n for n in evidence.nodes_at(where, ast.If) if not n.orelse]
    if not around:
        return condition, "Accept them without it.", None
    node, source = max(around, key=lambda node: node.lineno), evidence.project.source_at(where)
    shown = f"if {source.code(node.test)}"
    if any(last_name(call.func) == "accept" for call in calls_in(node)):
        edit = evidence.suggest(where, unwrapped(source, node))
        return shown, "Remove this `if`, and keep what is in it.", edit
    return (
        shown,
        "Remove this `if`, along with what is in it.",
        evidence.suggest(where, removed(source, node)),
    )


@rule
def no_query_string_to_check(evidence):
    how, where, condition = _kept_out(evidence)
    if condition and "query_string" in _origin_of(evidence, where, condition):
        shown, cure, edit = _let_in(evidence, where, condition)
        return Explanation(
            "The page opens its WebSocket without a query string (nothing "
            f"after a ?), and the consumer {how}, because of `{shown}`. "
            f"{cure}",
            where,
            edit,
        )


@rule(raised=r"TypeError: 'bool' object is not callable")
def user_property_called(evidence, error):
    """Attributes since Django 1.10 (its release notes)."""
    where = evidence.where(error)
    line = evidence.line_at(where)
    if called := re.search(r"([\w.\[\]\"']*\.)?(is_authenticated|is_anonymous)\(\)", line):
        source = evidence.project.source_at(where)
        calls = [n for n in evidence.nodes_at(where, ast.Call) if last_name(n.func) == called[2]]
        return Explanation(
            f"{called[2]} is an attribute of the user, not a method: write it "
            f"without the parentheses, {called[0].removesuffix('()')}. "
            f"Nobody is logged in here, so it is {called[2] == 'is_anonymous'}.",
            where,
            evidence.suggest(where, *[instead(call, source.code(call.func)) for call in calls]),
        )


@rule(raised=r"AttributeError: 'AnonymousUser' object has no attribute '(\w+)'")
def anonymous_user_lacks_it(evidence, error, name):
    return _only_for_users(evidence, f"{ANONYMOUS}, which has no {name}.", evidence.where(error))


def _only_for_users(evidence, said, where):
    """What was said of the user, and the edit that runs the line only for users; none where what
    the line sets is read elsewhere."""
    source, consumer = evidence.project.source_at(where), evidence.project.consumer_at(where)
    lines = evidence.nodes_at(where, ast.Expr, ast.Assign) if consumer else []
    names = [last_name(target) for node in lines for target in getattr(node, "targets", ())]
    read = any(len(consumer.mentions(name)) > 1 for name in names if name)
    edits = [under(source, node, USER) for node in lines if len(lines) == 1 and not read]
    return Explanation(
        f"{said} Remove this line, or run it only `if {USER}:`",
        where,
        evidence.suggest(where, *edits),
    )


@rule(
    raised=r"Cannot assign \"<.*(?:AnonymousUser|UserLazyObject)"
    r"|Field '\w+' expected a number but got <.*(?:AnonymousUser|UserLazyObject)"
    r"|'(?:AnonymousUser|UserLazyObject)' object is not iterable|not 'AnonymousUser'"
    r"|Django doesn't provide a DB representation for AnonymousUser"
)
def anonymous_user_in_the_database(evidence, error):
    return _only_for_users(
        evidence,
        f"{ANONYMOUS}, which is not in the database and cannot be stored or looked up there.",
        evidence.where(error),
    )


@rule(
    raised=r"can only concatenate str \(not \"NoneType\"\)|NOT NULL constraint failed: \w+\.user_id"
    r"|matching query does not exist|not 'NoneType'"
)
def anonymous_user_has_no_id(evidence, error):
    where = evidence.where(error)
    if re.search(r"user'?\]?\.(?:id|pk)\b", evidence.origin(where)):
        return _only_for_users(evidence, f"{ANONYMOUS}, whose id is None.", where)


@rule(raised=r"PermissionDenied")
def permission_denied_in_a_consumer(evidence, error):
    """Django's own handling of it is for views (django.core.handlers.exception)."""
    where = evidence.where(error)
    if evidence.project.consumer_at(where):
        source = evidence.project.source_at(where)
        raises = evidence.nodes_at(where, ast.Raise)
        return Explanation(
            "PermissionDenied is for views: in a consumer it is an exception like any other. "
            f"{ANONYMOUS}, and the chat accepts everyone. "
            "Remove this `raise`, and the `if` that leads to it.",
            where,
            evidence.suggest(where, *[removed(source, node) for node in raises]),
        )
