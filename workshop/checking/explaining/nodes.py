"""Questions about nodes of a syntax tree, whichever file they are in."""

import ast
from collections.abc import Iterable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


def last_name(node: ast.AST) -> str | None:
    """ "send" of `send`, `self.send` and `self.channel_layer.send`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def mentions(node: ast.AST, name: str) -> bool:
    """Whether a name or attribute in the node's tree ends in `name`."""
    return any(last_name(child) == name for child in ast.walk(node))


def values_in(body: Iterable[ast.stmt]) -> list[tuple[str, ast.Assign | ast.AnnAssign]]:
    """The names that statements assign to, each with the assignment."""
    return [
        (target.id, child)
        for child in body
        if isinstance(child, ast.Assign | ast.AnnAssign) and child.value
        for target in (child.targets if isinstance(child, ast.Assign) else [child.target])
        if isinstance(target, ast.Name)
    ]


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    return (child for child in ast.walk(node) if isinstance(child, ast.Call))


def is_call(statement: ast.stmt) -> bool:
    """Whether it is nothing but a call, awaited or not."""
    value = getattr(statement, "value", None)
    call = value.value if isinstance(value, ast.Await) else value
    return isinstance(statement, ast.Expr) and isinstance(call, ast.Call)


def on_self(node: ast.AST) -> bool:
    """Whether it is `self.something`."""
    value = getattr(node, "value", None)
    return isinstance(node, ast.Attribute) and isinstance(value, ast.Name) and value.id == "self"


def value_of(node: ast.AST, key: str) -> ast.AST | None:
    """The value under `key` in a dictionary that is written somewhere in `node`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Dict):
            for k, value in zip(child.keys, child.values, strict=True):
                if isinstance(k, ast.Constant) and k.value == key:
                    return value
    return None


def variable_read(node: ast.AST) -> str | None:
    """The name in os.environ["NAME"], os.environ.get("NAME"), os.getenv("NAME") and the calls of
    packages that read a .env file, such as config("NAME") and env.str("NAME")."""
    asked = None
    if isinstance(node, ast.Subscript) and mentions(node.value, "environ"):
        asked = node.slice
    elif isinstance(node, ast.Call) and node.args:
        owner = last_name(getattr(node.func, "value", None))
        if owner in ("environ", "env") or last_name(node.func) in ("getenv", "env", "config"):
            asked = node.args[0]
    value = getattr(asked, "value", None)
    return value if isinstance(value, str) else None
