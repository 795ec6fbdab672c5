"""The attendee's files as syntax trees: read, never run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FILES_READ = 300
NOT_THEIRS = {"migrations", "node_modules", "site-packages", "__pycache__"}


@dataclass(frozen=True)
class Where:
    """A place in the attendee's files. `line` counts from 1; None means the file as a whole."""

    file: Path
    line: int | None = None


class Source:
    """One Python file. `tree` is None where it has a syntax error, which is then in `error`."""

    def __init__(self, path: Path):
        self.path = path
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.error: SyntaxError | None = None
        self.tree: ast.Module | None = None
        try:
            self.tree = ast.parse(self.text)
        except (SyntaxError, ValueError) as error:
            self.error = error if isinstance(error, SyntaxError) else SyntaxError(str(error))

    def nodes(self, *types: type) -> Iterator[ast.AST]:
        for node in ast.walk(self.tree) if self.tree else ():
            if isinstance(node, types):
                yield node

    def where(self, node: ast.AST | None = None) -> Where:
        return Where(self.path, getattr(node, "lineno", None))


@dataclass
class Consumer:
    """A class whose objects Channels would run."""

    source: Source
    node: ast.ClassDef
    bases: list[str]  # last parts of the names: "AsyncWebsocketConsumer"
    methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_async(self) -> bool:
        return any(base.startswith("Async") for base in self.bases)

    @property
    def is_json(self) -> bool:
        return any("Json" in base for base in self.bases)

    def where(self, node: ast.AST | None = None) -> Where:
        return self.source.where(node or self.node)

    def calls(self, name: str, method: str | None = None) -> list[ast.Call]:
        """The calls of something whose last name is `name`, in one method or the whole class."""
        scope = self.methods.get(method) if method else self.node
        return [call for call in calls_in(scope) if last_name(call.func) == name] if scope else []

    def calls_on_self(self, method: str) -> list[str]:
        """The names of the methods of `self` that one method calls."""
        return [
            call.func.attr
            for call in calls_in(self.methods[method])
            if isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "self"
        ]


def last_name(node: ast.AST) -> str | None:
    """ "send" of `send`, `self.send` and `self.channel_layer.send`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    return (child for child in ast.walk(node) if isinstance(child, ast.Call))


class Project:
    """A step's folder: what stands in its Python files."""

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def sources(self) -> list[Source]:
        """Every Python file of the project, tests excepted."""
        found = []
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder).parts
            hidden = any(part.startswith(".") or part in NOT_THEIRS for part in parts)
            if hidden or path.name == "tests.py" or path.name.startswith("test_"):
                continue
            found.append(Source(path))
            if len(found) == FILES_READ:
                break
        return found

    def source(self, module: str) -> Source | None:
        """The file of the module `mysite.settings`, a package's __init__ included."""
        stem = self.folder.joinpath(*module.split("."))
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            for source in self.sources:
                if source.path == path:
                    return source
        return None

    @cached_property
    def settings(self) -> Source | None:
        """The settings that manage.py names."""
        manage = self.source("manage")
        for call in manage.nodes(ast.Call) if manage else ():
            values = [a.value for a in call.args if isinstance(a, ast.Constant)]
            if len(values) == 2 and values[0] == "DJANGO_SETTINGS_MODULE":
                return self.source(values[1])
        return None

    def setting(self, name: str) -> ast.Assign | ast.AnnAssign | None:
        """The last assignment to the setting `name` at the top of settings.py."""
        found = None
        for node in self.settings.tree.body if self.settings and self.settings.tree else ():
            targets = (
                node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            )
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found = node
        return found

    def setting_value(self, name: str):
        """The setting's value where it is written out in plain literals, else None."""
        node = self.setting(name)
        try:
            return ast.literal_eval(node.value) if node else None
        except (ValueError, TypeError, SyntaxError, AttributeError):
            return None

    @cached_property
    def asgi(self) -> Source | None:
        """The module that ASGI_APPLICATION names; `*/asgi.py` where the setting is missing."""
        value = self.setting_value("ASGI_APPLICATION")
        if isinstance(value, str) and (source := self.source(value.rpartition(".")[0])):
            return source
        return next((s for s in self.sources if s.path.name == "asgi.py"), None)

    @cached_property
    def routing(self) -> Source | None:
        """The module that holds the WebSocket routes: where `as_asgi` or `re_path("ws/…")` stands."""
        by_name = [s for s in self.sources if s.path.name == "routing.py"]
        by_use = [
            s
            for s in self.sources
            if any(last_name(c.func) == "as_asgi" for c in s.nodes(ast.Call))
        ]
        return next(iter(by_use + by_name), None)

    @cached_property
    def consumers(self) -> list[Consumer]:
        """The classes that are consumers, directly or through a class of the project."""
        classes = [
            (source, node, [last_name(base) or "" for base in node.bases])
            for source in self.sources
            for node in source.nodes(ast.ClassDef)
        ]
        bases = {node.name: names for _, node, names in classes}

        def all_bases(names: list[str], seen: frozenset = frozenset()) -> list[str]:
            found = list(names)
            for name in names:
                if name in bases and name not in seen:
                    found += all_bases(bases[name], seen | {name})
            return found

        consumers = []
        for source, node, names in classes:
            inherited = all_bases(names)
            if (
                any(name.endswith("Consumer") for name in inherited)
                or source.path.name == "consumers.py"
            ):
                methods = {
                    child.name: child
                    for child in node.body
                    if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                }
                consumers.append(Consumer(source, node, inherited, methods))
        return consumers

    def consumer_at(self, where: Where | None) -> Consumer | None:
        """The consumer in whose class the place is."""
        for consumer in self.consumers if where and where.line else ():
            lines = range(consumer.node.lineno, (consumer.node.end_lineno or 0) + 1)
            if consumer.source.path == where.file and where.line in lines:
                return consumer
        return None

    def consumer_with(self, method: str) -> Consumer | None:
        """The first consumer that has a method of that name."""
        return next((c for c in self.consumers if method in c.methods), None)
