"""The last steps before a server listens: Django is set up, and the port is taken."""

import ast
import re

from workshop.checking.explaining.edits import without
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, advice, rule

SETS_UP = ("get_asgi_application", "setup", "get_default_application")
SETTINGS = "DJANGO_SETTINGS_MODULE"


@rule(raised=r"AppRegistryNotReady: (?:Apps|Models) aren't loaded yet")
def apps_not_ready(evidence, error):
    where = evidence.where(error)
    if where and where.file.name == "__init__.py":
        imports = evidence.nodes_at(where, ast.Import, ast.ImportFrom)
        return Explanation(
            f"{where.file.parent.name}/__init__.py imports a model, but it is read before Django "
            "is set up. Remove the import from here, and write it in the file that uses the model.",
            where,
            evidence.suggest(where, *map(without, imports)),
        )
    return Explanation(
        "A model is imported before Django is set up. "
        "In asgi.py call get_asgi_application() first, and import the routes after it.",
        where,
    )


@rule
def port_taken(evidence):
    in_use = "Address already in use|port is already in use"
    if evidence.exited and evidence.logged(in_use):
        return Explanation("Another program grabbed the port just now. Run the check again.")


# What works under runserver, which has set Django up already; `daphne mysite.asgi:application`
# stops.


@advice(needs="chat")
def settings_module_not_set(evidence):
    asgi = evidence.project.asgi
    for statement in asgi.tree.body if asgi and asgi.tree else ():
        if SETTINGS in ast.unparse(statement):
            return None
        if _sets_up(statement):
            return Explanation(
                f"{SETTINGS} is not set when Django is set up here. "
                "manage.py does it for runserver; under `daphne` the server stops at this line. "
                "Put os.environ.setdefault(…) above it.",
                asgi.where(statement),
            )


@advice(needs="chat")
def import_before_set_up(evidence):
    asgi = evidence.project.asgi
    for statement in asgi.tree.body if asgi and asgi.tree else ():
        if _sets_up(statement):
            return None
        for module in _modules(asgi, statement):
            if models := _models_behind(evidence.project, module, set()):
                return Explanation(
                    f"{module} is imported before Django is set up, "
                    f"and it leads to models ({models}). "
                    "runserver has already set Django up; under "
                    "`daphne` the server stops at this line. "
                    "Import it below get_asgi_application().",
                    asgi.where(statement),
                )


def _sets_up(statement):
    """Whether it calls what sets Django up."""
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    return any(last_name(call.func) in SETS_UP for call in calls)


def _modules(source, statement):
    """The names of the modules that a statement may import."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    parent = source.absolute(statement)
    return [parent, *(f"{parent}.{alias.name}" for alias in statement.names)]


def _models_behind(project, module, seen):
    """The module with models that an import of `module` reads in turn, or None."""
    if re.fullmatch(r"(.+\.)?models(\..+)?", module) and not module.startswith("django.db"):
        if module.startswith("django.") or project.source(module):
            return module
    source = project.source(module)
    if source is None or module in seen or source.tree is None:
        return None
    seen.add(module)
    for statement in source.tree.body:
        for name in _modules(source, statement):
            if found := _models_behind(project, name, seen):
                return found
    return None
