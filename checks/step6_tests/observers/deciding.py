"""Whether a test has anything that could fail, from its syntax tree."""

import ast
from collections.abc import Iterator

from workshop.checking.explaining.source import Project, Source

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Of a communicator, what fails by itself when nothing comes; of pytest and unittest, what fails.
FAILS = ("receive_from", "receive_json_from", "receive_output", "fail", "raises", "xfail")


def test_in(project: Project, test: str) -> tuple[Source, ast.AST] | None:
    """The function of a test as pytest names it, "chat/tests.py::ChatTests::test_x[1]"."""
    file, *_, name = test.partition("[")[0].split("::")
    for source in project.sources:
        if source.path == project.folder / file and source.tree:
            found = [node for node in ast.walk(source.tree) if isinstance(node, FUNCTIONS)]
            named = [node for node in found if node.name == name]
            return (source, named[-1]) if named else None
    return None


def decides(project: Project, test: str) -> bool:
    """Whether the test, or a function of its file that it uses, has something that could fail.
    True where that cannot be told."""
    found = test_in(project, test)
    if found is None:
        return True
    source, function = found
    # Its own file comes first: names in others, such as a conftest.py, may be the same.
    sources = sorted(project.sources, key=lambda one: one is not source)
    helpers: dict[str, ast.AST] = {}
    for one in sources:
        for node in ast.walk(one.tree or ast.Pass()):
            if isinstance(node, FUNCTIONS):
                helpers.setdefault(node.name, node)
    return _can_fail(function, helpers, set())


def _can_fail(function: ast.AST, helpers: dict[str, ast.AST], seen: set[str]) -> bool:
    seen.add(function.name)
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    names = set(_names(function))
    if any(name in FAILS or name.lower().startswith("assert") for name in names):
        return True
    used = [helpers[name] for name in names - seen if name in helpers]
    return any(_can_fail(helper, helpers, seen) for helper in used)


def _names(function: ast.AST) -> Iterator[str]:
    """What it calls, uses or, as a fixture, takes."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
