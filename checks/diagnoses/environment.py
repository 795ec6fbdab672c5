"""What the settings read from the environment or a file: that it is there, and what came of it."""

import ast
import re
from pathlib import Path

from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where, variable_read
from workshop.checking.failures import BadPage, NotASGI, NotListening, Refused

NO_VALUE = r"'NoneType' object|not 'NoneType'|can only concatenate|NoneType"
OUTSIDE = r"^FileNotFoundError: .*?'([^']*\.(?:env|ini|json|ya?ml|toml|cfg|conf))'"


# Which settings


@rule(raised=r"^ModuleNotFoundError: No module named '([^']+)'|ImproperlyConfigured: Requested")
def settings_module_of_another_project(evidence, error, missing):
    """manage.py only sets a default (os.environ.setdefault): what the shell exports counts."""
    named, own = _settings_modules(evidence)
    if named is None or own is None or named == own or evidence.project.source(named):
        return None
    if missing is None and named or missing and not f"{named}.".startswith(f"{missing}."):
        return None
    value = f"is set to {named}, which is not in this folder" if named else "is set, but empty"
    return Explanation(
        f"The variable DJANGO_SETTINGS_MODULE of your shell {value}. manage.py gives a default "
        "alone, so the variable counts. Type: unset DJANGO_SETTINGS_MODULE (in PowerShell: "
        "Remove-Item Env:DJANGO_SETTINGS_MODULE)"
    )


@rule
def other_settings_used(evidence):
    """The shell names settings that are in the project, and not those that manage.py names; and
    what was seen comes of settings, not of a line of code."""
    of_settings = evidence.saw(BadPage, NotASGI, NotListening) or evidence.denied_for_origin
    if not of_settings or any(map(evidence.where, evidence.errors)):
        return None
    named, own = _settings_modules(evidence)
    source = evidence.project.source(named or "")
    if source and own and named != own and source not in evidence.project.settings_files:
        return Explanation(
            f"The settings used are not those of manage.py: DJANGO_SETTINGS_MODULE in your shell "
            f"names {named}, and manage.py {own}. Type: unset DJANGO_SETTINGS_MODULE (in "
            "PowerShell: Remove-Item Env:DJANGO_SETTINGS_MODULE)",
            source.where(),
        )


def _settings_modules(evidence):
    """The settings that the programs were given, "" for an empty name; and manage.py's own."""
    read, manage = evidence.settings_read, evidence.project.source("manage")
    own = None
    for call in manage.calls("setdefault") if manage else ():
        values = [getattr(argument, "value", None) for argument in call.args]
        if values[:1] == ["DJANGO_SETTINGS_MODULE"]:
            own = values[-1]
    if read is None:
        empty = evidence.error(r"Requested settings?.*settings are not configured")
        return ("" if empty else None), own
    return read.module, own


# What is missing there


@rule(raised=NO_VALUE)
def environment_gave_none(evidence, error):
    where = evidence.where(error)
    variable = _variable_at(evidence, error, where)
    if variable and "None" in error.message:
        return Explanation(
            f"The environment has no {variable}, so its value is None here. Set it before the "
            "server starts, or give a value for where it is not set: "
            f'os.environ.get("{variable}", "…")',
            where,
        )


@rule(raised=r"'NoneType' object (?:has no attribute 'rsplit'|is not subscriptable)")
def layer_setting_is_none(evidence, error):
    """Channels read CHANNEL_LAYERS, or the BACKEND in it, and a variable gave it nothing."""
    if not error.frames or evidence.settings_read is None:
        return None
    if not any(frame.file.parts[-2:] == ("channels", "layers.py") for frame in error.frames):
        return None
    layers = evidence.settings_read.channel_layers
    what = "CHANNEL_LAYERS" if layers is None else "The BACKEND in CHANNEL_LAYERS"
    variable = evidence.project.environment_variable("CHANNEL_LAYERS")
    why = f" The environment has no {variable}, so reading it gives None." if variable else ""
    return Explanation(
        f"{what} is None.{why} Write it out in the settings: only the address of Redis changes "
        "from one machine to another.",
        evidence.project.where_set("CHANNEL_LAYERS"),
    )


@rule(raised=r"^ValueError: (?:invalid literal for int|could not convert string)[^:]*: (.*)")
def environment_gave_no_number(evidence, error, value):
    where = evidence.where(error)
    if variable := _variable_at(evidence, error, where):
        return Explanation(
            f"The value of {variable} is {value}, which is not a number. Look where it is set: "
            "quotes and a comment on the same line become part of it.",
            where,
        )


@rule(raised=OUTSIDE)
def settings_file_missing(evidence, error, file):
    where = evidence.where(error)
    if _in_settings(evidence, where):
        return Explanation(
            f"The settings read the file {Path(file).name}, which is not there. Make it, in "
            "the folder that this line names, or use os.environ.get() with a default.",
            where,
        )


@rule(raised=r"CommandError: You must set settings\.ALLOWED_HOSTS if DEBUG is False")
def allowed_hosts_empty(evidence, error):
    variable = evidence.project.environment_variable("DEBUG")
    why = f" (it is read from {variable}, in the environment)" if variable else ""
    return Explanation(
        f"DEBUG is False{why}, and ALLOWED_HOSTS names nobody; Django then does not start. Write "
        'ALLOWED_HOSTS = ["127.0.0.1", "localhost"].',
        evidence.project.where_set("ALLOWED_HOSTS"),
    )


def _in_settings(evidence, where: Where | None) -> bool:
    return any(where and source.path == where.file for source in evidence.project.settings_files)


def _variable_at(evidence, error, where) -> str | None:
    """The variable of the environment that the settings' own line reads, or that a name in it was
    read from, where that line raised the exception."""
    if not _in_settings(evidence, where) or not evidence.raised_by_them(error):
        return None
    nodes = evidence.nodes_at(where, ast.Call, ast.Subscript, ast.Name)
    values = dict(evidence.project.source_at(where).values)
    for node in nodes:
        made = values.get(getattr(node, "id", None))
        within = ast.walk(made.value) if made else (node,)
        if variable := next(filter(None, map(variable_read, within)), None):
            return variable
    return None


# ALLOWED_HOSTS, read from a text


@rule
def allowed_hosts_misread(evidence):
    """An entry would allow this machine if it were not for what came with it."""
    denied = evidence.saw(Refused) and evidence.denied_for_origin
    if not denied and not (evidence.saw(BadPage) and evidence.error("DisallowedHost: ")):
        return None
    hosts = getattr(evidence.settings_read, "allowed_hosts", None)
    for host in hosts if isinstance(hosts, list | tuple) else ():
        bare = re.sub(r"^\W+|\W+$|^\w+://|:\d+\W*$", "", str(host).strip(" \"'[]()"))
        if host != bare and bare in ("127.0.0.1", "localhost"):
            return Explanation(
                f"ALLOWED_HOSTS arrived as {hosts!r}, and {_too_much(host)}. {_instead(host)}",
                evidence.project.where_set("ALLOWED_HOSTS"),
            )


def _too_much(host: str) -> str:
    if "://" in host or re.search(r":\d+", host):
        return f"{host!r} has more in it than a host's name"
    if host != host.strip():
        return f"the blank in {host!r} is part of that name"
    return f"{host} has quotes or brackets that are part of that name"


def _instead(host: str) -> str:
    if "://" in host or re.search(r":\d+", host):
        return 'Write names alone, without scheme and port: "127.0.0.1", "localhost".'
    return (
        "In the variable or .env file, write the names with nothing but a comma between them: "
        "127.0.0.1,localhost"
    )
