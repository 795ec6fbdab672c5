"""INSTALLED_APPS: its entries are imported by Django, not by a line of the learner's."""

import ast

from checks.diagnoses.packages import is_installed
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest


@rule(raised=r"^ModuleNotFoundError: No module named '([\w.]+)'")
def comma_forgotten_in_installed_apps(evidence, error, name):
    """Python joins two strings with nothing between them: on two lines, a comma is missing."""
    entry = _entry_of(evidence, error, name)
    setting = evidence.project.setting("INSTALLED_APPS")
    for node in ast.walk(setting) if entry else ():
        text = isinstance(node, ast.Constant) and node.value == entry
        if text and node.end_lineno > node.lineno:
            where = evidence.project.where_set("INSTALLED_APPS", node)
            line = evidence.project.source_at(where).text.split("\n")[where.line - 1]
            end = (where.line, len(line.partition("#")[0].rstrip().encode()))
            return Explanation(
                "A comma is missing at the end of this line. "
                f"Without it, Python joins two strings into one, here {entry!r}. "
                "Write\n"
                f"    {line.partition('#')[0].strip()},",
                where,
                evidence.suggest(where, (end, end, ",")),
            )


@rule(raised=r"^ModuleNotFoundError: No module named '([\w.]+)'")
def installed_app_missing(evidence, error, name):
    """An entry that is misspelled, or whose part after the dot is not there."""
    entry = _entry_of(evidence, error, name)
    if entry is None:
        return None
    theirs = {source.module.partition(".")[0] for source in evidence.project.sources}
    near = nearest(name, ["daphne", "channels", *theirs])
    top = name.partition(".")[0]
    if near or top in theirs or is_installed(top):
        advice = f"Did you mean {near!r}?" if near else "Check its spelling."
        where = evidence.project.where_set("INSTALLED_APPS")
        setting = evidence.project.setting("INSTALLED_APPS")
        written = [n for n in ast.walk(setting) if getattr(n, "value", None) == entry]
        right = f'"{near}{entry.removeprefix(name)}"'
        return Explanation(
            f"INSTALLED_APPS names {entry!r}, but there is no such app. {advice}",
            where,
            evidence.suggest(where, instead(written[0], right)) if near and written else None,
        )


def _entry_of(evidence, error, name):
    """The entry of INSTALLED_APPS that Django could not import, if that is what failed."""
    apps = evidence.project.setting_value("INSTALLED_APPS") or ()
    if not any(frame.function == "populate" for frame in error.frames):
        return None
    return next((app for app in apps if app == name or app.startswith(f"{name}.")), None)
