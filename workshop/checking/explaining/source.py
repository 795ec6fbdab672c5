"""The attendee's files as syntax trees: read, never run."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FILES_READ = 300
NOT_THEIRS = {"migrations", "node_modules", "site-packages", "__pycache__"}
ROUTES = ("path", "re_path", "url")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.Lambda, ast.ClassDef)
CHANGES = {"append", "add", "insert", "extend", "update", "setdefault", "pop", "remove", "discard"}
RECEIVERS = ("receive", "receive_json", "websocket_receive")  # called with what browsers say
SENDERS = ("send", "send_json", "group_send")


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

    def calls_on_the_loop(self) -> Iterator[ast.Call]:
        """The calls that run on the event loop: those in `async def` itself, without the functions
        and lambdas inside it."""
        for function in self.nodes(ast.AsyncFunctionDef):
            inside = list(function.body)
            while inside:
                node = inside.pop()
                if isinstance(node, DEFINITIONS):
                    continue
                if isinstance(node, ast.Call):
                    yield node
                inside += ast.iter_child_nodes(node)


@dataclass
class Consumer:
    """A class whose objects Channels runs, with what it inherits from classes of the project."""

    source: Source
    node: ast.ClassDef
    bases: list[str]  # last parts of all bases' names: "AsyncWebsocketConsumer"
    parts: list[tuple[Source, ast.ClassDef]]  # the class itself and its bases in the project

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def is_async(self) -> bool:
        return any(base.startswith("Async") for base in self.bases)

    @property
    def base(self) -> str:
        """The base class that suits its methods: the asynchronous one, unless they are plain."""
        own = [self.methods[name] for name in self.methods if name != "__init__"]
        plain = own and not any(isinstance(method, ast.AsyncFunctionDef) for method in own)
        return "WebsocketConsumer" if plain else "AsyncWebsocketConsumer"

    @property
    def is_json(self) -> bool:
        return any("Json" in base for base in self.bases)

    @property
    def is_bare(self) -> bool:
        """Whether it is not one of Channels' generic WebSocket consumers."""
        return not any("Websocket" in base for base in self.bases)

    @property
    def finds_methods_by_name(self) -> bool:
        """Whether it makes the names of methods that it calls: getattr(self, "on_" + kind)."""
        found = (call for call in self.calls("getattr") if len(call.args) > 1)
        return any(not isinstance(call.args[1], ast.Constant) for call in found)

    @cached_property
    def methods(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """Its methods by name, the inherited included."""
        return {
            child.name: child
            for _, part in reversed(self.parts)
            for child in part.body
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @cached_property
    def class_values(self) -> list[tuple[str, ast.AST]]:
        """The names and values on the class itself."""
        return [value for _, part in self.parts for value in values_in(part.body)]

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return [node for _, part in self.parts for node in ast.walk(part)]

    def nodes(self, *types: type) -> Iterator[ast.AST]:
        return (node for node in self._nodes if isinstance(node, types))

    def where(self, node: ast.AST | None = None) -> Where:
        """The place of the node, which may be in a base class in another file."""
        for source, part in self.parts:
            if node and any(child is node for child in ast.walk(part)):
                return source.where(node)
        return self.source.where(self.node)

    def calls(self, name: str, method: str | None = None) -> list[ast.Call]:
        """The calls of something whose last name is `name`, in one method or the whole class."""
        if method is None:
            return [call for call in self.nodes(ast.Call) if last_name(call.func) == name]
        scope = self.methods.get(method)
        return [call for call in calls_in(scope) if last_name(call.func) == name] if scope else []

    def mentions(self, name: str) -> list[ast.AST]:
        """The names and attributes that end in `name`, called or not."""
        return [node for node in self.nodes(ast.Name, ast.Attribute) if last_name(node) == name]

    def method_at(self, where: Where | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The method in which the place is."""
        for source, part in self.parts:
            for child in part.body:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and where:
                    inside = child.lineno <= (where.line or 0) <= (child.end_lineno or 0)
                    if inside and source.path == where.file:
                        return child
        return None

    def is_named(self, method: str) -> bool:
        """Whether the files name the method: called, as a string, or as one that is built for
        getattr(), of which the beginning is enough."""
        if self.mentions(method):
            return True
        for source in {source for source, _ in self.parts}:
            if any(node.value == method for node in source.nodes(ast.Constant)):
                return True
            for call in source.calls("getattr"):
                asked = call.args[1] if len(call.args) > 1 else ast.Constant("")
                if not isinstance(asked, ast.Constant) and method.startswith(_beginning(asked)):
                    return True
        return False

    def inside_a_method(self, name: str) -> Where | None:
        """The place of a function of that name that is indented too far to be a method."""
        functions = self.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        nested = (n for n in functions if n.name == name and n is not self.methods.get(name))
        return next((self.where(node) for node in nested), None)

    def outside_of_the_class(self, name: str) -> Where | None:
        """The place of a function or class of that name next to the consumer's class."""
        for node in self.source.tree.body if self.source.tree else ():
            if getattr(node, "name", None) == name:
                return self.source.where(node)
        return None

    def set_on_self(self, method: str | None = None) -> list[ast.Attribute]:
        """The `self.name` that are assigned to, in one method or the whole class."""
        if method is None:
            nodes = self.nodes(ast.Attribute)
        else:
            nodes = ast.walk(self.methods.get(method) or ast.Pass())
        return [n for n in nodes if on_self(n) and isinstance(n.ctx, ast.Store)]

    def set_on_class(self) -> list[ast.Attribute]:
        """The attributes of the class itself that are assigned to in its methods."""
        owners = (self.name, "self.__class__", "type(self)", "cls")
        return [
            node
            for node in self.nodes(ast.Attribute)
            if isinstance(node.ctx, ast.Store) and ast.unparse(node.value) in owners
        ]

    def changed_on_class(self) -> Iterator[tuple[str, ast.AST]]:
        """The lists, dictionaries and sets on the class that methods change, and no method sets on
        self: their names and values."""
        kinds = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.Call)
        shared = {name: node for name, node in self.class_values if isinstance(node.value, kinds)}
        own = {"groups", *(node.attr for node in self.set_on_self())}
        for node in self.nodes(ast.Attribute, ast.Subscript):
            if isinstance(node, ast.Attribute):
                changes = node.attr in CHANGES
            else:
                changes = isinstance(node.ctx, ast.Store | ast.Del)
            name = getattr(node.value, "attr", None)
            if changes and name in shared and name not in own:
                yield name, shared[name]


def last_name(node: ast.AST) -> str | None:
    """ "send" of `send`, `self.send` and `self.channel_layer.send`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _beginning(text: ast.AST) -> str:
    """What a string that is built from parts is known to begin with: "on_" of "on_" + kind, of
    f"on_{kind}" and of "on_%s" % kind."""
    while not isinstance(text, ast.Constant):
        if isinstance(text, ast.JoinedStr) and text.values:
            text = text.values[0]
        elif isinstance(text, ast.BinOp):
            text = text.left
        elif isinstance(text, ast.Call) and last_name(text.func) == "format":
            text = text.func.value
        else:
            return ""
    return re.split(r"[%{]", str(text.value))[0]


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


def handler_name(kind: str | None) -> str:
    """The method that takes a message of the type (channels.consumer.get_handler_name)."""
    return (kind or "").replace(".", "_")


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
