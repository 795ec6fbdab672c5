"""What the settings read from the environment or a file: whether it is there, and what came out of
it."""

import ast
import re
from pathlib import Path

from checks.diagnoses.layer import NAME, REDIS, in_its_place
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import last_name, variable_read
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where
from workshop.checking.failures import BadPage, NotASGI, NotListening, Refused

HOSTS = "ALLOWED_HOSTS"
NO_VALUE = r"'NoneType' object|not 'NoneType'|can only concatenate|NoneType"
OUTSIDE = r"^FileNotFoundError: .*?'([^']*\.(?:env|ini|json|ya?ml|toml|cfg|conf))'"
UNSET = """\
Type
    unset DJANGO_SETTINGS_MODULE
or in PowerShell
    Remove-Item Env:DJANGO_SETTINGS_MODULE"""


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
        f"The variable DJANGO_SETTINGS_MODULE of your shell {value}. manage.py sets only a "
        f"default, so the variable wins. {UNSET}"
    )


@rule
def other_settings_used(evidence):
    """The shell names settings that are in the project, and not those that manage.py names; and
    what was seen comes from settings, not from a line of code."""
    of_settings = evidence.saw(BadPage, NotASGI, NotListening) or evidence.denied_for_origin
    if not of_settings or any(map(evidence.where, evidence.errors)):
        return None
    named, own = _settings_modules(evidence)
    source = evidence.project.source(named or "")
    if source and own and named != own and source not in evidence.project.settings_files:
        return Explanation(
            "The settings used are not those of manage.py: DJANGO_SETTINGS_MODULE "
            f"in your shell names {named}, but manage.py names {own}. "
            f"{UNSET}",
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
    if not variable or "None" not in error.message:
        return None
    source = evidence.project.source_at(where)
    default = _default(source, where.line)
    reads = [
        call
        for call in source.calls("get", "getenv")
        if variable_read(call) == variable and len(call.args) == 1
    ]
    code, edits = f'os.environ.get("{variable}", {default})', []
    if len(reads) == 1:
        code = f'{source.code(reads[0].func)}("{variable}", {default})'
        edits = [instead(reads[0], code)] if default != '"…"' else []
    return Explanation(
        f"{variable} is not set in the environment, so its value is None here. "
        f"Set it before the server starts, or give a default: `{code}`",
        source.where(reads[0]) if reads else where,
        evidence.suggest(where, *edits),
    )


def _default(source, line) -> str:
    """The code for a value that suits the line: a number where one is made, the hosts of this
    machine where those are set."""
    if "ALLOWED_HOSTS =" in source.line(line):
        return '"127.0.0.1,localhost"'
    numbers = any(last_name(n.func) in ("int", "float") for n in source.at(line, ast.Call))
    return '"1"' if numbers else '"…"'


@rule(raised=r"'NoneType' object (?:has no attribute 'rsplit'|is not subscriptable)")
def layer_setting_is_none(evidence, error):
    """Channels read CHANNEL_LAYERS, or the BACKEND in it, and a variable gave it nothing."""
    if not error.frames or evidence.settings_read is None:
        return None
    if not any(frame.file.parts[-2:] == ("channels", "layers.py") for frame in error.frames):
        return None
    layers = evidence.settings_read.channel_layers
    variable = evidence.project.environment_variable(NAME)
    why = (
        (f" {variable} is not set in the environment, so reading it gives None.")
        if variable
        else ""
    )
    if layers is None:
        return Explanation(
            f"{NAME} is None.{why} Write it out in the settings: only the address of Redis changes "
            "from one machine to another.",
            evidence.project.where_set(NAME),
        )
    where, edit = in_its_place(evidence, "BACKEND", f'"{REDIS}"')
    return Explanation(
        f'The BACKEND in {NAME} is None.{why} Write "BACKEND": "{REDIS}".', where, edit
    )


@rule(raised=r"^ValueError: (?:invalid literal for int|could not convert string)[^:]*: (.*)")
def environment_gave_no_number(evidence, error, value):
    where = evidence.where(error)
    if variable := _variable_at(evidence, error, where):
        number = re.match(r"\W*(\d+)", value)
        return Explanation(
            f"The value of {variable} is {value}, which is not a number. Write "
            f"{number[1] if number else 'a number'} where it is set, and nothing else: quotes and "
            "a comment on the same line become part of it.",
            where,
        )


@rule(raised=OUTSIDE)
def settings_file_missing(evidence, error, file):
    where = evidence.where(error)
    if _in_settings(evidence, where):
        return Explanation(
            f"The settings read the file {Path(file).name}, which does not exist. "
            f"Create it, in {_folder(evidence, file)}, or use os.environ.get() with a default.",
            where,
        )


@rule(raised=r"CommandError: You must set settings\.ALLOWED_HOSTS if DEBUG is False")
def allowed_hosts_empty(evidence, error):
    variable = evidence.project.environment_variable("DEBUG")
    why = f" (it is read from {variable}, in the environment)" if variable else ""
    setting, where = evidence.project.setting(HOSTS), evidence.project.where_set(HOSTS)
    code = '["127.0.0.1", "localhost"]'
    return Explanation(
        f"DEBUG is False{why}, and then Django only starts if {HOSTS} has a host. "
        f"Write {HOSTS} = {code}.",
        where,
        evidence.suggest(where, instead(setting.value, code)) if setting else None,
    )


def _folder(evidence, file: str) -> str:
    """The folder of a file, in words."""
    folder = Path(file).parent
    return "the folder of manage.py" if folder == evidence.project.folder else f"{folder}"


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
        if host != _bare(host) and _bare(host) in ("127.0.0.1", "localhost"):
            return _cleaned(evidence, hosts, host)


def _cleaned(evidence, hosts, host):
    setting, where = evidence.project.setting(HOSTS), evidence.project.where_set(HOSTS)
    said = f"{HOSTS} has the name {host!r}, and {_too_much(host)}."
    if variable := evidence.project.environment_variable(HOSTS):
        return Explanation(
            f"{said} Where {variable} is set, write the names with nothing but a comma between "
            "them: 127.0.0.1,localhost",
            where,
        )
    code = "[" + ", ".join(f'"{_bare(host)}"' for host in hosts) + "]"
    return Explanation(
        f"{said} Write {HOSTS} = {code}",
        where,
        evidence.suggest(where, instead(setting.value, code)) if setting else None,
    )


def _bare(host) -> str:
    """The name alone, without what came with it."""
    return re.sub(r"^\W+|\W+$|^\w+://|:\d+\W*$", "", str(host).strip(" \"'[]()"))


def _too_much(host: str) -> str:
    if "://" in host or re.search(r":\d+", host):
        return "a name has no scheme and no port"
    if host != host.strip():
        return "the space is part of that name"
    return "the quotes or brackets are part of that name"
