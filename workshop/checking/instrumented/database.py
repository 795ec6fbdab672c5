"""Keeps a program under check away from every database but the check's own.

Settings that do not use DATABASE_URL lead to the project's own file, in which an attendee may have
weeks of rooms and messages. Opening it raises an exception that says so.

    {"event": "imported", "files": [...]}    at the end: the project's files that were imported

Imports only the standard library.
"""

import atexit
import os
import sys

from workshop.checking.instrumented import telling

VARIABLE = "WORKSHOP_DATABASE"  # the file of the only database that may be opened


def keep_away_from_others(file: str) -> None:
    """Allow sqlite3 to open only `file` and databases in memory."""
    import sqlite3  # here, because steps without a database don't need it

    def look(event, arguments):
        if event != "sqlite3.connect":  # https://docs.python.org/3/library/sqlite3.html
            return
        asked = os.fsdecode(arguments[0])
        if asked in ("", ":memory:") or "mode=memory" in asked:
            return
        if os.path.realpath(asked) != file:
            raise sqlite3.OperationalError(
                f"A check only opens the database at DATABASE_URL, but was led to {asked}"
            )

    sys.addaudithook(look)


def _file_of(module):
    """The file of a module, without asking the module: one that is lazy (importlib.util.LazyLoader,
    which autobahn uses) would be loaded by that."""
    try:
        known = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return ""
    return known.get("__file__") or ""


def tell_of_imports_at_the_end():
    """On what the database depends that this program has made: workshop/checking/migrated.py."""
    folder = os.getcwd()

    def tell():
        files = {_file_of(module) for module in [*sys.modules.values()]}
        inside = [file for file in files if file.startswith(folder + os.sep)]
        telling.tell("imported", files=sorted(os.path.relpath(file, folder) for file in inside))

    atexit.register(tell)
