"""Imports that fail."""

import ast
import importlib
import pkgutil
import re
import sys

from checks.diagnoses.not_imported import IMPORTS
from workshop.checking.explaining.edits import instead, whole_line, without
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest

LIBRARIES = ("channels", "channels_redis", "asgiref", "daphne", "django")

# What is no longer in Channels and Django: since when, and what replaced it.
OLD = {
    "channels.http": (
        "channels.http was removed in Channels 4.",
        "Pages are served by get_asgi_application(), from django.core.asgi.",
    ),
    "'Group' from 'channels'": (
        "Group is from Channels 1.",
        "Today a consumer awaits self.channel_layer.group_add(…) and group_send(…).",
    ),
    "'route' from 'channels.routing'": (
        "route() is from Channels 1.",
        'Today a route is re_path(r"…", consumers.ChatConsumer.as_asgi()), in a URLRouter.',
    ),
    "channels.asgi": (
        "channels.asgi is from Channels 1.",
        "Today asgi.py defines application as a ProtocolTypeRouter.",
    ),
    "'channel_session'": (
        "channel_session is from Channels 1.",
        "Today a consumer keeps what it needs on itself, as self.something.",
    ),
    "django.conf.urls": (
        "url() was removed in Django 4.",
        "Today it is re_path(), from django.urls.",
    ),
}
UNUSED = "Nothing in this file uses it: delete this line."


@rule(
    raised=r"^ImportError: cannot import name '(\w+)' from partially initialized module '([\w.]+)'"
)
def circular_import(evidence, error, name, module):
    where = evidence.where(error)
    removal = without_the_import(evidence, where)
    advice = (
        UNUSED
        if removal
        else "Move what both of them need to a third file, or "
        "import it in the function that uses it."
    )
    return Explanation(
        f"Two files import each other: {module} is still being "
        f"read when this line imports {name} from it. "
        f"{advice}",
        where,
        removal,
    )


# Their own lines


@rule
def wrong_import(evidence):
    """An import that fails, which runserver hides behind "Cannot import ASGI_APPLICATION"."""
    of_others = re.compile("Cannot import|DJANGO_SETTINGS_MODULE|partially initialized")
    for error in evidence.errors:
        where = evidence.where(error)
        failed = error.name in ("ModuleNotFoundError", "ImportError")
        if not failed or not where or of_others.search(error.message):
            continue
        said = error.message.split(" (")[0]
        if old := next((old for name, old in OLD.items() if name in error.message), None):
            removal = without_the_import(evidence, where)
            since, today = old
            message = f"{error.name}: {said}. {since} {UNUSED if removal else today}"
            return Explanation(message, where, removal)
        advice, edit = _meant(evidence, where, error.message)
        return Explanation(f"An import fails: {said}. {advice}", where, edit)


def without_the_import(evidence, where):
    """The edit that deletes the import at the place, where nothing in the file uses its names."""
    source = evidence.project.source_at(where)
    for statement in evidence.nodes_at(where, ast.Import, ast.ImportFrom):
        names = {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        used = {node.id for node in source.nodes(ast.Name)}
        if not names & used and "__all__" not in used:
            return evidence.suggest(where, without(statement))
    return None


def _meant(evidence, where, message):
    """What the import may have meant, and the edit that makes it so."""
    missing = re.search(r"No module named '([\w.]+)'", message)
    wanted = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", message)
    if not missing and not wanted:
        return GENERAL, None
    name, parent = wanted.groups() if wanted else missing[1].rpartition(".")[::-2]
    source = evidence.project.source_at(where)
    if wanted and IMPORTS.get(name, "").startswith(f"from {parent}."):
        edits = _other_module(source, where.line, name, IMPORTS[name])
        return f"Write:\n    {IMPORTS[name]}", evidence.suggest(where, *edits)
    near = nearest(name, _known(evidence.project, parent, wanted))
    if not near:
        return GENERAL, None
    if wanted:
        edits = _other_name(source, where.line, name, near)
        return f"Did you mean {near}{_of(evidence.project, parent, near)}?", evidence.suggest(
            where, *edits
        )
    full, near = missing[1], f"{parent}.{near}".strip(".")
    line = source.text.split("\n")[where.line - 1]
    other = re.sub(rf"\bfrom {re.escape(full)}\b", f"from {near}", line)
    edits = _other_name(source, where.line, full, near) or [whole_line(source, where.line, other)]
    return f"Did you mean {near}?", evidence.suggest(where, *edits)


def _of(project, parent, name):
    """Where the name is: in which line of a file of the project, or in which module."""
    source = project.source(parent)
    assigned = source and source.assignment(name)
    if assigned:
        file = source.path.relative_to(project.folder).as_posix()
        return f", which {file} defines on line {assigned.lineno}"
    return f" (from {parent})"


GENERAL = "Check the spelling, and that the file it names exists."


def _known(project, parent, wanted):
    """The names that could be meant: in a module, or of modules in a package."""
    if parent.partition(".")[0] in LIBRARIES:
        return _names_of(parent, wanted)
    if wanted and (source := project.source(parent)):
        known = [n.name for n in source.nodes(ast.ClassDef, ast.FunctionDef)]
        known += [n.id for n in source.nodes(ast.Name) if isinstance(n.ctx, ast.Store)]
    else:
        known = [] if parent else [*LIBRARIES, *sys.stdlib_module_names]
    modules = [source.module.rpartition(".") for source in project.sources]
    return known + [name for package, _, name in modules if package == parent]


def _other_module(source, line, name, code):
    """The changes that import a name from where it is."""
    for statement in source.at(line, ast.ImportFrom):
        if [(alias.name, alias.asname) for alias in statement.names] == [(name, None)]:
            return [instead(statement, code)]
    return []


def _other_name(source, line, name, near):
    """The changes that import `near` in place of `name`, and use it where that was used."""
    for statement in source.at(line, ast.Import, ast.ImportFrom):
        for alias in statement.names:
            if alias.name == name and alias.asname:
                kept = "" if near == alias.asname else f" as {alias.asname}"
                return [instead(alias, near + kept)]
            if alias.name == name and "." not in name:
                used = [node for node in source.nodes(ast.Name) if node.id == name]
                return [instead(node, near) for node in [alias, *used]]
    return []


def _names_of(package, names):
    """The names in an installed module, or the modules in an installed package."""
    try:
        module = importlib.import_module(package)
    except Exception:
        return []
    if names:
        return dir(module)
    return [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
