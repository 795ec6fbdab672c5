"""The message came back, but not as it was sent: something was dropped, added or changed."""

import ast
import html
import json
import re

from workshop.checking.explaining.answering import how_it_is_written, reads_message
from workshop.checking.explaining.edits import instead, without
from workshop.checking.explaining.nodes import last_name, value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Changed, Heard

AS_IT_CAME = "Send the message back exactly as it came."
VALUES = {int: "number", float: "number", bool: "boolean", type(None): "null", list: "list"}


def _said_and_heard(evidence):
    """What was said and the string that came back in its place; two None where none did."""
    failure = evidence.failure
    if evidence.saw(Heard) and isinstance(failure.heard, str):
        # Where others speak, too, only what is nearly the same is the same message.
        if evidence.saw(Changed) or failure.heard.casefold() == str(failure.expected).casefold():
            return failure.expected, failure.heard
    return None, None


def quoted(text):
    """A message as it is shown: blanks at its ends and line breaks can be seen."""
    shown = text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", "⇥")
    return f"“{shown}”" if len(shown) <= 40 else f"“{shown[:39]}…”"


def _told(evidence, what, *calls):
    """The explanation, at a line that calls one of these, or else at the one that sends. Of several
    lines, the one that makes the message."""
    found = [
        (consumer.where(call), *_as_it_came(evidence, consumer.where(call), call))
        for consumer in evidence.consumers
        for name in calls
        for call in consumer.calls(name)
    ]
    for where, advice, edit in sorted(found, key=lambda one: one[2] is None):
        return Explanation(f"{what}:\n    {evidence.line_at(where)}\n{advice}", where, edit)
    return Explanation(f"{what}. {AS_IT_CAME}", evidence.where_sent())


def _as_it_came(evidence, where, node):
    """The sentence that says what to write where a part of the line changes the message, and the
    edit: the message as it was read, in place of all that is made of it."""
    assigned = [n.value for n in evidence.nodes_at(where, ast.Assign)]
    sent = [value_of(n, "message") for n in evidence.nodes_at(where, ast.Dict)]
    for whole in (*sent, *assigned):
        if whole is not None and any(child is node for child in ast.walk(whole)):
            function = evidence.project.function_at(where)
            name = how_it_is_written(function, evidence.in_group_handler(where))
            named = [n for n in ast.walk(whole) if reads_message(n) or last_name(n) == name]
            written = {evidence.code_at(where, n) for n in named}
            if len(written) == 1:
                (code,) = written
                changed = evidence.code_at(where, whole)
                return (
                    f"{AS_IT_CAME} Write `{code}` instead of `{changed}`.",
                    evidence.suggest(where, instead(whole, code)),
                )
    return AS_IT_CAME, None


@rule(needs="chat")
def blanks_dropped(evidence):
    said, heard = _said_and_heard(evidence)
    if said is None:
        return None
    if heard in (said.strip(), said.lstrip(), said.rstrip()) or heard.split() == said.split():
        return _told(
            evidence,
            f"{quoted(said)} came back as {quoted(heard)}: spaces or line breaks were dropped",
            "strip",
            "lstrip",
            "rstrip",
            "split",
            "splitlines",
        )


@rule(needs="chat")
def letters_changed(evidence):
    said, heard = _said_and_heard(evidence)
    if said is not None and heard.casefold().strip() == said.casefold().strip():
        what = f"{quoted(said)} came back as {quoted(heard)}: its capitalization was changed"
        return _told(evidence, what, "upper", "lower", "capitalize", "title", "swapcase")


@rule(needs="chat")
def message_escaped(evidence):
    """For HTML: the page shows a message as text, so nothing has to be escaped."""
    said, heard = _said_and_heard(evidence)
    if said is None:
        return None
    without_tags = re.sub(r"<[^>]*>", "", said)
    if html.unescape(heard) == said or heard == without_tags:
        what = f"{quoted(said)} came back as {quoted(heard)}: it was escaped for HTML"
        names = ("escape", "conditional_escape", "strip_tags", "clean", "format_html")
        found = _told(evidence, what, *names)
        message = f"{found.message} The page inserts it as text, so nothing needs escaping."
        return Explanation(message, found.where, found.suggestion)


