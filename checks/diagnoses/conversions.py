"""Values that the learner's own line makes from others: dict(), int() and float(), and several
names at once."""

import ast

from checks.diagnoses.operations import a_kind
from workshop.checking.explaining.edits import after, instead
from workshop.checking.explaining.nodes import calls_in, last_name
from workshop.checking.explaining.rules import Explanation, rule

QUERY = 'parse_qs(self.scope["query_string"].decode()).get("token")'


@rule(
    raised=r"ValueError: dictionary update sequence element #\d+ has length (\d+); 2 is required"
    r"|TypeError: cannot convert dictionary update sequence element #\d+ to a sequence"
)
def dict_of_no_pairs(evidence, error, length):
    if not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    source, function = evidence.project.source_at(where), evidence.project.function_at(where)
    part = f"a part of length {length}" if length else "one that is not a pair"
    message = f"dict() builds a dictionary from pairs of a key and a value, but got {part}."
    if "query" in (source.code(function) if function else source.text).lower():
        message += (
            " An empty query string split at & leaves one empty part. "
            f"Write {QUERY}, with `from urllib.parse import "
            "parse_qs`; it returns None or a list of values."
        )
        return Explanation(message, where)
    changes = []
    for made in evidence.nodes_at(where, ast.GeneratorExp, ast.ListComp):
        split, last = made.elt, made.generators[-1]
        if getattr(getattr(split, "func", None), "attr", "") == "split" and split.args:
            condition = f"if {source.code(split.args[0])} in {source.code(split.func.value)}"
            message += f" Leave out anything that is not a pair, with `{condition}` at the end."
            changes = [after([last.iter, *last.ifs][-1], f" {condition}")]
    return Explanation(message, where, evidence.suggest(where, *changes))


@rule(
    raised=r"ValueError: (?:invalid literal for (int)\(\) with base \d+: (.+)"
    r"|could not convert string to (float): (.+))"
)
def text_is_no_number(evidence, error, whole, text, broken, other):
    if evidence.on_their_line(error):
        name = whole or broken
        given = (text or other).strip("'\"")
        shown = f'"{given}"' if given else "an empty string"
        return Explanation(
            f"{name}() was given {shown}, which is not a number. "
            f"Check where it comes from, or keep the string and remove {name}().",
            evidence.where(error),
        )


@rule(raised=r"TypeError: (int|float)\(\) argument must be .*not '(?!coroutine)(\w+)'")
def number_of_something_else(evidence, error, name, kind):
    if evidence.on_their_line(error):
        where = evidence.where(error)
        advice = "Check where the value comes from."
        if kind == "NoneType" and ".get(" in evidence.line_at(where):
            advice = ".get() returns None for what is missing. Give it a number as the default, as "
            advice += 'in .get("key", 0).'
        return Explanation(
            f"{name}() turns a string into a number, but was given {a_kind(kind)}. {advice}", where
        )


@rule(
    raised=r"ValueError: (?:(not enough) values to unpack \(expected \D*(\d+), got (\d+)\)"
    r"|(too many) values to unpack \(expected (\d+)(?:, got (\d+))?\))"
)
def unpacked_another_number(evidence, error, few, wanted, got, many, least, _):
    if not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    splits = [
        call
        for node in evidence.nodes_at(where, ast.Assign)
        for call in calls_in(node.value)
        if last_name(call.func) in ("split", "rsplit")
    ]
    advice, changes = "Check what is to the right of the =.", []
    if splits and (wanted or least) == "2":
        advice = "partition() always returns three parts: before, separator, after."
        changes = _partitioned(evidence.project.source_at(where), splits[0])
    seen = f"there is only {got}" if few else "there are more"
    if few and got != "1":
        seen = f"there are only {got}"
    suggestion = evidence.suggest(where, *changes)
    if suggestion:
        advice += f" Write:\n    {suggestion.replacement.strip()}"
    return Explanation(
        f"The names to the left of the = take {wanted or least} values, but {seen}. {advice}",
        where,
        suggestion,
    )


def _partitioned(source, split):
    """The changes of `a, b = text.split(":")` by which it is partition(); none of another form."""
    for node in source.nodes(ast.Assign):
        names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else []
        if node.value is split and len(names) == 2 and split.func.attr == "split" and split.args:
            text = source.as_written(split.func.value)
            separator = source.as_written(split.args[0])
            code = f"{text}.partition({separator})"
            return [after(names[0], ", _"), instead(split, code)]
    return []
