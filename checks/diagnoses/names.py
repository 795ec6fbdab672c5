"""Names that Python could not find, and values that it could not call."""

import ast
import builtins
import importlib
import os
import sys

from workshop.checking.explaining.edits import before, instead, undecorated
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest

ALREADY = {
    ("str", "decode"): "is already a string, not bytes",
    ("bytes", "encode"): "is already bytes",
}
NOT_CALLABLE = r"^TypeError: '(?!coroutine)([\w.]+)' object is not callable"


@rule(raised=r"NameError: name 'self' is not defined")
def self_is_no_argument(evidence, error):
    """In a method, the object is its first argument; a static method has none."""
    where = evidence.where(error)
    function = evidence.project.function_at(where)
    if function is None or not evidence.project.consumer_at(where):
        return None
    static = [d for d in function.decorator_list if last_name(d) == "staticmethod"]
    names = [argument.arg for argument in function.args.args]
    others = names if static else names[1:]  # the first one is the object, whatever it is called
    kind = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    also = "Remove @staticmethod, and write" if static else "Write"
    changes = [undecorated(decorator) for decorator in static]
    changes += [before(argument, "self, ") for argument in function.args.args[:1]]
    return Explanation(
        f"{function.name}() has no argument called self, and gets the object under another name or "
        f"not at all. {also} `{kind} {function.name}({', '.join(['self', *others])}):`",
        evidence.project.source_at(where).where(function),
        evidence.suggest(where, *changes) if static and names else None,
    )


@rule(raised=r"NameError: name '(\w+)' is not defined")
def name_unknown(evidence, error, name):
    if name == "self" and self_is_no_argument.ask(evidence):
        return None
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    known = {node.id for node in source.nodes(ast.Name) if node.id != name} if source else set()
    known |= {*source.imports, *(n.arg for n in source.nodes(ast.arg))} if source else set()
    near = nearest(name, known, 0.75)
    advice = "Check its spelling, and whether it needs self. in front of it or an import above."
    if near:
        advice = f"Did you mean {near}?"
    elif argument := _argument(evidence, where, name):
        near = argument.arg
        advice = f"Did you mean {near}, the argument of {evidence.at(where).name}()?"
    elif name == "content" and evidence.at(where).name == "receive":
        advice = (
            "It is the argument of receive_json(self, content, **kwargs), which Json consumers "
        )
        advice += "call: write that instead of receive(…)."
    edit = near and _renamed(evidence, where, name, near)
    return Explanation(f"The name {name} is not defined here. {advice}", where, edit)


def _argument(evidence, where, name):
    """The one argument of the function at the place whose name has this name as a part."""
    arguments = getattr(evidence.project.function_at(where), "args", ast.arguments(args=[])).args
    parts = [argument for argument in arguments if name in argument.arg.split("_")]
    return parts[0] if len(parts) == 1 else None


def _renamed(evidence, where, name, near):
    """The edit that writes another name in place of this one, wherever the line has it."""
    named = [node for node in evidence.nodes_at(where, ast.Name) if node.id == name]
    return evidence.suggest(where, *(instead(node, near) for node in named))


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
    node = evidence.only_at(where, ast.Attribute, lambda node: node.attr == name)
    asked = evidence.code_at(where, node.value) if node else "It"
    if (owner, name) in ALREADY:
        call = evidence.only_at(where, ast.Call, lambda call: call.func is node)
        edit = call and evidence.suggest(where, instead(call, asked))
        return Explanation(f"{asked} {ALREADY[owner, name]}: remove .{name}().", where, edit)
    if owner == "dict" and not near:
        code = f'{asked}["{name}"]' if node else f'["{name}"]'
        return Explanation(
            f"{asked} is a dictionary, whose values are read with square brackets: `{code}`",
            where,
            node and evidence.suggest(where, instead(node, code)),
        )
    if not near and (not module and hasattr(builtins, owner) or not known):
        return None  # it is not what its author thought it was, and only the author can see why
    advice = f"Did you mean {near}?" if near else "Check its spelling."
    edit = near and node and evidence.suggest(where, instead(node, f"{asked}.{near}"))
    return Explanation(f"{owner} has nothing called {name}. {advice}", where, edit)


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
            written, name = (evidence.code_at(where, node) for node in (given, given.func))
            keywords = [f"{k.arg}={evidence.code_at(where, k.value)}" for k in given.keywords]
            arguments = [evidence.code_at(where, argument) for argument in given.args]
            code = ", ".join([name, *arguments, *keywords])
            return Explanation(
                f"`{written}` is called here, before there is a "
                "thread, and the thread gets its result. "
                f"Pass the function and its arguments instead: `{code}`",
                where,
                evidence.suggest(where, instead(given, code)),
            )


KINDS = {"dict": "a dictionary", "str": "a string", "list": "a list", "tuple": "a tuple"}


@rule(raised=NOT_CALLABLE)
def called_what_is_no_function(evidence, error, kind):
    if not evidence.on_their_line(error):
        return None
    where, edit = evidence.where(error), None
    known = (ast.Name, ast.Attribute)
    bare = evidence.only_at(where, ast.Call, lambda c: not (c.args or c.keywords))
    read = evidence.only_at(where, ast.Call, lambda c: c.args and not isinstance(c.func, known))
    call = bare if bare and isinstance(bare.func, known) else read
    what = evidence.code_at(where, call.func) if call else "What is before the parentheses"
    advice = "Remove the parentheses, or call the function that you meant."
    if call:
        given = evidence.code_at(where, call)[len(what) :]
        code = what if call is bare else f"{what}[{given[1:-1]}]"
        if call is bare or kind == "dict":
            edit = evidence.suggest(where, instead(call, code))
            advice = f"Write `{code}`."
    return Explanation(
        f"{what} is {KINDS.get(kind, f'of type {kind}')}, not a function, and the parentheses "
        f"try to call it. {advice}",
        where,
        edit,
    )


@rule(raised=r"^TypeError: '(?:builtin_function_or_method|method|function)' object is not subscr")
def function_read_like_a_value(evidence, error):
    if not evidence.on_their_line(error):
        return None
    where = evidence.where(error)
    read = evidence.only_at(where, ast.Subscript, lambda node: last_name(node.value) == "get")
    code = 'data.get("message")'
    if read:
        code = f"{evidence.code_at(where, read.value)}({evidence.code_at(where, read.slice)})"
    return Explanation(
        f"What is before the square brackets is a function. Call it with parentheses: `{code}`",
        where,
        read and evidence.suggest(where, instead(read, code)),
    )


@rule(raised=r"^KeyError: '(\w+)'")
def environment_variable_missing(evidence, error, name):
    where = evidence.where(error)
    if "environ[" in evidence.line_at(where) and error is evidence.errors[0]:
        near, edit = nearest(name, os.environ, 0.8), None
        advice = f'Give a default: `os.environ.get("{name}", "…")`'
        if near:
            text = evidence.only_at(where, ast.Constant, lambda node: node.value == name)
            edit = text and evidence.suggest(where, instead(text, f'"{near}"'))
            advice = f"Did you mean {near}?"
        return Explanation(f"The environment variable {name} is not set. {advice}", where, edit)