@rule(needs="chat")
def message_cut(evidence):
    said, heard = _said_and_heard(evidence)
    if not heard or not said.startswith(heard):
        return None
    if said[len(heard)] == "\n":
        what = f"Only the first line of {quoted(said)} came back"
        return _told(evidence, what, "splitlines", "split", "partition")
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Subscript):
            if isinstance(node.slice, ast.Slice):
                where = consumer.where(node)
                advice, edit = _as_it_came(evidence, where, node)
                return Explanation(
                    f"Only the first {len(heard)} of {len(said)} characters came back. {advice}",
                    where,
                    edit,
                )
    return _told(evidence, f"Only the first {len(heard)} of {len(said)} characters came back")


@rule(needs="chat")
def characters_dropped(evidence):
    """What is not ASCII was dropped, or written in another way."""
    said, heard = _said_and_heard(evidence)
    if said is None or said.isascii():
        return None
    ways = ("ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace")
    written = [said.encode("ascii", way).decode() for way in ways]
    if heard in (*written, json.dumps(said)[1:-1]):
        what = f"{quoted(said)} came back as {quoted(heard)}: characters outside ASCII were lost"
        return _told(evidence, what, "encode", "ascii", "normalize")


@rule(needs="chat")
def text_added(evidence):
    """A literal of the learner's next to the message."""
    said, heard = _said_and_heard(evidence)
    if not said or said == heard or said not in heard:
        return None
    added = [part.strip() for part in heard.split(said, 1) if part.strip()]
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Constant):
            if isinstance(node.value, str) and any(part in node.value for part in added):
                where = consumer.where(node)
                advice, edit = _as_it_came(evidence, where, node)
                return Explanation(
                    f"{quoted(said)} came back as {quoted(heard)}: this line adds to it. {advice}",
                    where,
                    edit,
                )
    return None


@rule(needs="chat")
def empty_message_replaced(evidence):
    """`message or "nothing"`"""
    said, heard = _said_and_heard(evidence)
    for consumer in evidence.consumers if said is not None and not said.strip() else ():
        for node in consumer.nodes(ast.Constant):
            if heard.strip() and node.value == heard:
                what = "A blank message" if said else "An empty message"
                where = consumer.where(node)
                advice, edit = _as_it_came(evidence, where, node)
                return Explanation(
                    f"{what} came back as {quoted(heard)}: this line replaces it. {advice}",
                    where,
                    edit,
                )
    return None


@rule(needs="chat")
def text_made_a_value(evidence):
    heard = getattr(evidence.failure, "heard", "")
    kind = VALUES.get(type(heard))
    if evidence.saw(Changed) and kind:
        what = (
            f"The text {quoted(evidence.failure.expected)} came back as "
            f"{json.dumps(heard)}, a JSON {kind}, instead of a string"
        )
        return _told(evidence, what, "int", "float", "literal_eval", "isdigit")


@rule(needs="chat")
def message_changed(evidence):
    if not evidence.saw(Changed):
        return None
    where = evidence.where_sent()
    function = evidence.project.function_at(where)
    given = [n for n in ast.walk(function or ast.Pass()) if isinstance(n, ast.Assign)]
    sent = {last_name(value_of(n, "message")) for n in evidence.nodes_at(where, ast.Dict)}
    named = [node for node in given if last_name(node.targets[0]) in sent - {None}]
    if len(named) == 2 and reads_message(named[0].value):
        again = evidence.project.source_at(where).where(named[1])
        return Explanation(
            f"{evidence.failure.message} This line gives {last_name(named[1].targets[0])} another "
            f"value before it is sent. {AS_IT_CAME} Remove the line.",
            again,
            evidence.suggest(again, without(named[1])),
        )
    return Explanation(f"{evidence.failure.message} {AS_IT_CAME}", where)
