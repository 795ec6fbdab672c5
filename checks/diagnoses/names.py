"""Names that Python could not find, and values that it could not call."""

import ast
import builtins
import difflib
import importlib
import re
import sys

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name


@rule
def name_unknown(evidence):
    found = evidence.error(r"NameError: name '(\w+)' is not defined")
    if found is None:
        return None
    name, where = found.message.split("'")[1], evidence.where(found)
    source = evidence.project.source_at(where)
    known = {node.id for node in source.nodes(ast.Name) if node.id != name} if source else set()
    known |= {*source.imports, *(n.arg for n in source.nodes(ast.arg))} if source else set()
    near = difflib.get_close_matches(name, known, 1, 0.75)
    advice = (
        f"Did you mean {near[0]}?"
        if near
        else "Look at its spelling, and whether it wants self. in front or an import above."
    )
    return Explanation(
        f"The name {name} is used here, but nothing of that name was made before. {advice}",
        where,
    )


@rule
def attribute_unknown(evidence):
    """What stands after a dot in a line of the attendee's, and is not there. Of self. in a consumer
    groups.py knows more."""
    found = evidence.error(r"^AttributeError: (module '|'\w+' object)")
    parts = re.findall(r"'([\w.]+)'", found.message) if found else ()
    if len(parts) < 2 or not _on_their_line(evidence, found):
        return None
    owner, name = parts[0], parts[-1]
    if any(consumer.name == owner for consumer in evidence.project.consumers):
        return None
    kind = "module" if found.message.startswith("module") else "class"
    known = _names_of(evidence, kind, owner)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    where = evidence.where(found)
    if (owner, name) in ALREADY:
        return Explanation(f"{ALREADY[owner, name]}: take .{name}() away.", where)
    if owner == "dict" and not near:
        return Explanation(
            f'The values of a dictionary are read in square brackets: ["{name}"].', where
        )
    if not near and (kind == "class" and hasattr(builtins, owner) or not known):
        return None  # it is another thing than was thought: why, only the line's author can see
    advice = f"Did you mean {near[0]}?" if near else "Look at its spelling."
    return Explanation(f"{owner} has nothing called {name}. {advice}", where)


ALREADY = {
    ("str", "decode"): "This is text already, and no bytes",
    ("bytes", "encode"): "These are bytes already",
}


def _names_of(evidence, kind, owner):
    """What is known to be in a module or in objects of a class, without running the attendee's."""
    if kind == "module":
        source = evidence.project.source(owner)
        if source:
            targets = [t for n in source.nodes(ast.Assign) for t in n.targets]
            names = {last_name(target) for target in targets}
            return source.functions | {n.name for n in source.nodes(ast.ClassDef)} | names - {None}
        standard = owner.partition(".")[0] in sys.stdlib_module_names
        return set(dir(importlib.import_module(owner))) if standard else set()
    if hasattr(builtins, owner):
        return {name for name in dir(getattr(builtins, owner)) if not name.startswith("__")}
    for _, node in evidence.project.classes:
        if node.name == owner:
            attributes = [n for n in ast.walk(node) if isinstance(n, ast.Attribute)]
            stored = {n.attr for n in attributes if isinstance(n.ctx, ast.Store)}
            return stored | {getattr(child, "name", None) for child in node.body} - {None}
    return set()


# Values that are called


@rule
def thread_given_a_result(evidence):
    found = evidence.error(NOT_CALLABLE)
    if found is None or _on_their_line(evidence, found):
        return None
    where = evidence.where(found)
    for call in evidence.nodes_at(where, ast.Call):
        place = {"to_thread": 0, "run_in_executor": 1}.get(last_name(call.func))
        given = call.args[place] if place is not None and len(call.args) > place else None
        if isinstance(given, ast.Call):
            name = ast.unparse(given.func)
            return Explanation(
                f"{name}() was called before the thread was there, and the thread was given its "
                f"result. Give it the function, without brackets: await asyncio.to_thread({name})",
                where,
            )


@rule
def called_what_is_no_function(evidence):
    found = evidence.error(NOT_CALLABLE)
    if found is None or not _on_their_line(evidence, found):
        return None
    where = evidence.where(found)
    kind = re.search(NOT_CALLABLE, found.text)[1]
    calls = evidence.nodes_at(where, ast.Call)
    what = ast.unparse(calls[0].func) if len(calls) == 1 else "What stands before the brackets"
    advice = (
        "What is in it is read in square brackets: [ ]."
        if kind in ("dict", "list", "tuple", "str")
        else "Or was another name meant?"
    )
    return Explanation(
        f"{what} is a value (of type {kind}) and no function: the round brackets call it. {advice}",
        where,
    )


@rule
def function_read_like_a_value(evidence):
    kinds = "builtin_function_or_method|method|function"
    found = evidence.error(rf"^TypeError: '({kinds})' object is not subscriptable")
    if found and _on_their_line(evidence, found):
        return Explanation(
            "What stands before the square brackets is a function. Call it with round ones: "
            'data.get("message"), or read the value itself: data["message"].',
            evidence.where(found),
        )


@rule(raised=r"^TypeError: can only concatenate str \(not \"(\w+)\"\) to str")
def text_and_something_added(evidence, error, name):
    return Explanation(
        f"On one side of this + is a text and on the other a value of type {name}. Take the part "
        'of it that is text, of a dictionary ["room_name"] say, or make a text of it with str().',
        evidence.where(error),
    )


@rule
def environment_variable_missing(evidence):
    found = evidence.error(r"^KeyError: '\w+'")
    where = found and evidence.where(found)
    source = evidence.project.source_at(where)
    if source and "environ[" in source.line(where.line) and found is evidence.errors[0]:
        name = found.message.strip("'")
        return Explanation(
            f"The environment has no variable {name}. Look at its spelling, and give a value for "
            f'where it is not set: os.environ.get("{name}", "…")',
            where,
        )


NOT_CALLABLE = r"^TypeError: '(?!coroutine)([\w.]+)' object is not callable"


def _on_their_line(evidence, found):
    """Whether the attendee's own line raised it, and it was the first thing to go wrong."""
    return found is evidence.errors[0] and evidence.raised_by_them(found)
