"""What the rules of step 5 ask of the evidence."""

import ast

from workshop.checking.explaining.nodes import last_name


def methods(evidence, *names):
    """(consumer, method) for each of these methods in the consumers."""
    return [
        (one, one.methods[name])
        for one in evidence.consumers
        for name in names
        if name in one.methods
    ]


def calls(tree, *names):
    """The calls of functions or methods of these names, anywhere in the tree."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and last_name(node.func) in names
    ]


def names_in(tree):
    """All names, attributes and strings in the tree."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
