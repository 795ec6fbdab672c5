"""What "ChatConsumer.connect" of a hint or a task names in a syntax tree."""

import ast


def named(tree: ast.AST, name: str) -> list[ast.AST]:
    """The statements that define the name: a class, a function, an assignment, or something in one
    of those. The whole tree where there is no name."""
    found = [tree]
    for part in name.split(".") if name else ():
        inside = [node for parent in found for node in getattr(parent, "body", ())]
        found = [node for node in inside if part in names_of(node)]
    return found


def names_of(node: ast.AST) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return [getattr(node, "name", "")]
