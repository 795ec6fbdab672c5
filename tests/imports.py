"""Which module of the repository imports which, read from the sources and not run."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

Graph = dict[str, set[str]]  # a module, "workshop.manifest", and those that it imports


def modules(root: Path, *packages: str) -> dict[str, Path]:
    """The modules below these folders of `root`, by name; a package has its own."""
    found = {}
    for package in packages:
        for file in sorted((root / package).rglob("*.py")):
            parts = file.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def graph(of: dict[str, Path]) -> Graph:
    """What each module imports of the others, anywhere in it: inside a function, too."""
    return {name: {i for i in imported(name, file, of) if i != name} for name, file in of.items()}


def imported(name: str, file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of `known` that the module `name` imports. `from package import name` imports the
    module of that name where there is one, else the package."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        wanted = []
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            parent = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            within = [f"{parent}.{alias.name}" for alias in node.names]
            wanted = [module if module in known else parent for module in within]
        yield from (module for module in wanted if module in known)


def circle(imports: Graph) -> list[str] | None:
    """An import cycle, if there is one: each module imports the next, the last is the first."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return None
