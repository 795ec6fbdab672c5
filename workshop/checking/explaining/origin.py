"""Where a value comes from, as it is written: `token.strip()` after `token = query.get("token")`
comes from `query.get("token").strip()`. Read from the syntax tree, never run."""

import ast
import copy
from collections.abc import Iterator

from workshop.checking.explaining.nodes import last_name, on_self
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source, Where

DEPTH = 5  # names behind names
READ = (ast.Name, ast.Attribute, ast.Subscript)


def written_out(source: Source, node: ast.AST, line: int) -> str:
    """The expression at a line, with each local name and `self.name` in it replaced by what it was
    given last above. What a loop or an unpacking takes apart represents its parts."""
    given = _given(source, line)
    node = copy.deepcopy(node)
    for _ in range(DEPTH):
        node = _Replaced(given).visit(node)
    return ast.unparse(node)


def expressions_at(source: Source, line: int) -> list[ast.expr]:
    """The expressions that span the line and belong to no other expression."""
    statements = source.at(line, ast.stmt)
    children = [child for node in statements for child in ast.iter_child_nodes(node)]
    return [n for n in children if isinstance(n, ast.expr) and n.lineno <= line <= n.end_lineno]


def _given(source: Source, line: int) -> dict[str, ast.expr]:
    """What names were given in the function around the line, and `self.names` in its file."""
    functions = source.at(line, ast.FunctionDef, ast.AsyncFunctionDef)
    inside = functions[-1] if functions else source.tree
    given = {}
    for root in (source.tree, inside):
        for target, value in _assignments(root):
            if root is inside and getattr(value, "lineno", line) <= line or on_self(target):
                if ast.unparse(target) not in {ast.unparse(n) for n in ast.walk(value)}:
                    given[ast.unparse(target)] = value
    return given


def _assignments(root: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name or attribute that is given something, with that."""
    for node in ast.walk(root):
        targets, value = [], None
        match node:
            case ast.Assign(targets=targets, value=value):
                pass
            case (
                ast.AnnAssign(target=target, value=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                targets = [target]
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                targets = [target]
        for target in targets if value else ():
            for name in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
                if isinstance(name, ast.Name | ast.Attribute):
                    yield name, value


class _Replaced(ast.NodeTransformer):
    def __init__(self, given: dict[str, ast.expr]):
        self.given = given

    def _replace(self, node):
        return copy.deepcopy(self.given.get(ast.unparse(node), node))

    visit_Name = _replace

    def visit_Attribute(self, node):
        if on_self(node):
            return self._replace(node)
        return self.generic_visit(node)


def made_without_await(project: Project, where: Where | None) -> tuple[Where, str] | None:
    """The assignment of a call's result, without await, to what is read at the place: a variable of
    the function, an attribute or a key of the scope. With the last name of what is called."""
    source, function = project.source_at(where), project.function_at(where)
    read = {_key(node) for node in source.at(where.line, *READ)} - {None} if source else ()
    found = [
        (other.where(node), last_name(node.value.func) or "")
        for other in project.sources
        for node in other.nodes(ast.Assign)
        if isinstance(node.value, ast.Call)
        for target in node.targets
        if _key(target) in read
        if not isinstance(target, ast.Name) or project.function_at(other.where(node)) is function
    ]
    return found[0] if len(found) == 1 else None


def _key(node: ast.AST) -> tuple[str, str] | None:
    """What distinguishes a variable, `self.name` or `scope["key"]` from others."""
    if isinstance(node, ast.Subscript):
        key = getattr(node.slice, "value", None)
        return ("scope", key) if last_name(node.value) == "scope" and key else None
    if isinstance(node, ast.Attribute):
        return ("self", node.attr) if on_self(node) else None
    return ("", node.id) if isinstance(node, ast.Name) else None
