"""Values that are read, counted or gone through as if they were of another type: on the learner's
own line."""

import ast

from checks.diagnoses.operations import a_kind
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
            f"{what} is None, and square brackets read from a dictionary, list or string. "
            "Look at where it gets its value: .get() answers None for what is missing.",
            evidence.where(error),
        )
    return Explanation(
        f"{what} is {a_kind(kind)}, from which square brackets cannot read. "
        "What an object has is read with a dot: object.name",
        evidence.where(error),
    )


@rule(raised=r"TypeError: list indices must be integers or slices, not str")
def list_read_by_name(evidence, error):
    if evidence.on_their_line(error):
        return Explanation(
            f"{_asked(evidence, error, ast.Subscript)} is a list, whose items have numbers, not "
            "names. Take one item first, [0], or go through them with for.",
            evidence.where(error),
        )


@rule(raised=r"IndexError: (list|tuple|string) index out of range")
def no_such_item(evidence, error, kind):
    if evidence.on_their_line(error):
        return Explanation(
            f"{_asked(evidence, error, ast.Subscript)} has fewer items than this line reads; they "
            "count from 0. Look at what is in it, or ask first with len(…).",
            evidence.where(error),
        )


@rule(raised=r"TypeError: '(str|tuple|bytes|\w+)' object does not support item assignment")
def value_cannot_be_changed(evidence, error, kind):
    if evidence.on_their_line(error) and kind != "coroutine":
        return Explanation(
            f"{_asked(evidence, error, ast.Subscript)} is {a_kind(kind)}, whose parts cannot be "
            "set. Make a dictionary or a list of it first.",
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
    doing = "searched with `in`" if searched else "gone through"
    missing = "Look at where it gets its value." if kind == "NoneType" else "Look at what it is."
    return Explanation(
        f"{'A value' if searched else what} is {a_kind(kind)}, and cannot be {doing}: that takes a "
        f"list, a dictionary or a string. {missing}",
        evidence.where(error),
    )


@rule(raised=r"TypeError: object of type '(?!coroutine)([\w.]+)' has no len\(\)")
def value_has_no_length(evidence, error, kind):
    if evidence.on_their_line(error):
        return Explanation(
            f"len() counts what is in a string, list or dictionary, and was given {a_kind(kind)}. "
            "Look at where the value comes from.",
            evidence.where(error),
        )


@rule(raised=r"TypeError: unhashable type: '(dict|list|set)'")
def value_cannot_be_a_key(evidence, error, kind):
    if evidence.on_their_line(error):
        return Explanation(
            f"A {kind} cannot be a key of a dictionary or an item of a set. "
            "Use a part of it that is a string or a number. "
            "{a, b} in braces is a set; a dictionary has colons: {key: value}",
            evidence.where(error),
        )


@rule(raised=r"UnboundLocalError: (?:cannot access )?local variable '(\w+)'")
def name_made_too_late(evidence, error, name):
    if evidence.on_their_line(error):
        function = evidence.at(evidence.where(error)).name or "the function"
        return Explanation(
            f"{name} is given a value in {function}() later, or only under a condition, so it had "
            f"none at this line. Give it one at the beginning: {name} = …",
            evidence.where(error),
        )


@rule(raised=r"^(?:FileNotFoundError|NotADirectoryError): \[Errno \d+\] .*")
def file_not_there(evidence, error):
    """A relative name counts from the folder in which the program was started
    (https://docs.python.org/3/library/functions.html#open)."""
    name = error.facts and error.facts.details.get("filename")
    if name and evidence.project.source_at(evidence.where(error)):
        return Explanation(
            f"There is no file {name}. A relative name counts from the folder in which manage.py "
            'was started: give the whole path, BASE_DIR / "…" with settings.BASE_DIR.',
            evidence.where(error),
        )
