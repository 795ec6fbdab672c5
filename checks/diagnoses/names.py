"""Names that Python could not find, and values that it could not call."""

import ast
import builtins
import importlib
import sys

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import last_name
from workshop.checking.explaining.spelling import nearest

ALREADY = {
    ("str", "decode"): "This is a string already, not bytes",
    ("bytes", "encode"): "This is already bytes",
}
NOT_CALLABLE = r"^TypeError: '(?!coroutine)([\w.]+)' object is not callable"


@rule(raised=r"NameError: name '(\w+)' is not defined")
def name_unknown(evidence, error, name):
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    known = {node.id for node in source.nodes(ast.Name) if node.id != name} if source else set()
    known |= {*source.imports, *(n.arg for n in source.nodes(ast.arg))} if source else set()
    near = nearest(name, known, 0.75)
    advice = (
        f"Did you mean {near}?"
        if near
        else "Look at its spelling, and whether it wants self. in front or an import above."
    )
    return Explanation(
        f"The name {name} is used here, but nothing of that name was made before. {advice}",
        where,
    )


@rule(raised=r"^AttributeError: (module )?'([\w.]+)'(?: object)? has no attribute '(\w+)'")
def attribute_unknown(evidence, error, module, owner, name):
    """What comes after a dot in a line of the learner's, and is not there. Of self. in a consumer
    groups.py knows more."""
    theirs = any(consumer.name == owner for consumer in evidence.project.consumers)
    if theirs or not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    known = _in_module(evidence, owner) if module else _in_class(evidence, owner)
    near = nearest(name, known)
    if (owner, name) in ALREADY:
        return Explanation(f"{ALREADY[owner, name]}: remove .{name}().", where)
    if owner == "dict" and not near:
        return Explanation(
            f'The values of a dictionary are read in square brackets: ["{name}"].', where
        )
    if not near and (not module and hasattr(builtins, owner) or not known):
        return None  # it is another thing than was thought: why, only the line's author can see
    advice = f"Did you mean {near}?" if near else "Look at its spelling."
    return Explanation(f"{owner} has nothing called {name}. {advice}", where)


def _in_module(evidence, name):
    """What is known to be in a module, without running the learner's."""
    source = evidence.project.source(name)
    if source:
        targets = [target for node in source.nodes(ast.Assign) for target in node.targets]
        classes = {node.name for node in source.nodes(ast.ClassDef)}
        return source.functions | classes | {last_name(target) for target in targets} - {None}
    standard = name.partition(".")[0] in sys.stdlib_module_names
    return set(dir(importlib.import_module(name))) if standard else set()


def _in_class(evidence, name):
    """What is known to be in objects of a class, without running the learner's."""
    if hasattr(builtins, name):
        return {known for known in dir(getattr(builtins, name)) if not known.startswith("__")}
    found = evidence.project.class_named(name)
    if found is None:
        return set()
    attributes = [node for node in ast.walk(found[1]) if isinstance(node, ast.Attribute)]
    stored = {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    return stored | {getattr(child, "name", None) for child in found[1].body} - {None}


# Values that are called


@rule(raised=NOT_CALLABLE)
def thread_given_a_result(evidence, error, kind):
    where = evidence.where(error)
    for call in evidence.nodes_at(where, ast.Call) if not evidence.on_their_line(error) else ():
        place = {"to_thread": 0, "run_in_executor": 1}.get(last_name(call.func))
        given = call.args[place] if place is not None and len(call.args) > place else None
        if isinstance(given, ast.Call):
            name = ast.unparse(given.func)
            return Explanation(
                f"{name}() was called before the thread was there, "
                "and the thread was given its result. "
                f"Give it the function, without parentheses: await asyncio.to_thread({name})",
                where,
            )


@rule(raised=NOT_CALLABLE)
def called_what_is_no_function(evidence, error, kind):
    if not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    calls = evidence.nodes_at(where, ast.Call)
    what = ast.unparse(calls[0].func) if len(calls) == 1 else "What is before the parentheses"
    advice = (
        "What is in it is read in square brackets: [ ]."
        if kind in ("dict", "list", "tuple", "str")
        else "Or was another name meant?"
    )
    return Explanation(
        f"{what} (of type {kind}) is not a function; the parentheses try to call it. {advice}",
        where,
    )


@rule(raised=r"^TypeError: '(?:builtin_function_or_method|method|function)' object is not subscr")
def function_read_like_a_value(evidence, error):
    if evidence.on_their_line(error):
        return Explanation(
            "What is before the square brackets is a function. "
            'Call it with parentheses: data.get("message"), '
            'or read the value itself: data["message"].',
            evidence.where(error),
        )


@rule(raised=r"^KeyError: '(\w+)'")
def environment_variable_missing(evidence, error, name):
    where = evidence.where(error)
    if "environ[" in evidence.line_at(where) and error is evidence.errors[0]:
        return Explanation(
            f"The environment has no variable {name}. "
            "Look at its spelling, and give a value for where it is not set: "
            f'os.environ.get("{name}", "…")',
            where,
        )
