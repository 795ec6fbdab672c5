"""ASGI_APPLICATION: the setting that names what is served."""

from workshop.checking.explaining.rules import Explanation, rule


@rule
def asgi_application_missing(evidence):
    if evidence.logged("You have not set ASGI_APPLICATION"):
        return Explanation(
            "Daphne does not know which application to serve. Name it in settings.py:\n"
            f'    ASGI_APPLICATION = "{_wanted(evidence.project.asgi)}"',
            evidence.project.where_set("ASGI_APPLICATION"),
        )


def _wanted(asgi):
    """What the setting should be, for the module with the application."""
    return f"{asgi.module}.application" if asgi else "mysite.asgi.application"


@rule(raised=r"partially initialized module .* has no attribute 'application'")
def asgi_py_asks_for_itself(evidence, error):
    if any(frame.function == "get_default_application" for frame in error.frames):
        return Explanation(
            "asgi.py imports itself while it is still being read: "
            "get_default_application() looks for the application that this file is about to "
            "define. Define it here instead: application = ProtocolTypeRouter({...})",
            evidence.where(error) or evidence.project.where_asgi(),
        )


@rule(
    raised=r"ImproperlyConfigured: Cannot (find|import) .*ASGI_APPLICATION (?:module|setting)"
    r"|ValueError: (?:Empty module name|not enough values to unpack)"
)
def asgi_application_wrong(evidence, error, failed):
    project = evidence.project
    value = project.setting_value("ASGI_APPLICATION")
    if failed is None and evidence.raised_by_them(error):
        return None  # a line of theirs that unpacks something
    if not isinstance(value, str) or failed == "import" and _module_is_there(evidence, value):
        return None
    if evidence.error("partially initialized module .* has no attribute"):
        return None  # the variable is missing only for now: asgi_py_asks_for_itself
    if ":" in value:
        why = "and settings.py takes a dot where the command `daphne` takes a colon"
    elif failed == "import" or "module name" in error.message:
        why = f"and there is no module {value.rpartition('.')[0] or value}"
    else:
        why = "and there is no such variable"
    wanted = _wanted(project.source(f"{value.split('.')[0]}.asgi") or project.asgi)
    return Explanation(
        f"ASGI_APPLICATION is {value!r}, {why}. "
        f'It takes the module, a dot, and the variable in it: "{wanted}".',
        project.where_set("ASGI_APPLICATION"),
    )


def _module_is_there(evidence, value):
    """Whether the module that ASGI_APPLICATION names exists: then something in it fails."""
    module = value.rpartition(".")[0]
    missing = evidence.error(r"^ModuleNotFoundError: No module named '([\w.]+)'")
    if missing is None:
        return True
    name = missing.message.split("'")[1]
    return not (module == name or module.startswith(f"{name}.") or f".{name}." in f".{value}.")


@rule(raised=r"WSGIHandler\.__call__\(\) (?:missing|takes)")
def wsgi_application(evidence, error):
    value = evidence.project.setting_value("ASGI_APPLICATION")
    shown = f" is {value!r}, and that" if value else ""
    return Explanation(
        f"ASGI_APPLICATION{shown} is a WSGI application, which speaks HTTP alone. "
        'Name the one of asgi.py: "mysite.asgi.application".',
        evidence.project.where_set("ASGI_APPLICATION"),
    )
