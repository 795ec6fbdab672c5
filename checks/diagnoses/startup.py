"""The server does not start, or it is not the one that speaks ASGI."""

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where
from workshop.checking.failures import NotASGI, NotListening


@rule(
    raised=r"^(?:SyntaxError|IndentationError|TabError): "
    r"(?!(?:'await'|'async \w+'|asynchronous comprehension) outside)"
)
def syntax_error(evidence, error):
    place = error.frames and error.frames[-1]
    if place and evidence.is_theirs(place.file):
        return Explanation(
            f"Python cannot read this file: {error.name}: {error.message}. "
            "Look at the line named here, and at the end of the line before it.",
            Where(place.file, place.line),
        )


@rule
def manage_py_missing(evidence):
    if evidence.saw(NotListening) and not (evidence.project.folder / "manage.py").is_file():
        return Explanation(
            "There is no manage.py in this folder, so there is no Django project to start here."
        )


# The settings


@rule(raised=r"ImproperlyConfigured: The (\w+) setting must be a list or a tuple")
def setting_not_a_list(evidence, error, name):
    return Explanation(
        f'{name} is a list, also with one entry: {name} = ["…"].',
        evidence.project.where_set(name),
    )


@rule(raised=r"AttributeError: 'Settings' object has no attribute '([A-Z0-9_]+)'")
def setting_missing(evidence, error, name):
    settings = evidence.project.settings
    if settings:
        return Explanation(
            f"Django asked for the setting {name}, and {settings.path.name} has none. "
            "See what it was: python3 -m workshop diff",
            settings.where(),
        )


# The server


@rule
def daphne_after_staticfiles(evidence):
    if evidence.logged(r"daphne\.E001"):
        return Explanation(
            "'daphne' is below 'django.contrib.staticfiles' in INSTALLED_APPS. "
            "Both bring a runserver, and the first one wins: "
            "move 'daphne' to the top of the list.",
            evidence.project.where_set("INSTALLED_APPS"),
        )


@rule(needs="chat")
def daphne_not_in_installed_apps(evidence):
    """The log says which server was started: Django's own, or Daphne's."""
    if not evidence.saw(NotASGI):
        return None
    message = _about_runserver(evidence.project.setting_value("INSTALLED_APPS") or [])
    return Explanation(message, evidence.project.where_set("INSTALLED_APPS"))


def _about_runserver(apps):
    started = 'The server says "Starting development server", which is Django\'s own'
    if any("daphne" in str(app) for app in apps):
        return (
            f"{started}: an app above 'daphne' in INSTALLED_APPS brings another runserver. "
            "Move 'daphne' to the top."
        )
    if "channels" in apps:
        return (
            "INSTALLED_APPS has 'channels', but since Channels 4 it is 'daphne' that brings the "
            "runserver for WebSockets. "
            "Write 'daphne' at the top of the list; 'channels' may stay."
        )
    return (
        f"{started} and knows HTTP alone. "
        'Write "daphne" at the top of INSTALLED_APPS in settings.py, and it will say '
        '"Starting ASGI/Daphne".'
    )
