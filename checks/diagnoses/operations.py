"""What an operation on the learner's own line wants, and did not get.

The exceptions are Python's own (https://docs.python.org/3/library/exceptions.html); what is on the
line is read from its syntax tree.
"""

import ast

from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule

KINDS = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "dict": "a dictionary",
    "NoneType": "None",
    "bytes": "bytes",
    "PosixPath": "a path",
    "WindowsPath": "a path",
}
OPERATORS = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}


def a_kind(name):
    """The type in words."""
    return KINDS.get(name, f"of type {name}")


def _operands(evidence, error, operator):
    """The only operation of that sort on the line: its two sides as they are written, or words for
    them."""
    nodes = evidence.nodes_at(evidence.where(error), ast.BinOp, ast.AugAssign)
    found = [node for node in nodes if isinstance(node.op, OPERATORS.get(operator, ()))]
    if len(found) != 1:
        return None, "what is on the left", "what is on the right"
    node = found[0]
    code = evidence.project.source_at(evidence.where(error)).code
    left = getattr(node, "left", getattr(node, "target", None))
    right = getattr(node, "right", getattr(node, "value", None))
    return left, f"`{code(left)}`", f"`{code(right)}`"


OPERANDS = r"TypeError: unsupported operand type\(s\) for (\S+?)=?: '(\w+)' and '(\w+)'"


@rule(raised=OPERANDS)
def operator_meant_for_percent(evidence, error, operator, left, right):
    """ "chat_%s" & name: another operator before what is to be filled in."""
    template, shown, value = _operands(evidence, error, operator)
    text = getattr(template, "value", None)
    if operator != "%" and isinstance(text, str) and "%" in text and evidence.on_their_line(error):
        where = evidence.where(error)
        code = f"{shown.strip('`')} % {value.strip('`')}"
        whole = evidence.only_at(where, ast.BinOp, lambda node: node.left is template)
        return Explanation(
            f"{operator} does not fill in the {text[text.index('%') :][:2]} of a string; % does. "
            f"Write `{code}`.",
            where,
            whole and evidence.suggest(where, instead(whole, code)),
        )


@rule(raised=OPERANDS)
def operands_do_not_fit(evidence, error, operator, left, right):
    if not evidence.on_their_line(error) or "coroutine" in (left, right):
        return None
    _, first, second = _operands(evidence, error, operator)
    kinds = {left, right}
    if "NoneType" in kinds:
        missing = first if left == "NoneType" else second
        advice = f"Check where {missing} gets its value: .get() returns None for what is missing."
    elif operator == "/" and kinds == {"str"}:
        advice = "Only paths are joined with /: start with Path(…), from pathlib import Path."
    elif kinds == {"dict"}:
        advice = "Two dictionaries are joined with |."
    elif kinds == {"str"}:
        advice = "Strings are joined with +, or filled into an f-string."
    elif "str" in kinds:
        advice = "Turn the number into a string with str(…)."
    else:
        advice = "Convert both to the same type."
    return Explanation(
        f"{operator} does not work here: {first} is {a_kind(left)}, {second} is {a_kind(right)}. "
        f"{advice}",
        evidence.where(error),
    )


@rule(
    raised=r"^TypeError: (?:can only concatenate (\w+) \(not \"(?!coroutine)([\w.]+)\"\) to \w+"
    r"|can't concat (\w+) to (bytes))"
)
def text_and_something_added(evidence, error, left, right, added, to_bytes):
    _, first, second = _operands(evidence, error, "+")
    left, right = (to_bytes, added) if to_bytes else (left, right)
    where, edit = evidence.where(error), None
    if "NoneType" in right:
        advice = f"Check where {second} gets its value."
    elif "bytes" in (left, right):
        advice = f"Turn {first if left == 'bytes' else second} into a string with .decode()."
    elif left == "list":
        advice = "To add one item, put it in square brackets, or call .append(…)."
    elif right in ("dict", "list"):
        advice = 'Take the part of it that is a string, such as ["room_name"].'
    elif "bytes" in (left, right):
        advice = f"Turn {first if left == 'bytes' else second} into a string with .decode()."
    else:
        code = f"str({second.strip('`')})"
        whole = evidence.only_at(where, ast.BinOp, lambda node: isinstance(node.op, ast.Add))
        edit = whole and evidence.suggest(where, instead(whole.right, code))
        advice = (
            (f"Turn it into a string: `{code}`.")
            if whole
            else ("Turn it into a string with str(…).")
        )
    return Explanation(
        f"+ cannot join these two: {first} is {a_kind(left)}, {second} is {a_kind(right)}. "
        f"{advice}",
        where,
        edit,
    )


@rule(
    raised=r"TypeError: '(\S+)' not supported between instances of '(?!coroutine)(\w+)' and "
    r"'(?!coroutine)(\w+)'"
)
def compared_unlike_things(evidence, error, operator, left, right):
    if evidence.on_their_line(error):
        advice = "Convert both to the same type before you compare them."
        if {left, right} == {"str", "int"}:
            advice = "Compare its length, len(…), or turn the string into a number, int(…)."
        return Explanation(
            f"{operator} cannot compare these two: the left side is {a_kind(left)}, the right side "
            f"is {a_kind(right)}. {advice}",
            evidence.where(error),
        )


# Strings that are filled in


@rule(
    raised=r"TypeError: (not (?:all|enough) arguments (?:converted|for format string))"
    r"|IndexError: (Replacement index \d+ out of range)"
)
def placeholders_do_not_match(evidence, error, percent, braces):
    if evidence.on_their_line(error):
        return Explanation(
            f"The string has {'a different number of' if percent else 'more'} placeholders than "
            "it has values. "
            'Use an f-string, with each value in its place: f"{name}: {message}".',
            evidence.where(error),
        )


@rule(raised=r"TypeError: sequence item \d+: expected str instance, (?!coroutine)(\w+) found")
def joined_what_is_not_text(evidence, error, kind):
    if not evidence.on_their_line(error):
        return None
    where, advice, edit = evidence.where(error), "str(item) for item in …", None
    call = evidence.only_at(where, ast.Call, lambda node: last_name(node.func) == "join")
    if call and len(call.args) == 1 and not isinstance(call.args[0], ast.GeneratorExp):
        advice = f"str(item) for item in {evidence.code_at(where, call.args[0])}"
        edit = evidence.suggest(where, instead(call.args[0], advice))
    return Explanation(
        f"join() joins strings, but one of its items is {a_kind(kind)}. "
        f"Turn them into strings first: `.join({advice})`.",
        where,
        edit,
    )
