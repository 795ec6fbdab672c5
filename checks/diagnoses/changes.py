"""The message came back, and is not what was said: what was dropped from it, added or changed."""

import ast
import html
import json
import re

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Changed

AS_IT_CAME = "Send the message back as it came, whatever is in it."
VALUES = {int: "number", float: "number", bool: "boolean", type(None): "null", list: "list"}


def _said_and_heard(evidence):
    """What was said and the string that came back in its place; two None where none did."""
    if evidence.saw(Changed) and isinstance(evidence.failure.heard, str):
        return evidence.failure.expected, evidence.failure.heard
    return None, None


def quoted(text):
    """A message as it is shown: blanks at its ends and line breaks can be seen."""
    shown = text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", "⇥")
    return f"“{shown}”" if len(shown) <= 40 else f"“{shown[:39]}…”"


def _told(evidence, what, *calls):
    """The explanation, at a line that calls one of these, or else at the one that sends."""
    for consumer in evidence.consumers:
        for name in calls:
            if found := consumer.calls(name):
                line = evidence.line_at(consumer.where(found[0]))
                return Explanation(f"{what}:\n    {line}\n{AS_IT_CAME}", consumer.where(found[0]))
    return Explanation(f"{what}. {AS_IT_CAME}", evidence.where_sent())


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
        what = f"{quoted(said)} came back as {quoted(heard)}: its capitals were changed"
        return _told(evidence, what, "upper", "lower", "capitalize", "title", "swapcase")


@rule(needs="chat")
def message_escaped(evidence):
    """For HTML: the page shows a message as text, so nothing has to be escaped."""
    said, heard = _said_and_heard(evidence)
    if said is None:
        return None
    without_tags = re.sub(r"<[^>]*>", "", said)
    if html.unescape(heard) == said or heard == without_tags:
        what = f"{quoted(said)} came back as {quoted(heard)}: it was changed for HTML"
        names = ("escape", "conditional_escape", "strip_tags", "clean", "format_html")
        found = _told(evidence, what, *names)
        return Explanation(f"{found.message} The page inserts it as text.", found.where)


@rule(needs="chat")
def message_cut(evidence):
    said, heard = _said_and_heard(evidence)
    if not heard or not said.startswith(heard):
        return None
    if said[len(heard)] == "\n":
        what = f"Of {quoted(said)} only the first line came back"
        return _told(evidence, what, "splitlines", "split", "partition")
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Subscript):
            if isinstance(node.slice, ast.Slice):
                return Explanation(
                    f"Only the first {len(heard)} of {len(said)} characters came back. "
                    f"{AS_IT_CAME}",
                    consumer.where(node),
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
        what = f"{quoted(said)} came back as {quoted(heard)}: what is not ASCII was lost"
        return _told(evidence, what, "encode", "ascii", "normalize")


@rule(needs="chat")
def text_added(evidence):
    """A literal of the learner's beside the message."""
    said, heard = _said_and_heard(evidence)
    if not said or said == heard or said not in heard:
        return None
    added = [part.strip() for part in heard.split(said, 1) if part.strip()]
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Constant):
            if isinstance(node.value, str) and any(part in node.value for part in added):
                return Explanation(
                    f"{quoted(said)} came back as {quoted(heard)}: this line adds to it. "
                    f"{AS_IT_CAME}",
                    consumer.where(node),
                )
    return None


@rule(needs="chat")
def empty_message_replaced(evidence):
    """`message or "nothing"`"""
    said, heard = _said_and_heard(evidence)
    for consumer in evidence.consumers if said is not None and not said.strip() else ():
        for node in consumer.nodes(ast.Constant):
            if heard.strip() and node.value == heard:
                what = "A message of blanks" if said else "An empty message"
                return Explanation(
                    f"{what} came back as {quoted(heard)}: this line puts it there. {AS_IT_CAME}",
                    consumer.where(node),
                )
    return None


@rule(needs="chat")
def text_made_a_value(evidence):
    heard = getattr(evidence.failure, "heard", "")
    kind = VALUES.get(type(heard))
    if evidence.saw(Changed) and kind:
        what = (
            f"The text {quoted(evidence.failure.expected)} came back as {json.dumps(heard)}, "
            f"a JSON {kind}, where a string belongs"
        )
        return _told(evidence, what, "int", "float", "literal_eval", "isdigit")


@rule(needs="chat")
def message_changed(evidence):
    if evidence.saw(Changed):
        return Explanation(f"{evidence.failure.message} {AS_IT_CAME}", evidence.where_sent())
