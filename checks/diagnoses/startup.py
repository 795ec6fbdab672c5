"""The server does not start, or it is not the one that speaks ASGI."""

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where
from workshop.checking.failures import NotASGI, NotListening


@rule
def syntax_error(evidence):
    found = evidence.error(r"^(SyntaxError|IndentationError|TabError)\b")
    where = found and found.frames and found.frames[-1]
    if not where or not evidence.is_theirs(where.file):
        return None
    if "'await' outside" in found.message:
        return None  # see coroutines.py
    return Explanation(
        f"Python cannot read this file: {found.name}: {found.message}. Look at the line named "
        "here, and at the end of the line before it.",
        Where(where.file, where.line),
    )


@rule
def manage_py_missing(evidence):
    if evidence.saw(NotListening) and not (evidence.project.folder / "manage.py").is_file():
        return Explanation(
            "There is no manage.py in this folder, so there is no Django project to start here."
        )


@rule
def setting_not_a_list(evidence):
    found = evidence.error(r"ImproperlyConfigured: The \w+ setting must be a list or a tuple")
    if found:
        name = found.message.split()[1]
        return Explanation(
            f'{name} is a list, also with one entry: {name} = ["…"].',
            evidence.project.where_set(name),
        )


@rule
def setting_missing(evidence):
    found = evidence.error(r"AttributeError: 'Settings' object has no attribute '\w+'")
    if found and found.message.split("'")[3].isupper():
        name = found.message.split("'")[3]
        return Explanation(
            f"Django asked for the setting {name}, and {evidence.project.settings.path.name} has "
            "none. See what it was: python3 -m workshop diff",
            evidence.project.settings.where(),
        )


@rule
def daphne_after_staticfiles(evidence):
    if evidence.logged(r"daphne\.E001"):
        return Explanation(
            "'daphne' stands below 'django.contrib.staticfiles' in INSTALLED_APPS. Both bring a "
            "runserver, and the first one wins: move 'daphne' to the top of the list.",
            evidence.project.where_set("INSTALLED_APPS"),
        )


@rule(needs="chat")
def daphne_not_in_installed_apps(evidence):
    """The log says which server was started: Django's own, or Daphne's."""
    if not evidence.saw(NotASGI):
        return None
    apps = evidence.project.setting_value("INSTALLED_APPS") or []
    where = evidence.project.where_set("INSTALLED_APPS")
    if any("daphne" in str(app) for app in apps):
        return Explanation(
            'The server says "Starting development server", which is Django\'s own: an app above '
            "'daphne' in INSTALLED_APPS brings another runserver. Move 'daphne' to the top.",
            where,
        )
    if "channels" in apps:
        return Explanation(
            "INSTALLED_APPS has 'channels', but since Channels 4 it is 'daphne' that brings the "
            "runserver for WebSockets. Write 'daphne' at the top of the list; 'channels' may stay.",
            where,
        )
    return Explanation(
        'The server says "Starting development server": that is Django\'s own, which knows HTTP '
        'alone. Write "daphne" at the top of INSTALLED_APPS in settings.py, and it will say '
        '"Starting ASGI/Daphne".',
        where,
    )


@rule
def asgi_application_missing(evidence):
    if evidence.logged("You have not set ASGI_APPLICATION"):
        asgi = evidence.project.asgi
        name = f"{asgi.module}.application" if asgi else "mysite.asgi.application"
        return Explanation(
            "Daphne does not know which application to serve. Name it in settings.py:\n"
            f'    ASGI_APPLICATION = "{name}"',
            evidence.project.where_set("ASGI_APPLICATION"),
        )


@rule
def asgi_py_asks_for_itself(evidence):
    found = evidence.error("partially initialized module .* has no attribute 'application'")
    if found and any(frame.function == "get_default_application" for frame in found.frames):
        return Explanation(
            "asgi.py imports itself while it is still being read: get_default_application() looks "
            "for the application that this file is about to define. Define it here instead: "
            "application = ProtocolTypeRouter({...})",
            evidence.where(found) or (evidence.project.asgi and evidence.project.asgi.where()),
        )


