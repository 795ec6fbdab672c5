"""Definitions that replace others: the second of a name, and the nearer of two bases."""

import ast

from workshop.checking.events import ConsumerMade
from workshop.checking.explaining.edits import instead, without
from workshop.checking.explaining.nodes import values_in
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import (
    Closed,
    Heard,
    NotTheContract,
    Silent,
    StillInGroup,
    Unanswered,
)

LACKS = r"AttributeError: '\w+' object has no attribute '(\w+)'"
SEEN = (Closed, Heard, NotTheContract, Silent, StillInGroup, Unanswered)
# What the classes of Channels define themselves (channels.generic.websocket).
OF_JSON = {"receive", "receive_json", "send_json", "decode_json", "encode_json"}
OF_WEBSOCKET = {
    *("connect", "disconnect", "receive", "accept", "send", "close"),
    *("websocket_connect", "websocket_receive", "websocket_disconnect"),
}


def _may_explain(evidence, name, method=None):
    """Whether a method that was never called can be why the check failed: what it would have set is
    missing, or no exception says why."""
    if lacks := evidence.error(LACKS):
        attribute = lacks.message.rpartition("attribute '")[2].split("'")[0]
        return any(
            node.attr == attribute and isinstance(node.ctx, ast.Store)
            for node in ast.walk(method or ast.Pass())
            if isinstance(node, ast.Attribute)
        )
    return evidence.saw_only(*SEEN) and evidence.in_question(name)


@rule
def class_defined_twice(evidence):
    errors = [error for error in evidence.errors if evidence.raised_by_them(error)]
    if errors and not evidence.error(LACKS) or not evidence.events(ConsumerMade):
        return None
    for consumer in evidence.consumers:
        same = [n for n in consumer.source.nodes(ast.ClassDef) if n.name == consumer.name]
        first = min(same, key=lambda node: node.lineno)
        if first is not consumer.node:
            empty = [node for node in same if not any(map(_does_something, node.body))]
            return Explanation(
                f"There are two classes {consumer.name} in this file, on line {first.lineno} and "
                "here, and the second one replaces the first: only this one is used. "
                + ("Delete the empty one." if len(empty) == 1 else "Delete one of the two."),
                consumer.where(),
                evidence.suggest(consumer.where(), without(empty[0])) if len(empty) == 1 else None,
            )


def _does_something(statement):
    """Whether it is more than `pass` or a docstring."""
    text = isinstance(getattr(statement, "value", None), ast.Constant)
    return not isinstance(statement, ast.Pass) and not (isinstance(statement, ast.Expr) and text)


@rule(raised=r"No route found for path")
def routes_defined_twice(evidence, error):
    for source in evidence.project.sources:
        seen = {}
        for name, node in values_in(source.tree.body if source.tree else ()):
            used = any(part is node for part in source.nodes(ast.Assign))
            if name in seen and used and any(r is source for r, _ in evidence.project.routes):
                empty = isinstance(node.value, ast.List) and not node.value.elts
                return Explanation(
                    f"{name} is set twice in this file, on line {seen[name].lineno} "
                    "and here, and the second list replaces the first. "
                    + ("Remove this empty one." if empty else "Put all routes in one list."),
                    source.where(node),
                    evidence.suggest(source.where(), without(node)) if empty else None,
                )
            seen[name] = node


@rule
def two_copies_of_a_method(evidence):
    """The second definition of a method replaces the first."""
    for consumer in evidence.consumers:
        for _, part in consumer.parts:
            seen = {}
            for child in part.body:
                if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                first = seen.setdefault(child.name, child)
                same = ast.dump(first) == ast.dump(child) or child.decorator_list
                if not same and _may_explain(evidence, child.name, first):
                    return Explanation(
                        f"{child.name} is defined twice in this class, on line "
                        f"{first.lineno} and here, and the second one replaces the first. "
                        "Merge the two, or remove one of them.",
                        consumer.where(child),
                    )


# Bases


@rule(advises=True)
def mixin_after_its_base(evidence):
    """What Channels' class defines itself is found before the mixin's, in the order in which Python
    looks (https://docs.python.org/3/howto/mro.html)."""
    for event in evidence.events(ConsumerMade):
        own, of_channels = set(), set()  # what the classes that come before define
        for module, name in event.classes:
            if module == "channels.generic.websocket":
                of_channels |= OF_JSON if "Json" in name else OF_WEBSOCKET
                continue
            theirs = evidence.project.class_named(name)
            body = theirs[1].body if theirs and theirs[0].module == module else []
            methods = {child.name: child for child in body if hasattr(child, "name")}
            for method in (methods.keys() & of_channels) - own:
                if evidence.failure is None or _may_explain(evidence, method, methods[method]):
                    return _after(evidence, event.name, name, method)
            own |= methods.keys()
    return None


def _after(evidence, consumer, mixin, method):
    found = evidence.project.class_named(consumer)
    bases = [ast.unparse(base) for base in found[1].bases] if found else []
    bases = sorted(bases, key=lambda base: base.rpartition(".")[2] != mixin)
    where = found[0].where(found[1]) if found else None
    return Explanation(
        f"{method}() of {mixin} is never called: {consumer} lists a class of "
        f"Channels before it, whose own {method}() is found first. "
        "Write\n"
        f"    class {consumer}({', '.join(bases)}):",
        where,
        _with_bases(evidence, where, found[1], bases) if found else None,
    )


def _with_bases(evidence, where, node, bases):
    """The edit that gives the class its bases in this order."""
    return evidence.suggest(where, *map(instead, node.bases, bases))


@rule(raised=r"TypeError: Cannot create a consistent method resolution")
def bases_in_an_impossible_order(evidence, error):
    where = evidence.where(error)
    for node in evidence.nodes_at(where, ast.ClassDef):
        names = [ast.unparse(base) for base in node.bases]
        theirs = [n for n in names if evidence.project.class_named(n.rpartition(".")[2])]
        others = [n for n in names if n not in theirs]
        return Explanation(
            f"{node.name} lists a class before another one that is derived "
            "from it, but Python looks for methods from left to right. "
            "List the derived one first:\n"
            f"    class {node.name}({', '.join(theirs + others)}):",
            where,
            _with_bases(evidence, where, node, theirs + others),
        )
