"""Imports that fail."""

import ast
import difflib
import importlib.util
import pkgutil
import re
import sys

from workshop.checking.explaining.rules import Explanation, rule

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


@rule(raised=r"^(?:ModuleNotFoundError|ImportError|AttributeError)\b.*'[\w.]+'")
def file_shadows_a_package(evidence, error):
    """A file of the learner's that has the name of a package, and is imported instead."""
    for name in re.findall(r"'(\w+)(?:\.[\w.]*)?'", error.message):
        own = evidence.project.folder / f"{name}.py"
        installed = name in sys.stdlib_module_names or _is_installed(name)
        if own.is_file() and installed and evidence.is_theirs(own):
            source = evidence.project.source(name)
            return Explanation(
                f"Your file {name}.py has the name of the package {name}, and Python imports it "
                "in its place. Give your file another name.",
                source.where() if source else None,
            )


def _is_installed(name):
    return importlib.util.find_spec(name) is not None if name in LIBRARIES else False


@rule(
    raised=r"^ImportError: cannot import name '(\w+)' from partially initialized module '([\w.]+)'"
)
def circular_import(evidence, error, name, module):
    return Explanation(
        f"Two files import each other: {module} is still being read when {name} is asked of it. "
        "Let one of the two not import the other.",
        evidence.where(error),
    )


# INSTALLED_APPS: no line of the learner's imports its entries, Django does


@rule(raised=r"^ModuleNotFoundError: No module named '([\w.]+)'")
def comma_forgotten_in_installed_apps(evidence, error, name):
    """Python joins two strings with nothing between them: on two lines, a comma is missing."""
    entry = _entry_of(evidence, error, name)
    setting = evidence.project.setting("INSTALLED_APPS")
    for node in ast.walk(setting) if entry else ():
        text = isinstance(node, ast.Constant) and node.value == entry
        if text and node.end_lineno > node.lineno:
            return Explanation(
                "A comma is missing at the end of this line: "
                f"without it Python takes two strings for one, here {entry!r}.",
                evidence.project.where_set("INSTALLED_APPS", node),
            )


@rule(raised=r"^ModuleNotFoundError: No module named '([\w.]+)'")
def installed_app_missing(evidence, error, name):
    entry = _entry_of(evidence, error, name)
    if entry:
        theirs = {source.module.partition(".")[0] for source in evidence.project.sources}
        near = difflib.get_close_matches(name, ["daphne", "channels", *theirs], 1)
        advice = f"Did you mean {near[0]!r}?" if near else "Look at its spelling."
        return Explanation(
            f"INSTALLED_APPS names {entry!r}, and there is no such app. {advice}",
            evidence.project.where_set("INSTALLED_APPS"),
        )


def _entry_of(evidence, error, name):
    """The entry of INSTALLED_APPS that Django could not import, if that is what failed."""
    apps = evidence.project.setting_value("INSTALLED_APPS") or ()
    if not any(frame.function == "populate" for frame in error.frames):
        return None
    return next((app for app in apps if app == name or app.startswith(f"{name}.")), None)


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
        known += LIBRARIES if not parent else ()
    near = difflib.get_close_matches(name, known, 1)
    if not near:
        if missing and not parent and not project.source(name):
            return f"{general} If it is a package, install it: pip install {name}"
        return general
    if wanted:
        return f"Did you mean {near[0]} (from {parent})?"
    return f"Did you mean {f'{parent}.{near[0]}'.strip('.')}?"


def _names_of(package, names):
    """The names in an installed module, or the modules in an installed package."""
    try:
        module = importlib.import_module(package)
    except Exception:
        return []
    if names:
        return dir(module)
    return [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
