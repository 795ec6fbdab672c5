"""Keeps a program under check away from every database but the check's own.

Settings that do not ask DATABASE_URL lead to the project's own file, in which an attendee may have
rooms and messages of weeks. Opening it raises an exception that says so.

Imports the standard library alone.
"""

import os
import sys

VARIABLE = "WORKSHOP_DATABASE"  # the file of the only database that may be opened


def keep_away_from_others(file: str) -> None:
    """Let sqlite3 open `file` and databases in memory alone."""
    import sqlite3  # here, because steps without a database need it not

    def look(event, arguments):
        if event != "sqlite3.connect":  # https://docs.python.org/3/library/sqlite3.html
            return
        asked = os.fsdecode(arguments[0])
        if asked in ("", ":memory:") or "mode=memory" in asked:
            return
        if os.path.realpath(asked) != file:
            raise sqlite3.OperationalError(
                f"A check opens the database at DATABASE_URL alone, and was led to {asked}"
            )

    sys.addaudithook(look)
