"""The server does not start, or it is not the one that speaks ASGI."""

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import NotASGI, NotListening

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error


@diagnosis("syntax-error")
def _(evidence):
    found = evidence.error(r"^(SyntaxError|IndentationError|TabError)\b")
    where = found and found.frames and found.frames[-1]
    if not where or not evidence.is_theirs(where.file):
        return None
    from workshop.checking.source import Where

    return (
        f"Python cannot read this file: {found.name}: {found.message}. "
        "Look at the line named here, and at the end of the line before it.",
        Where(where.file, where.line),
    )


@diagnosis("manage-py-missing")
def _(evidence):
    if evidence.saw(NotListening) and not (evidence.project.folder / "manage.py").is_file():
        return "There is no manage.py in this folder, so there is no Django project to start here."


@diagnosis("daphne-after-staticfiles")
def _(evidence):
    if evidence.logged(r"daphne\.E001"):
        settings, apps = evidence.project.settings, evidence.project.setting("INSTALLED_APPS")
        return (
            "'daphne' stands below 'django.contrib.staticfiles' in INSTALLED_APPS. Both bring a "
            "runserver, and the first one wins: move 'daphne' to the top of the list.",
            settings.where(apps) if settings and apps else None,
        )


@diagnosis("daphne-not-in-installed-apps", "step2", "step3")
def _(evidence):
    if not evidence.saw(NotASGI):
        return None
    settings = evidence.project.settings
    apps = evidence.project.setting("INSTALLED_APPS")
    where = settings.where(apps) if settings and apps else None
    if "channels" in (evidence.project.setting_value("INSTALLED_APPS") or []):
        return (
            "INSTALLED_APPS has 'channels', but since Channels 4 it is 'daphne' that brings the "
            "runserver for WebSockets. Write 'daphne' at the top of the list; 'channels' may stay.",
            where,
        )
    return (
        'The server says "Starting development server": that is Django\'s own, which knows HTTP '
        'alone. Write "daphne" at the top of INSTALLED_APPS in settings.py, and it will say '
        '"Starting ASGI/Daphne".',
        where,
    )


@diagnosis("asgi-application-missing")
def _(evidence):
    if evidence.logged("You have not set ASGI_APPLICATION"):
        settings = evidence.project.settings
        return (
            "Daphne does not know which application to serve. Name it in settings.py:\n"
            '    ASGI_APPLICATION = "mysite.asgi.application"',
            settings.where() if settings else None,
        )


@diagnosis("asgi-application-wrong")
def _(evidence):
    found = evidence.error(
        r"ImproperlyConfigured: Cannot find '?(?:\w+)'? in ASGI_APPLICATION module"
        r"|ImproperlyConfigured: Cannot find ASGI_APPLICATION setting"
    )
    if found is None:
        return None
    project = evidence.project
    setting = project.setting("ASGI_APPLICATION")
    value = project.setting_value("ASGI_APPLICATION")
    where = project.settings.where(setting) if setting else None
    if evidence.error("partially initialized module"):
        return (
            "asgi.py imports itself while it is still being read: get_default_application() looks "
            "for the application that this file is about to define. Define it here instead: "
            "application = ProtocolTypeRouter({...})",
            project.asgi.where() if project.asgi else None,
        )
    return (
        f"ASGI_APPLICATION is {value!r}, and there is no such variable. It takes the module, a "
        'dot, and the variable in it: "mysite.asgi.application".',
        where,
    )


@diagnosis("wrong-import")
def _(evidence):
    """An import that fails, which runserver hides behind "Cannot import ASGI_APPLICATION"."""
    found = evidence.error(r"^(ModuleNotFoundError|ImportError)\b")
    if found is None or evidence.error("Cannot import BACKEND"):
        return None
    where = evidence.where(found)
    old = {
        "channels.http": "channels.http left Channels with version 4: for pages, use Django's "
        "get_asgi_application() from django.core.asgi.",
        "'Group' from 'channels'": "Group is from Channels 1: today a consumer awaits "
        "self.channel_layer.group_add(...) and group_send(...).",
        "'route' from 'channels.routing'": "route() is from Channels 1: today a route is "
        're_path(r"...", consumers.ChatConsumer.as_asgi()), in a URLRouter.',
    }
    for name, advice in old.items():
        if name in found.message:
            return f"{found.text.split(' (')[0]}. {advice}", where
    if "DJANGO_SETTINGS_MODULE" in found.message:
        return None
    value = evidence.project.setting_value("ASGI_APPLICATION") or ""
    module = value.rpartition(".")[0]
    if (
        module
        and found.message == f"No module named '{module}'"
        and not _their_import(found, evidence)
    ):
        setting = evidence.project.setting("ASGI_APPLICATION")
        return (
            f"ASGI_APPLICATION is {value!r}, and there is no module {module}. It takes the module, "
            'a dot, and the variable in it: "mysite.asgi.application".',
            evidence.project.settings.where(setting),
        )
    suggestion = _suggestion(found.message)
    return (
        f"An import fails: {found.message.split(' (')[0]}."
        + (
            f" Did you mean {suggestion}?"
            if suggestion
            else " Look at the spelling, and that the file it names is there."
        ),
        where,
    )


def _their_import(found, evidence):
    return evidence.where(found) is not None


def _suggestion(message: str) -> str | None:
    """The installed name that is nearest to the one that could not be imported."""
    import difflib
    import importlib
    import pkgutil
    import re

    missing = re.search(r"No module named '([\w.]+)'", message)
    wanted = re.search(r"cannot import name '(\w+)' from '([\w.]+)'", message)
    if not missing and not wanted:
        return None
    name, parent = wanted.groups() if wanted else missing[1].rpartition(".")[::-2]
    if parent.partition(".")[0] not in ("channels", "channels_redis", "asgiref", "daphne"):
        return None
    try:
        module = importlib.import_module(parent)
    except Exception:
        return None
    if wanted:
        known = dir(module)
    else:
        known = [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
    near = difflib.get_close_matches(name, known, 1)
    if not near:
        return None
    return f"{near[0]} (from {parent})" if wanted else f"{parent}.{near[0]}"


error(
    "protocol-router-keywords",
    r"ProtocolTypeRouter\.__init__\(\) got an unexpected keyword argument",
    "ProtocolTypeRouter takes one dictionary, not keyword arguments:\n"
    '    ProtocolTypeRouter({{"http": …, "websocket": …}})',
)

error(
    "routes-not-a-list",
    r"TypeError: '(URLPattern|module|URLResolver)' object is not iterable",
    "URLRouter takes a list of routes and got a {0} instead. Put the route in square brackets, and "
    "give URLRouter the list itself: URLRouter(websocket_urlpatterns)",
)


@diagnosis("port-taken")
def _(evidence):
    if evidence.saw(NotListening) and evidence.logged(
        "Address already in use|port is already in use"
    ):
        return "Another program took the port at the same moment. Check once more."
