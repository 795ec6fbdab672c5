"""A group's name: which ones are valid, and what in the learner's code makes another."""

import ast
import re

from checks.diagnoses.groups import room_of_the_route, shown
from workshop.checking.events import LayerCall
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule

VALID = re.compile(r"[a-zA-Z0-9\-_.]{1,99}")
ALLOWED = (
    "A name may only contain ASCII letters, digits, hyphens, "
    "underscores and periods, and fewer than 100 of them."
)


@rule(raised=r"Group name must be")
def group_name_invalid(evidence, error):
    names = {call.group for call in evidence.events(LayerCall)}
    wrong = next((name for name in names if not VALID.fullmatch(name)), None)
    if wrong is None:
        return Explanation(f"That is not a valid group name. {ALLOWED}", evidence.where(error))
    said = f"{wrong if wrong.startswith('(') else shown(wrong)} is not a valid group name"
    for find in (_braces, _tuple, _characters, _value):
        if found := find(evidence, wrong):
            why, node, where, code = found
            return Explanation(
                f"{said}{why} Write `{code}`", where, evidence.suggest(where, instead(node, code))
            )
    long = f": it has {len(wrong)} characters." if len(wrong) > 99 else "."
    return Explanation(f"{said}{long} {ALLOWED}", evidence.where(error))


# What made it: why it is invalid, the node that did it, its place, and the code instead


def _braces(evidence, wrong):
    for node, where in literals(evidence):
        names = re.findall(r"\{(?:self\.)?(\w+)", str(getattr(node, "value", "")))
        if not names or node.value not in wrong:
            continue
        why = ": its braces were not replaced."
        if all(map(evidence.mention, names)):
            code = evidence.project.source_at(where).code(node)
            return f"{why} The f is missing before the quotes.", node, where, f"f{code}"
        return why, node, where, f'"{node.value.partition("{")[0]}" + {room_of_the_route(evidence)}'


def _tuple(evidence, wrong):
    for consumer in evidence.consumers:
        for node in consumer.nodes(ast.Assign):
            first = getattr(getattr(node.value, "elts", [None])[0], "value", None)
            if isinstance(node.value, ast.Tuple) and first and f"({first!r}" in wrong:
                where = consumer.where(node)
                parts = map(evidence.project.source_at(where).code, node.value.elts)
                why = ": it is a tuple, because of the comma. Join the parts with a +."
                return why, node.value, where, " + ".join(parts)


def _characters(evidence, wrong):
    for node, where in literals(evidence):
        for part in getattr(node, "values", [node]):
            text = getattr(part, "value", None)
            if not isinstance(text, str) or text not in wrong or VALID.fullmatch(text):
                continue
            odd = re.findall(r"[^a-zA-Z0-9\-_.]", text)
            right = re.sub(r"[^a-zA-Z0-9\-_.]+", "_", text)
            if odd and re.search("[a-zA-Z]", text):
                code = evidence.project.source_at(where).code(node)
                if text not in code:
                    continue
                code = code.replace(text, right)
                what = "spaces" if odd[0] == " " else f"a {odd[0]}"
                return f": it has {what} in it. {ALLOWED}", node, where, code


def _value(evidence, wrong):
    """All that the group's name is made of, where nothing of it is written out."""
    name = evidence.group.removeprefix("self.")
    made = [
        (consumer.where(node), node.value)
        for consumer in evidence.consumers
        for node in consumer.nodes(ast.Assign)
        if any(getattr(target, "attr", None) == name for target in node.targets)
    ]
    if len(made) == 1 and len(wrong) < 100 and not _has_text(made[0][1]):
        where, node = made[0]
        code = f'"chat_" + {room_of_the_route(evidence)}'
        return f". {ALLOWED}", node, where, code


def _has_text(node):
    keys = {id(n.slice) for n in ast.walk(node) if isinstance(n, ast.Subscript)}
    texts = (n for n in ast.walk(node) if isinstance(n, ast.Constant) and id(n) not in keys)
    return any(isinstance(node.value, str) for node in texts)


def literals(evidence):
    """The strings that the consumers' methods write out, f-strings as a whole, with their
    places."""
    for consumer in evidence.consumers:
        strings = list(consumer.nodes(ast.JoinedStr, ast.Constant))
        inside = {
            id(part)
            for node in strings
            for part in getattr(node, "values", ())
            if isinstance(node, ast.JoinedStr)
        }
        for node in strings:
            where = consumer.where(node)
            if id(node) not in inside and consumer.method_at(where):
                yield node, where
