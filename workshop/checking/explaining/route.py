"""A route to a consumer as it is written, and which paths it fits."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.project import ROUTES, Project
from workshop.checking.explaining.source import Source, Where

# Django's path converters (django.urls.converters).
CONVERTERS = {
    "str": "[^/]+",
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "path": ".+",
}
SLUG = CONVERTERS["slug"]  # what the name of a group can hold, but for its dots
ARGUMENT = r"<(?:(\w+):)?(\w+)>"  # of path(): its converter and its name


@dataclass(frozen=True)
class Route:
    """A call of path() or re_path() whose first argument is written out as a string."""

    source: Source
    call: ast.Call
    pattern: str

    @property
    def shown(self) -> str:
        """The pattern as it is written in its file, with its quotes."""
        return self.source.code(self.call.args[0])

    @property
    def is_path(self) -> bool:
        """Whether it is path(), which doesn't take a regular expression."""
        return last_name(self.call.func) == "path"

    @property
    def where(self) -> Where:
        return self.source.where(self.call)

    @property
    def captured(self) -> list[str]:
        """The names of the arguments that it captures."""
        found = re.finditer(rf"\(\?P<(\w+)>|{ARGUMENT}", self.pattern)
        return [match[1] or match[3] for match in found]

    def written(self, pattern: str) -> str:
        """Another pattern as it would be written in its place."""
        return f'"{pattern}"' if self.is_path and "\\" not in pattern else f'r"{pattern}"'

    def with_pattern(self, pattern: str) -> "Route":
        return replace(self, pattern=pattern)

    def fits(self, path: str, flags: int = 0) -> bool:
        """Whether it matches a path without its first slash, "ws/chat/lobby/", as Django would
        compare them."""
        try:
            return re.search(self._expression(), path, flags) is not None
        except re.error:
            return False

    def _expression(self) -> str:
        if not self.is_path:
            return self.pattern
        literal = re.sub(r"([.^$*+?{}()|\\])", r"\\\1", self.pattern)
        return "^" + re.sub(ARGUMENT, _group, literal) + "$"


def _group(argument: re.Match) -> str:
    converter, name = argument.groups()
    return f"(?P<{name}>{CONVERTERS.get(converter or 'str', '[^/]+')})"


def written_routes(project: Project) -> Iterator[Route]:
    """The project's routes to consumers whose pattern is written out."""
    for source, call in project.routes:
        pattern = getattr(call.args[0], "value", None)
        if isinstance(pattern, str):
            yield Route(source, call, pattern)


@dataclass(frozen=True)
class RoutesInAsgi:
    """The list of routes to consumers, as the module with the application writes it, or would after
    these imports. `known` says whether there is such a list."""

    name: str = "websocket_urlpatterns"
    imports: tuple[str, ...] = ()
    known: bool = False

    @property
    def router(self) -> str:
        return f"URLRouter({self.name})"


def routes_in_asgi(project: Project) -> RoutesInAsgi:
    """The list of routes that the project's URLRouter takes, or should."""
    asgi, routing = project.asgi, project.routing
    lists = [
        name
        for name, node in (routing.values if routing else ())
        if isinstance(node.value, ast.List) and (not node.value.elts or _holds_routes(node.value))
    ]
    if asgi is None or not lists:
        return RoutesInAsgi()
    name, more = _written_in(asgi, routing, lists[-1])
    router = () if "URLRouter" in asgi.imports else ("from channels.routing import URLRouter",)
    return RoutesInAsgi(name, router + more, known=True)


def _holds_routes(node: ast.List) -> bool:
    return any(last_name(getattr(entry, "func", None)) in ROUTES for entry in node.elts)


def _written_in(asgi: Source, routing: Source, name: str) -> tuple[str, tuple[str, ...]]:
    """How asgi.py writes a variable of the module with the routes, and after which import."""
    whole = f"{routing.module}.{name}"
    if asgi is routing:
        return name, ()
    for alias, meaning in asgi.imports.items():
        if whole == meaning or whole.startswith(f"{meaning}."):
            return alias + whole.removeprefix(meaning), ()
    return name, (f"from {routing.module} import {name}",)
