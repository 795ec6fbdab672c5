"""One of the attendee's files as a syntax tree: read, never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workshop.checking.explaining.nodes import last_name, values_in


@dataclass(frozen=True)
class Where:
    """A place in the attendee's files. `line` counts from 1; None means the file as a whole."""

    file: Path
    line: int | None = None


class Source:
    """One Python file. `tree` is None where it has a syntax error; `error` has it then."""

    def __init__(self, path: Path, module: str = ""):
        self.path = path
        self.module = module  # "chat.consumers"
        # Python reads a byte order mark as such, too.
        self.text = path.read_text(encoding="utf-8-sig", errors="replace")
        self.error: SyntaxError | None = None
        self.tree: ast.Module | None = None
        try:
            self.tree = ast.parse(self.text)
        except (SyntaxError, ValueError) as error:
            self.error = error if isinstance(error, SyntaxError) else SyntaxError(str(error))

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree)) if self.tree else []

    def nodes(self, *types: type) -> Iterator[ast.AST]:
        return (node for node in self._nodes if isinstance(node, types))

    def at(self, line: int | None, *types: type) -> list[ast.AST]:
        """The nodes that begin on the line, counted from 1, or span it."""
        return [n for n in self.nodes(*types) if n.lineno <= (line or 0) <= n.end_lineno]

    @property
    def values(self) -> list[tuple[str, ast.AST]]:
        """The names and values of the module itself."""
        return values_in(self.tree.body if self.tree else ())

    @cached_property
    def functions(self) -> set[str]:
        """The names of all functions and methods that are defined in the file."""
        return {node.name for node in self.nodes(ast.FunctionDef, ast.AsyncFunctionDef)}

    def where(self, node: ast.AST | None = None) -> Where:
        return Where(self.path, getattr(node, "lineno", None))

    def line(self, number: int | None) -> str:
        """The text of a line, counted from 1; empty where there is none."""
        lines = self.text.split("\n")  # as Python counts: U+2028 ends no line
        return lines[number - 1].strip() if number and number <= len(lines) else ""

    def code(self, node: ast.AST) -> str:
        """A node as it is written, where that is on one line."""
        text = ast.get_source_segment(self.text, node) or "\n"
        return ast.unparse(node) if "\n" in text else text

    def as_written(self, node: ast.AST) -> str:
        """A node as it is written, on however many lines: for an edit of the file."""
        return ast.get_source_segment(self.text, node) or ast.unparse(node)

    @cached_property
    def imports(self) -> dict[str, str]:
        """What each imported name refers to: {"sleep": "time.sleep", "np": "numpy"}."""
        found = {}
        for node in self.nodes(ast.Import, ast.ImportFrom):
            for alias in node.names:
                if isinstance(node, ast.ImportFrom):
                    parent = self.absolute(node)
                    found[alias.asname or alias.name] = f"{parent}.{alias.name}".strip(".")
                elif alias.asname:
                    found[alias.asname] = alias.name
                else:
                    top = alias.name.partition(".")[0]
                    found[top] = top
        return found

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that a `from … import` names, with the dots of a relative one resolved."""
        if not node.level:
            return node.module or ""
        package = self.module.split(".")
        keep = len(package) - node.level + (self.path.name == "__init__.py")
        return ".".join([*package[: max(keep, 0)], *filter(None, [node.module])])

    def dotted(self, node: ast.AST) -> str | None:
        """The full name of what a name refers to: "time.sleep" of `sleep` after `from time import
        sleep`. None for anything but names and attributes."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            parent = self.dotted(node.value)
            return parent and f"{parent}.{node.attr}"
        return None

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """The calls of something whose last name is one of these."""
        return (call for call in self.nodes(ast.Call) if last_name(call.func) in names)

    def assignment(self, name: str) -> ast.Assign | None:
        """The first assignment to the variable `name`."""
        for node in self.nodes(ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                return node
        return None
