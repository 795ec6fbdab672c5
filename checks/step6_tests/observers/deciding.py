"""Whether a test has anything that could fail, from its syntax tree."""

import ast
from collections.abc import Iterator

from workshop.checking.explaining.nodes import FUNCTIONS
from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Source

# Of a communicator, what fails by itself when nothing comes; of asyncio, what ends a wait; of
# pytest and unittest, what fails.
FAILS = ("receive_from", "receive_json_from", "receive_output", "recv", "timeout", "wait_for")
FAILS += ("fail", "raises")
SENDS = ("send_to", "send_json_to", "send_input")


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
    """Whether the test, or a function that it uses, has something that could fail. True where that
    cannot be told. That a tab is let in decides a test that sends nothing."""
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
    used = list(_used(function, helpers))
    names = {name for one in used for name in _names(one)}
    if any(_asserts(one) for one in used) or names & {*FAILS}:
        return True
    return any(_raises(one) for one in used) and not names & {*SENDS}


def _used(function: ast.AST, helpers: dict[str, ast.AST]) -> Iterator[ast.AST]:
    """The function, and all helpers that it uses, each once."""
    seen, waiting = {function.name}, [function]
    while waiting:
        one = waiting.pop()
        yield one
        for name in {*_names(one)} & helpers.keys() - seen:
            seen.add(name)
            waiting.append(helpers[name])


def _asserts(function: ast.AST) -> bool:
    """Whether it asserts something, other than of constants alone."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        called = node.func if isinstance(node, ast.Call) else node
        name = getattr(called, "attr", getattr(called, "id", ""))
        if isinstance(node, ast.Call) and name.lower().startswith("assert"):
            if not node.args or any(not isinstance(arg, ast.Constant) for arg in node.args):
                return True
    return False


def _raises(function: ast.AST) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(function))


def _names(function: ast.AST) -> Iterator[str]:
    """What it calls, uses or, as a fixture, takes."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
