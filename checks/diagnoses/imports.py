"""Imports that fail."""

import ast
import importlib
import pkgutil
import re
import sys

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest

LIBRARIES = ("channels", "channels_redis", "asgiref", "daphne", "django")

# What left Channels, and what took its place.
OLD = {
    "channels.http": (
        "channels.http left Channels with version 4: "
        "for pages, use Django's get_asgi_application() from django.core.asgi."
    ),
    "'Group' from 'channels'": (
        "Group is from Channels 1: "
        "today a consumer awaits self.channel_layer.group_add(...) and group_send(...)."
    ),
    "'route' from 'channels.routing'": (
        "route() is from Channels 1: "
        'today a route is re_path(r"...", consumers.ChatConsumer.as_asgi()), in a URLRouter.'
    ),
    "channels.asgi": (
        "channels.asgi is from Channels 1 and 2: "
        "today asgi.py defines application as a ProtocolTypeRouter."
    ),
    "'channel_session'": (
        "channel_session is from Channels 1: "
        "today a consumer keeps what it needs on itself, as self.something."
    ),
    "django.conf.urls": (
        "url() left Django with version 4: today it is re_path(), from django.urls."
    ),
}


@rule(
    raised=r"^ImportError: cannot import name '(\w+)' from partially initialized module '([\w.]+)'"
)
def circular_import(evidence, error, name, module):
    return Explanation(
        f"Two files import each other: {module} is still being read when {name} is asked of it. "
        "Let one of the two not import the other.",
        evidence.where(error),
    )


# Their own lines


@rule
def wrong_import(evidence):
    """An import that fails, which runserver hides behind "Cannot import ASGI_APPLICATION"."""
    of_others = re.compile("Cannot import|DJANGO_SETTINGS_MODULE|partially initialized")
    for error in evidence.errors:
        where = evidence.where(error)
        failed = error.name in ("ModuleNotFoundError", "ImportError")
        if failed and where and not of_others.search(error.message):
            said = error.message.split(" (")[0]
            old = next((advice for name, advice in OLD.items() if name in error.message), None)
            if old:
                return Explanation(f"{error.name}: {said}. {old}", where)
            advice = suggestion(error.message, evidence.project)
            return Explanation(f"An import fails: {said}. {advice}", where)


def suggestion(message, project):
    """What the import may have meant."""
    missing = re.search(r"No module named '([\w.]+)'", message)
    wanted = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", message)
    general = "Look at the spelling, and that the file it names is there."
    if not missing and not wanted:
        return general
    name, parent = wanted.groups() if wanted else missing[1].rpartition(".")[::-2]
    if parent.partition(".")[0] in LIBRARIES:
        known = _names_of(parent, wanted)
    elif wanted and (source := project.source(parent)):
        known = [n.name for n in source.nodes(ast.ClassDef, ast.FunctionDef)]
        known += [n.id for n in source.nodes(ast.Name) if isinstance(n.ctx, ast.Store)]
    else:
        modules = [source.module for source in project.sources]
        known = [m.rpartition(".")[2] for m in modules if m.rpartition(".")[0] == parent]
        known += [*LIBRARIES, *sys.stdlib_module_names] if not parent else ()
    near = nearest(name, known)
    if not near:
        return general
    if wanted:
        return f"Did you mean {near} (from {parent})?"
    return f"Did you mean {f'{parent}.{near}'.strip('.')}?"


def _names_of(package, names):
    """The names in an installed module, or the modules in an installed package."""
    try:
        module = importlib.import_module(package)
    except Exception:
        return []
    if names:
        return dir(module)
    return [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
