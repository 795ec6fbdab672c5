"""What a check's browsers lack: they are logged in as nobody, and their address is a bare path."""

import ast
import re

from checks.diagnoses.handshake import never_accepted, refusal, stopped_in_connect
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import calls_in, last_name

ANONYMOUS = "Nobody is logged in here, so the user is AnonymousUser"
OF_A_USER = re.compile(r"\['user'\]|is_authenticated|is_anonymous|AnonymousUser")


def _kept_out(evidence):
    """How a consumer did not let the browser in, the place, and the condition that led to it."""
    how, where, condition = refusal(evidence)
    if how:
        return f"turned the browser away with {how}", where, condition
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


@rule
def nobody_is_logged_in(evidence):
    how, where, condition = _kept_out(evidence)
    if condition and OF_A_USER.search(_origin_of(evidence, where, condition)):
        return Explanation(
            f"{ANONYMOUS}, and the consumer {how}, because of `{condition}`. The chat has no login "
            "yet: let everybody in until it has one.",
            where,
        )


@rule
def no_query_string_to_check(evidence):
    how, where, condition = _kept_out(evidence)
    if condition and "query_string" in _origin_of(evidence, where, condition):
        return Explanation(
            "The page opens its WebSocket without a query string, with nothing after a ?, and the "
            f"consumer {how}, because of `{condition}`. Let those in, too, who bring none.",
            where,
        )


@rule(raised=r"TypeError: 'bool' object is not callable")
def user_property_called(evidence, error):
    """Attributes since Django 1.10 (its release notes)."""
    where = evidence.where(error)
    line = evidence.line_at(where)
    if called := re.search(r"([\w.\[\]\"']*\.)?(is_authenticated|is_anonymous)\(\)", line):
        return Explanation(
            f"{called[2]} is an attribute of the user and not a method: write it without the "
            f"parentheses, {called[0].removesuffix('()')}. Nobody is logged in here, so it is "
            f"{called[2] == 'is_anonymous'}.",
            where,
        )


@rule(raised=r"AttributeError: 'AnonymousUser' object has no attribute '(\w+)'")
def anonymous_user_lacks_it(evidence, error, name):
    return Explanation(
        f'{ANONYMOUS}, which has no {name}. Ask before: if self.scope["user"].is_authenticated',
        evidence.where(error),
    )


@rule(
    raised=r"Cannot assign \"<.*(?:AnonymousUser|UserLazyObject)"
    r"|Field '\w+' expected a number but got <.*(?:AnonymousUser|UserLazyObject)"
    r"|'(?:AnonymousUser|UserLazyObject)' object is not iterable|not 'AnonymousUser'"
    r"|Django doesn't provide a DB representation for AnonymousUser"
)
def anonymous_user_in_the_database(evidence, error):
    return Explanation(
        f"{ANONYMOUS}, which is not in the database and cannot be stored or looked for there. Ask "
        'before: if self.scope["user"].is_authenticated',
        evidence.where(error),
    )


@rule(
    raised=r"can only concatenate str \(not \"NoneType\"\)|NOT NULL constraint failed: \w+\.user_id"
    r"|matching query does not exist|not 'NoneType'"
)
def anonymous_user_has_no_id(evidence, error):
    where = evidence.where(error)
    if re.search(r"user'?\]?\.(?:id|pk)\b", evidence.origin(where)):
        return Explanation(
            f'{ANONYMOUS}, whose id is None. Ask before: if self.scope["user"].is_authenticated',
            where,
        )


@rule(raised=r"PermissionDenied")
def permission_denied_in_a_consumer(evidence, error):
    """Django's own handling of it is for views (django.core.handlers.exception)."""
    where = evidence.where(error)
    if evidence.project.consumer_at(where):
        return Explanation(
            "PermissionDenied is for views: in a consumer it is only an exception. To refuse a "
            "browser, a consumer calls self.close() in connect(), or raises DenyConnection, from "
            f"channels.exceptions. {ANONYMOUS}, whom the chat must let in.",
            where,
        )
