"""What runs on the event loop: the calls in `async def`, and in the plain functions of the project
that are called there."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from workshop.checking.explaining.nodes import DEFINITIONS, on_self
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
HARMLESS = ("staticmethod", "classmethod", "override")  # decorators that don't change a function


@dataclass(frozen=True)
class OnTheLoop:
    """A call that runs there."""

    source: Source
    call: ast.Call
    function: Function  # that makes it
    coroutine: ast.AsyncFunctionDef  # from which that was called; the same where it is async
    entry: Function  # what the coroutine itself called to get there; or the coroutine again

    @property
    def name(self) -> str | None:
        """The full name of what is called: "time.sleep"."""
        return self.source.dotted(self.call.func)


def calls_on_the_loop(project: Project, root: ast.AsyncFunctionDef | None = None):
    """The calls that run on the event loop; with `root`, only those that come from this
    coroutine."""
    for source in project.sources:
        for coroutine in source.nodes(ast.AsyncFunctionDef):
            if root in (None, coroutine):
                yield from _calls(project, source, [coroutine], set(), follow=bool(root))


def _calls(project, source, way, seen, follow) -> Iterator[OnTheLoop]:
    """Those in the last function of `way`, which leads there from a coroutine."""
    seen.add(way[-1])
    for call in own_calls(way[-1]):
        yield OnTheLoop(source, call, way[-1], way[0], way[:2][-1])
        found = defined(project, source, call)
        if found and found[1] not in seen and (follow or isinstance(found[1], ast.FunctionDef)):
            yield from _calls(project, found[0], [*way, found[1]], seen, follow)


def own_calls(function: Function) -> Iterator[ast.Call]:
    """The calls in the function itself, without the functions and lambdas inside it."""
    inside = list(reversed(function.body))
    while inside:
        node = inside.pop()
        if isinstance(node, DEFINITIONS):
            continue
        if isinstance(node, ast.Call):
            yield node
        inside += reversed(list(ast.iter_child_nodes(node)))


def defined(project: Project, source: Source, call: ast.Call) -> tuple[Source, Function] | None:
    """The function of the project that a call calls, with its file; none that a decorator may have
    replaced."""
    if on_self(call.func):
        places = [(source, node) for node in source.nodes(ast.ClassDef) if _has(node, call)]
        name = call.func.attr
        consumer = project.consumer_at(source.where(call))
        places += consumer.parts[1:] if consumer else []
    else:
        module, _, name = (source.dotted(call.func) or "").rpartition(".")
        other = project.source(module) if module else source
        places = [(other, other.tree)] if other and other.tree else []
    for place, owner in places:
        for node in owner.body:
            if isinstance(node, Function) and node.name == name:
                plain = all(getattr(d, "id", "") in HARMLESS for d in node.decorator_list)
                return (place, node) if plain else None
    return None


def _has(owner: ast.ClassDef, node: ast.Call) -> bool:
    return owner.lineno <= node.lineno and node.end_lineno <= owner.end_lineno
