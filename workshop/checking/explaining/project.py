"""The attendee's project as a whole: its files, settings, routes and consumers."""

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from workshop.checking.explaining.consumer import Consumer
from workshop.checking.explaining.nodes import last_name, variable_read
from workshop.checking.explaining.source import Source, Where

FILES_READ = 300
NOT_THEIRS = {"migrations", "node_modules", "site-packages", "__pycache__"}
ROUTES = ("path", "re_path", "url")


def _is_test(path: Path) -> bool:
    return "tests" in path.with_suffix("").parts or path.name.startswith("test_")


class Project:
    """A step's folder: what is in its Python files. `solution` is the same folder finished,
    `edited` are the files in it that the learner edits, where these are known."""

    def __init__(self, folder: Path, solution: Path | None = None, edited: Iterable[str] = ()):
        self.folder = folder
        self._solution = solution
        self._edited = {folder / name for name in edited}
        self._has: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Whether the file is one of the project's own: in its folder, and not an installed
        package. Asked of every frame of every event."""
        if name not in self._has:
            file = self.folder / name
            inside = file.is_relative_to(self.folder) and file.is_file()
            self._has[name] = (
                inside and "site-packages" not in file.parts and file.name != "manage.py"
            )
        return self._has[name]

    def is_given(self, file: Path) -> bool:
        """Whether the file came with the step as it is: the learner doesn't edit any line of it."""
        if self._solution is None or file in self._edited or not file.is_relative_to(self.folder):
            return False
        given = self._solution / file.relative_to(self.folder)
        return given.is_file() and file.is_file() and given.read_bytes() == file.read_bytes()

    @cached_property
    def sources(self) -> list[Source]:
        """Every Python file of the project; tests only where tests are what the learner edits."""
        with_tests = any(_is_test(path.relative_to(self.folder)) for path in self._edited)
        found = []
        for path in sorted(self.folder.rglob("*.py")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            hidden = any(part.startswith(".") or part in NOT_THEIRS for part in parts)
            is_test = _is_test(path.relative_to(self.folder))
            if hidden or (is_test and not with_tests) or not path.is_file():
                continue
            module = ".".join(parts).removesuffix(".__init__")
            found.append(Source(path, module))
            if len(found) == FILES_READ:
                break
        return found

    def source(self, module: str) -> Source | None:
        """The file of the module `mysite.settings`, a package's __init__ included."""
        return next((source for source in self.sources if source.module == module), None)

    def source_at(self, where: Where | None) -> Source | None:
        return next((s for s in self.sources if where and s.path == where.file), None)

    # Settings

    @cached_property
    def settings(self) -> Source | None:
        """The settings that manage.py names."""
        manage = self.source("manage")
        for node in manage.nodes(ast.Constant) if manage else ():
            if isinstance(node.value, str) and "settings" in node.value.lower():
                if source := self.source(node.value):
                    return source
        return None

    @cached_property
    def settings_files(self) -> list[Source]:
        """The settings, then the files that they include with `from .base import *`."""
        found = [self.settings] if self.settings else []
        for source in found:
            for node in source.nodes(ast.ImportFrom):
                if node.names[0].name == "*" and (more := self.source(source.absolute(node))):
                    if more not in found:
                        found.append(more)
        return found

    def setting(self, name: str) -> ast.Assign | ast.AnnAssign | None:
        """The assignment to the setting `name` that counts: the last one of the nearest file."""
        return next((node for _, node in self._assignments(name)), None)

    def where_set(self, name: str, part: ast.AST | None = None) -> Where | None:
        """The place of the setting, or of a part of its value; that of the settings as a whole
        where it is missing."""
        for source, node in self._assignments(name):
            return source.where(part or node)
        return self.settings.where() if self.settings else None

    def _assignments(self, name: str) -> Iterator[tuple[Source, ast.Assign | ast.AnnAssign]]:
        for source in self.settings_files:
            for node in reversed(source.tree.body if source.tree else ()):
                targets = getattr(node, "targets", [getattr(node, "target", None)])
                if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                    if isinstance(node, ast.Assign | ast.AnnAssign):
                        yield source, node

    def setting_value(self, name: str):
        """The setting's value where it is written out in plain literals, else None."""
        node = self.setting(name)
        try:
            return ast.literal_eval(node.value) if node else None
        except (ValueError, TypeError, SyntaxError, AttributeError):
            return None

    # asgi.py and the routes

    @cached_property
    def asgi(self) -> Source | None:
        """The module that ASGI_APPLICATION names; `*/asgi.py` where the setting is missing."""
        value = self.setting_value("ASGI_APPLICATION")
        if isinstance(value, str) and (source := self.source(value.rpartition(".")[0])):
            return source
        return next((s for s in self.sources if s.path.name == "asgi.py"), None)

    @cached_property
    def routes(self) -> list[tuple[Source, ast.Call]]:
        """The routes that lead to a consumer, or would if they were complete: calls of path() or
        re_path() whose target is not a view, in files that Django's URLconf does not name."""
        found = []
        pages = {self.setting_value("ROOT_URLCONF")}
        for source in self.sources:
            if source.module in pages or source.path.name == "urls.py":
                continue
            calls = [c for c in source.nodes(ast.Call) if last_name(c.func) in ROUTES]
            found += [(source, call) for call in calls if call.args]
        return found

    @cached_property
    def routing(self) -> Source | None:
        """The module that holds the WebSocket routes, or should hold them."""
        by_use = [source for source, _ in self.routes]
        by_name = [s for s in self.sources if s.path.name == "routing.py"]
        return next(iter(by_use + by_name), None)

    # Consumers

    @cached_property
    def classes(self) -> list[tuple[Source, ast.ClassDef]]:
        return [(source, node) for source in self.sources for node in source.nodes(ast.ClassDef)]

    @cached_property
    def consumers(self) -> list[Consumer]:
        """The classes that are consumers, directly or through a class of the project; those that a
        route names come first; no class that is only a base of another one, and none that a later
        one of its name replaces."""
        found, inherited = [], set()
        for source, node in self.classes:
            bases, parts = self._bases(source, node, [])
            if any(base.endswith("Consumer") for base in bases):
                found.append(Consumer(source, node, bases, parts))
                inherited |= {id(part) for _, part in parts[1:]}
        last = {(consumer.source.path, consumer.name): consumer for consumer in found}
        found = [consumer for consumer in last.values() if id(consumer.node) not in inherited]
        return sorted(found, key=lambda c: c.name not in self._routed)

    def _bases(self, source: Source, node: ast.ClassDef, seen: list) -> tuple[list[str], list]:
        """The names of all bases, and the project's classes among them, the class itself first."""
        names, parts = [], [(source, node)]
        for base in node.bases:
            dotted = source.dotted(base) or ""
            names.append(dotted.rpartition(".")[2])
            theirs = [
                (s, n)
                for s, n in self.classes
                if n is not node and n not in seen and f"{s.module}.{n.name}" == dotted
            ] or [(s, n) for s, n in self.classes if s is source and n.name == dotted]
            for found in theirs[:1]:
                if found[1] is not node and found[1] not in seen:
                    more, their_parts = self._bases(*found, [*seen, node])
                    names += more
                    parts += their_parts
        return names, parts

    @cached_property
    def _routed(self) -> set[str]:
        """The last names of everything in a route's target, or before .as_asgi."""
        found = set()
        for source in self.sources:
            for node in source.nodes(ast.Attribute):
                if node.attr == "as_asgi":
                    found.add(last_name(node.value))
        for _, call in self.routes:
            for argument in call.args[1:]:
                found |= {last_name(node) for node in ast.walk(argument)}
        return found

    def consumer_at(self, where: Where | None) -> Consumer | None:
        """The consumer in whose class, or in whose bases' classes, the place is."""
        for consumer in self.consumers if where and where.line else ():
            for source, part in consumer.parts:
                if source.path == where.file and part.lineno <= where.line <= part.end_lineno:
                    return consumer
        return None

    def method_at(self, where: Where | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The method of a consumer in which the place is."""
        consumer = self.consumer_at(where)
        return consumer.method_at(where) if consumer else None

    def consumer_with(self, method: str) -> Consumer | None:
        """The first consumer that has a method of that name."""
        return next((c for c in self.consumers if method in c.methods), None)

    # Used by several rules

    def function_at(self, where: Where | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function in which the place is."""
        source = self.source_at(where)
        kinds = ast.FunctionDef, ast.AsyncFunctionDef
        around = source.at(where.line, *kinds) if source else []
        return max(around, key=lambda node: node.lineno, default=None)

    def is_async_at(self, where: Where | None) -> bool:
        """Whether the place is in `async def`."""
        return isinstance(self.function_at(where), ast.AsyncFunctionDef)

    def class_named(self, name: str) -> tuple[Source, ast.ClassDef] | None:
        """The first class of that name, with its file."""
        return next(((s, node) for s, node in self.classes if node.name == name), None)

    def calls(self, *names: str) -> Iterator[tuple[Source, ast.Call]]:
        """The calls of something whose last name is one of these, with their files."""
        return ((source, call) for source in self.sources for call in source.calls(*names))

    def where_asgi(self, node: ast.AST | None = None) -> Where | None:
        """The place of the module with the application, or of a node in it; None without one."""
        return self.asgi.where(node) if self.asgi else None

    def environment_variable(self, name: str) -> str | None:
        """The variable of the environment from which the setting `name` is made: the first that
        its value, or the value of a name in it, is read from."""
        setting = self.setting(name)
        values = dict(reversed(self.settings.values)) if self.settings else {}
        asked = [setting.value] if setting and setting.value else []
        for node in asked:
            for child in ast.walk(node):
                if variable := variable_read(child):
                    return variable
                if isinstance(child, ast.Name) and child.id in values:
                    asked.append(values.pop(child.id).value)
        return None
