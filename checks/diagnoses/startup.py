"""The server does not start, or it is not the one that speaks ASGI."""

import ast

from workshop.checking.explaining.edits import around, below, first_in, left_out
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import NotASGI, NotListening


@rule
def manage_py_missing(evidence):
    if evidence.saw(NotListening) and not (evidence.project.folder / "manage.py").is_file():
        return Explanation(
            "There is no manage.py in this folder, so there is no Django project to start here. "
            "Check the folder that has one."
        )


# The settings


@rule(raised=r"ImproperlyConfigured: The (\w+) setting must be a list or a tuple")
def setting_not_a_list(evidence, error, name):
    where, setting = evidence.project.where_set(name), evidence.project.setting(name)
    value = setting.value if setting and isinstance(setting.value, ast.Constant) else None
    shown = evidence.project.source_at(where).code(value) if value else '"…"'
    return Explanation(
        f"{name} must be a list, even with one entry. Write\n    {name} = [{shown}]",
        where,
        evidence.suggest(where, *around(value, "[", "]")) if value else None,
    )


@rule(raised=r"AttributeError: 'Settings' object has no attribute '([A-Z0-9_]+)'")
def setting_missing(evidence, error, name):
    settings = evidence.project.settings
    urls = (
        evidence.project.source(f"{settings.module.partition('.')[0]}.urls") if settings else None
    )
    if urls and name == "ROOT_URLCONF" and settings.tree and settings.tree.body:
        line = f'{name} = "{urls.module}"'
        return Explanation(
            f"{settings.path.name} has no {name}, which names the module with the pages. Add\n"
            f"    {line}",
            settings.where(),
            evidence.suggest(settings.where(), below(settings.tree.body[-1], line)),
        )
    if settings:
        return Explanation(
            f"Django asked for the setting {name}, but {settings.path.name} has none. "
            "See what it was:\n    python3 -m workshop diff",
            settings.where(),
        )


# The server


@rule
def daphne_after_staticfiles(evidence):
    if evidence.logged(r"daphne\.E001"):
        return Explanation(
            "'daphne' is below 'django.contrib.staticfiles' in INSTALLED_APPS. "
            "Both provide a runserver, and the first one wins. "
            "Move 'daphne' to the top of the list.",
            evidence.project.where_set("INSTALLED_APPS"),
            _daphne_first(evidence),
        )


def _daphne_first(evidence):
    """The edit that puts "daphne" at the top of INSTALLED_APPS."""
    setting = evidence.project.setting("INSTALLED_APPS")
    apps = setting.value if setting else None
    if not isinstance(apps, ast.List):
        return None
    entries = [(entry, str(getattr(entry, "value", ""))) for entry in apps.elts]
    there = [entry for entry, name in entries if name.partition(".")[0] == "daphne"]
    name = there[0].value if there else "daphne"
    where = evidence.project.where_set("INSTALLED_APPS")
    if len(there) > 1 or there == apps.elts[:1] and there:
        return None
    away = [left_out(entry, apps.elts) for entry in there]
    return evidence.suggest(where, first_in(apps, f'"{name}"'), *away)


@rule(needs="chat")
def daphne_not_in_installed_apps(evidence):
    """The log says which server was started: Django's own, or Daphne's."""
    if not evidence.saw(NotASGI):
        return None
    message = _about_runserver(evidence.project.setting_value("INSTALLED_APPS") or [])
    where = evidence.project.where_set("INSTALLED_APPS")
    return Explanation(message, where, _daphne_first(evidence))


def _about_runserver(apps):
    started = 'The server says "Starting development server", which is Django\'s own'
    if any("daphne" in str(app) for app in apps):
        return (
            f"{started}: an app above 'daphne' in INSTALLED_APPS provides another runserver. "
            "Move 'daphne' to the top."
        )
    if "channels" in apps:
        return (
            "INSTALLED_APPS has 'channels', but since Channels 4 it is "
            "'daphne' that provides the runserver for WebSockets. "
            "Put 'daphne' at the top of the list; 'channels' may stay."
        )
    return (
        f"{started} and only speaks HTTP. "
        'Write "daphne" at the top of INSTALLED_APPS, and it will say "Starting ASGI/Daphne".'
    )
