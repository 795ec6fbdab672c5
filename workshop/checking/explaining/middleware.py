"""The project's own ASGI middleware: classes and functions that are put around the routes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from workshop.checking.explaining.nodes import FUNCTIONS, calls_in, last_name, on_self
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source, Where


@dataclass(frozen=True)
class Middleware:
    """A class or function, and what is called for each connection: __call__() or the function
    inside it. `inner` is how the inner application is written there: "self.inner"."""

    source: Source
    node: ast.ClassDef | ast.FunctionDef
    call: ast.FunctionDef | ast.AsyncFunctionDef | None
    inner: str

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def arguments(self) -> list[str]:
        """The names of what it is given for each connection, the scope first."""
        names = [argument.arg for argument in self.call.args.args] if self.call else []
        return names[1:] if isinstance(self.node, ast.ClassDef) else names

    @property
    def passing_on(self) -> list[ast.Call]:
        """The calls of the inner application."""
        ways = (self.inner, "super().__call__", "self.inner", "self.app")
        given = [n for n in ast.walk(self.call or ast.Pass()) if isinstance(n, ast.Assign)]
        names = [ast.unparse(n.targets[0]) for n in given if ast.unparse(n.value) in ways]
        calls = calls_in(self.call or ast.Pass())
        return [call for call in calls if ast.unparse(call.func) in (*ways, *names)]

    @property
    def right(self) -> str:
        """How the connection is passed on, as code that is valid in what is called."""
        arguments = self.arguments if len(self.arguments) == 3 else ("scope", "receive", "send")
        wait = "await " if isinstance(self.call, ast.AsyncFunctionDef) else ""
        return f"return {wait}{self.inner}({', '.join(arguments)})"

    def constants(self, value: str) -> list[ast.Constant]:
        """Where it writes the value, "websocket.close" say."""
        nodes = ast.walk(self.call or ast.Pass())
        return [n for n in nodes if isinstance(n, ast.Constant) and n.value == value]

    def where(self, node: ast.AST | None = None) -> Where:
        return self.source.where(node or self.call or self.node)

    def has(self, where: Where | None) -> bool:
        """Whether the place is in it."""
        inside = where and where.line and where.file == self.source.path
        return bool(inside) and self.node.lineno <= where.line <= self.node.end_lineno


def middlewares(project: Project) -> Iterator[Middleware]:
    """Those that the module with the application names, and what these names lead to."""
    asgi = project.asgi
    named = {last_name(n) for n in asgi.nodes(ast.Name, ast.Attribute)} if asgi else set()
    for source in project.sources:
        for node in source.tree.body if source.tree else ():
            if getattr(node, "name", None) in named and _is_no_consumer(project, node):
                if isinstance(node, ast.ClassDef):
                    yield Middleware(source, node, _method(node, "__call__"), _kept(node))
                elif isinstance(node, ast.FunctionDef) and node.args.args:
                    inside = [child for child in node.body if isinstance(child, FUNCTIONS)]
                    if inside:
                        yield Middleware(source, node, inside[0], node.args.args[0].arg)


def _is_no_consumer(project, node):
    return all(node is not part for consumer in project.consumers for _, part in consumer.parts)


def _method(node, name):
    return next((m for m in node.body if isinstance(m, FUNCTIONS) and m.name == name), None)


def _kept(node: ast.ClassDef) -> str:
    """How the class stores the application that it is given."""
    init = _method(node, "__init__")
    given = [argument.arg for argument in init.args.args[1:2]] if init else []
    for child in ast.walk(init or ast.Pass()):
        if isinstance(child, ast.Assign) and getattr(child.value, "id", None) in given:
            for target in child.targets:
                if on_self(target):
                    return ast.unparse(target)
    return "super().__call__" if node.bases else "self.inner"
