"""Values that are read, counted or gone through as if they were of another type: on the learner's
own line."""

import ast

from checks.diagnoses.operations import a_kind
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _asked(evidence, error, *kinds):
    """What is before the brackets, or gone through, as it is written where there is only one."""
    nodes = evidence.nodes_at(evidence.where(error), *kinds)
    if len(nodes) != 1:
        return "What is read here"
    node = getattr(nodes[0], "generators", nodes)[0]
    asked = getattr(node, "iter", getattr(node, "value", node))
    return f"`{evidence.project.source_at(evidence.where(error)).code(asked)}`"


@rule(raised=r"TypeError: '(?!coroutine)([\w.]+)' object is not subscriptable")
def value_has_no_items(evidence, error, kind):
    """[ ] after a number or None; of a function, names.py knows more."""
    if not evidence.on_their_line(error) or kind in ("method", "function"):
        return None
    what = _asked(evidence, error, ast.Subscript)
    if kind == "NoneType":
        return Explanation(
            f"{what} is None, which cannot be read with square brackets. "
            f"Where it may be missing, write ({what.strip('`')} or {{}}).get(…), or check why it "
            "is.",
            evidence.where(error),
        )
    return Explanation(
        f"{what} is {a_kind(kind)}, which cannot be read with square brackets. "
        "What an object has is read with a dot: object.name",
        evidence.where(error),
    )


@rule(raised=r"TypeError: list indices must be integers or slices, not str")
def list_read_by_name(evidence, error):
    if evidence.on_their_line(error):
        return Explanation(
            f"{_asked(evidence, error, ast.Subscript)} is a "
            "list, whose items have numbers, not names. "
            "Take one item first, [0], or loop over them with for.",
            evidence.where(error),
        )


@rule(raised=r"IndexError: (list|tuple|string) index out of range")
def no_such_item(evidence, error, kind):
    if evidence.on_their_line(error):
        return Explanation(
            f"{_asked(evidence, error, ast.Subscript)} has fewer "
            "items than this line reads; they count from 0. "
            "Check what is in it, or check its length first with len(…).",
            evidence.where(error),
        )


@rule(raised=r"TypeError: '(str|tuple|bytes|\w+)' object does not support item assignment")
def value_cannot_be_changed(evidence, error, kind):
    if evidence.on_their_line(error) and kind != "coroutine":
        asked = _asked(evidence, error, ast.Subscript)
        advice = "Make a new one instead, or remove the line."
        if kind not in ("str", "bytes"):
            advice = "Turn it into a dictionary or a list first."
        return Explanation(
            f"{asked} is {a_kind(kind)}, whose parts cannot be changed. {advice}",
            evidence.where(error),
        )


@rule(
    raised=r"TypeError: (?:'(?!coroutine|async_)([\w.]+)' object is not iterable|argument of type "
    r"'(?!coroutine)(\w+)' is not (?:iterable|a container.*))"
)
def value_cannot_be_gone_through(evidence, error, gone_through, searched):
    if not evidence.on_their_line(error):
        return None
    kind = gone_through or searched
    what = _asked(evidence, error, ast.For, *COMPREHENSIONS)
    doing = "searched with `in`" if searched else "looped over"
    missing = "Check what it is."
    if kind == "NoneType":
        missing = f"Where it may be missing, write ({what.strip('`')} or [])."
        missing = "Check where it gets its value." if searched or "`" not in what else missing
    return Explanation(
        f"{'A value' if searched else what} is {a_kind(kind)}, and cannot be {doing}: that takes a "
        f"list, a dictionary or a string. {missing}",
        evidence.where(error),
    )


@rule(raised=r"TypeError: object of type '(?!coroutine)([\w.]+)' has no len\(\)")
def value_has_no_length(evidence, error, kind):
    if not evidence.on_their_line(error):
        return None
    where, given, advice = evidence.where(error), "", "Check where the value comes from."
    call = evidence.only_at(where, ast.Call, lambda node: last_name(node.func) == "len")
    if call and call.args:
        given = f", `{evidence.code_at(where, call.args[0])}`"
        if kind == "NoneType":
            code = f"len({given[3:-1]} or [])"
            advice = f"Where it may be missing, write `{code}`."
    return Explanation(
        "len() counts what is in a string, list or "
        f"dictionary, but was given {a_kind(kind)}{given}. "
        f"{advice}",
        where,
    )


@rule(raised=r"TypeError: unhashable type: '(dict|list|set)'")
def value_cannot_be_a_key(evidence, error, kind):
    if not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    braces = evidence.only_at(where, ast.Set, lambda node: len(node.elts) == 1)
    if braces and isinstance(braces.elts[0], ast.Dict):
        code = evidence.code_at(where, braces.elts[0])
        return Explanation(
            "The outer braces make a set, and a dictionary cannot be an item of a set. "
            f"Write one pair of braces: `{code}`",
            where,
            evidence.suggest(where, instead(braces, code)),
        )
    return Explanation(
        f"A {kind} cannot be a key of a dictionary or an item of a set. "
        "Use a part of it that is a string or a number. "
        "{a, b} in braces is a set; a dictionary has colons: {key: value}",
        where,
    )


@rule(raised=r"UnboundLocalError: (?:cannot access )?local variable '(\w+)'")
def name_made_too_late(evidence, error, name):
    if evidence.on_their_line(error):
        function = evidence.at(evidence.where(error)).name or "the function"
        return Explanation(
            f"{name} has no value yet when this line reads it: {function}() gives it one here, "
            f"later, or only under a condition. Give it one at the beginning: {name} = …",
            evidence.where(error),
        )


@rule(raised=r"^(?:FileNotFoundError|NotADirectoryError): \[Errno \d+\] .*")
def file_not_there(evidence, error):
    """A relative name counts from the folder in which the program was started
    (https://docs.python.org/3/library/functions.html#open)."""
    name = error.facts and error.facts.details.get("filename")
    if name and evidence.project.source_at(evidence.where(error)):
        return Explanation(
            f"There is no file {name}. "
            "A relative path starts at the folder in which manage.py was started. "
            "Put the file there, or give its whole path.",
            evidence.where(error),
        )