@rule
def asgi_application_wrong(evidence):
    found = evidence.error(
        r"ImproperlyConfigured: Cannot find '?(?:[\w:]+)'? in ASGI_APPLICATION module"
        r"|ImproperlyConfigured: Cannot find ASGI_APPLICATION setting"
        r"|ImproperlyConfigured: Cannot import ASGI_APPLICATION module"
        r"|ValueError: (Empty module name|not enough values to unpack)"
    )
    project = evidence.project
    value = project.setting_value("ASGI_APPLICATION")
    if found is None or not isinstance(value, str):
        return None
    if evidence.error("partially initialized module .* has no attribute"):
        return None  # see above
    if "Cannot import" in found.message and _module_imports(evidence, value):
        return None  # the module is there, and an import in it fails
    asgi = project.source(f"{value.split('.')[0]}.asgi") or project.asgi
    wanted = f"{asgi.module}.application" if asgi else "mysite.asgi.application"
    if ":" in value:
        why = "and settings.py takes a dot where the command `daphne` takes a colon"
    elif "Cannot import" in found.message or "module name" in found.message:
        why = f"and there is no module {value.rpartition('.')[0] or value}"
    else:
        why = "and there is no such variable"
    return Explanation(
        f"ASGI_APPLICATION is {value!r}, {why}. It takes the module, a dot, and the variable in "
        f'it: "{wanted}".',
        project.where_set("ASGI_APPLICATION"),
    )


def _module_imports(evidence, value):
    """Whether the module that ASGI_APPLICATION names is there: then something in it fails."""
    module = value.rpartition(".")[0]
    missing = evidence.error(r"^ModuleNotFoundError: No module named '([\w.]+)'")
    if missing is None:
        return True
    name = missing.message.split("'")[1]
    return not (module == name or module.startswith(f"{name}.") or f".{name}." in f".{value}.")


@rule
def wsgi_application(evidence):
    found = evidence.error(r"WSGIHandler\.__call__\(\) (missing|takes)")
    if found:
        value = evidence.project.setting_value("ASGI_APPLICATION")
        shown = f" is {value!r}, and that" if value else ""
        return Explanation(
            f"ASGI_APPLICATION{shown} is a WSGI application, which speaks HTTP alone. Name the one "
            'of asgi.py: "mysite.asgi.application".',
            evidence.project.where_set("ASGI_APPLICATION"),
        )


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) got an unexpected keyword argument")
def protocol_router_keywords(evidence, error):
    return Explanation(
        "ProtocolTypeRouter takes one dictionary, not keyword arguments:\n"
        '    ProtocolTypeRouter({"http": …, "websocket": …})',
        evidence.where(error),
    )


@rule(raised=r"ProtocolTypeRouter\.__init__\(\) missing 1 required positional argument")
def protocol_router_empty(evidence, error):
    return Explanation(
        'ProtocolTypeRouter wants a dictionary: ProtocolTypeRouter({"http": …, "websocket": …})',
        evidence.where(error),
    )


@rule(raised=r"TypeError: '(URLPattern|module|URLResolver|function)' object is not iterable")
def routes_not_a_list(evidence, error, name):
    return Explanation(
        f"URLRouter takes a list of routes and got a {name} instead. Put the route in square "
        "brackets, and give URLRouter the list itself: URLRouter(websocket_urlpatterns)",
        evidence.where(error),
    )


@rule
def comma_forgotten_between_routes(evidence):
    """An entry of a list, and the brackets of the next one, which Python takes for a call."""
    found = evidence.error(r"TypeError: '(URLPattern|list)' object is not callable")
    if found and evidence.raised_by_them(found):
        return Explanation(
            "An entry of this list is called as if it were a function, because no comma stands "
            "between it and the next one. End each entry with a comma.",
            evidence.where(found),
        )


@rule(raised=r"AttributeError: '(list|tuple|str)' object has no attribute '(?:pattern|regex|callb)")
def router_given_pattern_list(evidence, error, name):
    return Explanation(
        "URLRouter takes one flat list of path() and re_path() entries, and in this list stands a "
        f"{name}. Write URLRouter(websocket_urlpatterns), without square brackets around the list.",
        evidence.where(error),
    )


@rule(raised=r"AppRegistryNotReady: (Apps aren't loaded yet|Models aren't loaded yet)")
def apps_not_ready(evidence, error, name):
    return Explanation(
        "A model is imported before Django is set up. In asgi.py call get_asgi_application() "
        "first, and import the routes after it; in an app's __init__.py import no models.",
        evidence.where(error),
    )


@rule
def port_taken(evidence):
    if evidence.exited and evidence.logged("Address already in use|port is already in use"):
        return Explanation("Another program took the port at the same moment. Check once more.")
