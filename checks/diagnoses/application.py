"""ASGI_APPLICATION: the setting that names what is served."""

import ast

from checks.diagnoses.asgi import as_lines, sorted_by_protocol
from workshop.checking.explaining.edits import below, imported, instead
from workshop.checking.explaining.nodes import last_name
from workshop.checking.explaining.rules import Explanation, rule


@rule
def asgi_application_missing(evidence):
    if evidence.logged("You have not set ASGI_APPLICATION"):
        settings = evidence.project.settings
        line = f'ASGI_APPLICATION = "{_wanted(evidence.project.asgi)}"'
        last = settings.tree.body[-1] if settings and settings.tree and settings.tree.body else None
        return Explanation(
            f"Daphne does not know which application to serve. Name it in settings.py:\n    {line}",
            evidence.project.where_set("ASGI_APPLICATION"),
            evidence.suggest(settings.where(), below(last, line)) if last else None,
        )


def _wanted(asgi):
    """What the setting should be, for the module with the application."""
    if asgi is None:
        return "mysite.asgi.application"
    routers = [
        name
        for name, node in asgi.values
        if last_name(getattr(node.value, "func", None)) == "ProtocolTypeRouter"
    ]
    return f"{asgi.module}.{routers[-1] if routers else 'application'}"


def _set_to(evidence, value):
    """The edit that gives ASGI_APPLICATION this value."""
    setting = evidence.project.setting("ASGI_APPLICATION")
    where = evidence.project.where_set("ASGI_APPLICATION")
    return evidence.suggest(where, instead(setting.value, f'"{value}"')) if setting else None


@rule(raised=r"partially initialized module .* has no attribute 'application'")
def asgi_py_asks_for_itself(evidence, error):
    if any(frame.function == "get_default_application" for frame in error.frames):
        where = evidence.where(error) or evidence.project.where_asgi()
        code, imports = sorted_by_protocol(evidence.project)
        calls = [
            call
            for call in evidence.nodes_at(where, ast.Call)
            if last_name(call.func) == "get_default_application"
        ]
        source = evidence.project.source_at(where)
        edits = [edit for line in imports for edit in imported(source, line)] if calls else []
        return Explanation(
            "asgi.py imports itself while it is still being read: "
            "get_default_application() looks for the application that this file is about to "
            "define. Define it here instead:\n"
            f"{as_lines(*imports, f'application = {code}')}",
            where,
            evidence.suggest(where, instead(calls[0], code), *edits) if calls else None,
        )


@rule(
    raised=r"ImproperlyConfigured: Cannot (find|import) .*ASGI_APPLICATION (?:module|setting)"
    r"|ValueError: (?:Empty module name|not enough values to unpack)"
)
def asgi_application_wrong(evidence, error, failed):
    project = evidence.project
    value = project.setting_value("ASGI_APPLICATION")
    if evidence.where(error) and not failed:
        return None  # a line of theirs unpacked too little, which says nothing about the setting
    if not isinstance(value, str) or failed == "import" and _module_is_there(evidence, value):
        return None
    if evidence.error("partially initialized module .* has no attribute"):
        return None  # the variable is missing only for now: asgi_py_asks_for_itself
    if ":" in value:
        why = "but settings.py takes a dot where the `daphne` command takes a colon"
    elif failed == "import" or "module name" in error.message:
        why = f"but there is no module {value.rpartition('.')[0] or value}"
    else:
        why = "but there is no such variable"
    wanted = _wanted(project.source(f"{value.split('.')[0]}.asgi") or project.asgi)
    return Explanation(
        f"ASGI_APPLICATION is {value!r}, {why}. "
        "Write the module, a dot, and the variable in that module."
        + (f' Write ASGI_APPLICATION = "{wanted}"' if wanted != value else ""),
        project.where_set("ASGI_APPLICATION"),
        _set_to(evidence, wanted),
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
    shown = f" is {value!r}. That" if value else ""
    sources = evidence.project.sources
    wanted = _wanted(next((s for s in sources if s.path.name == "asgi.py"), None))
    return Explanation(
        f"ASGI_APPLICATION{shown} is a WSGI application, which only speaks HTTP. "
        f'Name the one in asgi.py: ASGI_APPLICATION = "{wanted}"',
        evidence.project.where_set("ASGI_APPLICATION"),
        _set_to(evidence, wanted),
    )
