"""The consumers of a project, as their classes are written."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from workshop.checking.explaining.nodes import calls_in, last_name, on_self, values_in
from workshop.checking.explaining.source import Source, Where

CHANGES = {"append", "add", "insert", "extend", "update", "setdefault", "pop", "remove", "discard"}
RECEIVERS = ("receive", "receive_json", "websocket_receive")  # called with what browsers say
SENDERS = ("send", "send_json", "group_send")


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


def handler_name(kind: str | None) -> str:
    """The method that takes a message of the type (channels.consumer.get_handler_name)."""
    return (kind or "").replace(".", "_")
