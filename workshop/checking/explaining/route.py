"""A route to a consumer as it is written, and which paths it fits."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from workshop.checking.explaining.source import Project, Source, Where, last_name

# Django's path converters (django.urls.converters).
CONVERTERS = {
    "str": "[^/]+",
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "path": ".+",
}
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
        """Whether it is path(), which takes no regular expression."""
        return last_name(self.call.func) == "path"

    @property
    def where(self) -> Where:
        return self.source.where(self.call)

    @property
    def captured(self) -> list[str]:
        """The names of the arguments that it captures."""
        found = re.finditer(rf"\(\?P<(\w+)>|{ARGUMENT}", self.pattern)
        return [match[1] or match[3] for match in found]

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
