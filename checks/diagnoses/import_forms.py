"""Imports of a module that exists, but is imported in the wrong way."""

import ast
import importlib
import re

from checks.diagnoses.packages import MISSING, is_installed
from workshop.checking.explaining.edits import instead, whole_line
from workshop.checking.explaining.rules import Explanation, rule


@rule(raised=MISSING)
def import_of_a_neighbor(evidence, error, name):
    """`import consumers` in chat/routing.py."""
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    package = source.module.rpartition(".")[0] if source else ""
    neighbor = package and evidence.project.source(f"{package}.{name}")
    if not neighbor or name not in source.line(where.line):
        return None
    folder, line = package.replace(".", "/"), source.text.split("\n")[where.line - 1]
    line = re.sub(rf"\bfrom {name}\b", f"from {package}.{name}", line)
    line = re.sub(rf"^(\s*)import {name}\b", rf"\1from {package} import {name}", line)
    return Explanation(
        f"{name} is a file in the folder {folder}, but Python looks for it next to manage.py. "
        "Name the folder as well:\n"
        f"    {line.strip()}",
        where,
        evidence.suggest(where, whole_line(source, where.line, line)),
    )


@rule(raised=r"^ModuleNotFoundError: No module named '([\w.]+)\.(\w+)'")
def import_of_a_variable(evidence, error, module, name):
    """`import chat.routing.websocket_urlpatterns`: only modules can be imported so."""
    source, where = evidence.project.source(module), evidence.where(error)
    if source:
        made = {target for target, _ in source.values} | source.functions
        made |= {node.name for node in source.nodes(ast.ClassDef)}
        file = source.path.relative_to(evidence.project.folder).as_posix()
        said = f"{name} is defined in {file}, but this form of import only takes modules."
    elif is_installed(module.partition(".")[0]) and _has(module, name):
        made, said = {name}, f"{name} is not a module but a name in {module}."
    else:
        return None
    if name in made:
        edit, used = _from_the_module(evidence, where, module, name)
        uses = f"\nAnd below, write {name} instead of {used}." if used else ""
        return Explanation(f"{said} Write:\n    from {module} import {name}{uses}", where, edit)


def _from_the_module(evidence, where, module, name):
    """The edit that imports the name from its module, and uses it by itself; and how it was used
    until then."""
    source = evidence.project.source_at(where)
    for statement in evidence.nodes_at(where, ast.Import):
        alias = statement.names[0]
        if len(statement.names) > 1 or alias.name != f"{module}.{name}":
            return None, None
        long = {alias.asname or alias.name, f"{alias.asname}.{name}"}
        used = [n for n in source.nodes(ast.Name, ast.Attribute) if ast.unparse(n) in long]
        used = [n for n in used if not any(getattr(other, "value", None) is n for other in used)]
        changes = [instead(statement, f"from {module} import {name}")]
        changes += [instead(node, name) for node in used]
        return evidence.suggest(where, *changes), used[0] and ast.unparse(used[0]) if used else None
    return None, None


def _has(module, name):
    try:
        return hasattr(importlib.import_module(module), name)
    except Exception:  # Django's modules may ask for settings
        return False
