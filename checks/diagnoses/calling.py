"""Functions and classes that the learner's own line calls in a way that they do not allow."""

import ast
import importlib
import inspect
import re
import sys

from workshop.checking.explaining.edits import instead, left_out, renamed, taking
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.explaining.suggestion import suggest

# Since Python 3.10 the functions and classes of asyncio take no loop
# (https://docs.python.org/3/whatsnew/3.10.html#changes-in-the-python-api).
LOOP_IS_GONE = "Since Python 3.10 it always uses the running loop. Remove `loop=…`."


@rule(
    raised=r"TypeError: ([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'"
    r"|TypeError: '(\w+)' is an invalid keyword argument for (\w+)\(\)"
)
def keyword_not_taken(evidence, error, function, name, wrong, builtin):
    """The second is what functions say that are written in C."""
    if not evidence.on_their_line(error):
        return None
    function, name = function or builtin, name or wrong
    where, short = evidence.where(error), function.rpartition(".")[2]
    call = evidence.at(where, short).call
    source = evidence.project.source_at(where)
    dotted = source.dotted(call.func) if call else None
    known = _parameters(evidence.project, short, dotted) or _of_a_method(builtin)
    if not known and not builtin:
        return None  # a library's: other rules know those of Channels
    near, changes = nearest(name, known), []
    given = next((k for k in (call.keywords if call else ()) if k.arg == name), None)
    if name == "loop" and (dotted or "").startswith("asyncio."):
        advice = LOOP_IS_GONE
        changes = [left_out(given, [*call.args, *call.keywords])] if given else []
    elif near:
        advice = f"Did you mean {near}=…?"
        changes = [instead(given, f"{near}={source.as_written(given.value)}")] if given else []
    elif known:
        advice = f"It takes: {', '.join(known)}."
    else:
        advice = "Remove it, or look up which arguments the function takes."
    return Explanation(
        f"{short}() has no argument {name}. {advice}", where, evidence.suggest(where, *changes)
    )


@rule(
    raised=r"TypeError: ([\w.<>]+)\(\) takes (?:from \d+ to )?(\d+) positional arguments? "
    r"but (\d+) (?:was|were) given"
)
def self_not_in_the_definition(evidence, error, function, takes, given):
    """A method without self: Python counts the object itself as what was given first."""
    owner, _, short = function.rpartition(".")
    found = evidence.project.class_named(owner) if evidence.on_their_line(error) else None
    for method in found[1].body if found else ():
        if getattr(method, "name", None) == short and isinstance(
            method, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            names = [argument.arg for argument in method.args.args]
            if names[:1] not in (["self"], ["cls"]) and int(given) == int(takes) + 1:
                source = found[0]
                return Explanation(
                    f"{short}() is a method, and a method gets its object as its first argument. "
                    f"Write `def {short}({', '.join(['self', *names])})`.",
                    source.where(method),
                    suggest(source, _with_self(source, method)),
                )


def _with_self(source, method):
    """The change by which it takes its object first."""
    return taking(source, method, ", ".join(filter(None, ["self", ast.unparse(method.args)])))


@rule(
    raised=r"TypeError: ([\w.<>]+)\(\) (?:takes (?:from \d+ to )?\d+ positional arguments? but \d+|"
    r"missing \d+ required (?:positional|keyword-only) arguments?: (.+))"
)
def called_with_other_arguments(evidence, error, function, missing):
    if not evidence.on_their_line(error):
        return None
    where, short = evidence.where(error), function.rpartition(".")[2]
    call, source = evidence.at(where, short).call, evidence.project.source_at(where)
    known = _parameters(evidence.project, short, source.dotted(call.func) if call else None)
    if not known:
        return None
    seen = (
        f"was not given {re.sub(chr(39), '', missing)}"
        if missing
        else ("was given too many arguments")
    )
    advice = f"It takes: {', '.join(known)}."
    if any(short in source.functions for source in evidence.project.sources):
        advice += " Make the call and the definition agree."
    elif missing:
        advice = "Add that inside the parentheses."
    return Explanation(f"{short}() {seen}. {advice}", where)


def _parameters(project, name, dotted):
    """The names of what a function takes: one of the project's, or of the standard library's."""
    for source in project.sources:
        for node in source.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            if node.name == name:
                taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                return [a.arg for a in taken if a.arg not in ("self", "cls")]
    module, _, attribute = (dotted or "").rpartition(".")
    if module and module.partition(".")[0] not in sys.stdlib_module_names:
        return []
    try:
        function = getattr(importlib.import_module(module or "builtins"), attribute)
        parameters = inspect.signature(function).parameters.values()
    except (ImportError, AttributeError, TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _of_a_method(name):
    """The same of a method of strings, lists and the like, where there is but one such."""
    found = [getattr(kind, name or "", None) for kind in (str, bytes, list, dict, set)]
    try:
        taken = {(*inspect.signature(method).parameters,) for method in found if method}
    except ValueError:
        return []
    return [one for one in taken.pop() if one != "self"] if len(taken) == 1 else []


@rule(
    raised=r"TypeError: Can't instantiate abstract class (\w+) "
    r"with(?: abstract methods? (.+)|out an implementation for abstract methods? (.+))"
)
def abstract_method_missing(evidence, error, class_name, until_311, since_312):
    """Python 3.12 words it differently (https://docs.python.org/3/library/abc.html)."""
    missing = re.findall(r"\w+", until_311 or since_312)
    found = evidence.project.class_named(class_name)
    if found is None:
        return None
    source, node = found
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    own = {n.name: n for n in methods if not any(map(_is_abstract, n.decorator_list))}
    if len(own) < len(methods):
        return Explanation(
            f"{class_name} is an abstract class and cannot be instantiated: "
            f"the classes derived from it define {', '.join(missing)}. "
            "Use one of those instead.",
            source.where(node),
        )
    near = nearest(missing[0], own, 0.5)
    if near:
        return Explanation(
            f"{class_name} lacks the method {missing[0]}, which its base class requires. "
            f"It has {near}: rename that to {missing[0]}.",
            source.where(own[near]),
            suggest(source, renamed(own[near], missing[0])),
        )
    plural = "methods" if len(missing) > 1 else "method"
    return Explanation(
        f"{class_name} cannot be instantiated, because it lacks the "
        f"{plural} {', '.join(missing)}, which its base class requires. "
        "Write it in this class.",
        source.where(node),
    )


def _is_abstract(decorator):
    return last_name(decorator) in ("abstractmethod", "abstractproperty")
