"""The rows of a query, fetched as a single one.

Before each row, Python's sqlite3 releases the interpreter's lock, and then waits until it has it
back: up to five milliseconds while the server's loop is busy, and a board of 500 seats has two
thousand rows. Here the database makes one row of them, in JSON.
https://github.com/python/cpython/blob/3.11/Modules/_sqlite/cursor.c (stmt_step)
https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""

from datetime import UTC, datetime

from django.db.models import Aggregate, JSONField, Manager, QuerySet
from django.db.models.functions import JSONArray


class _InOne(Aggregate):
    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


def of(query: QuerySet | Manager, *columns) -> list[list]:
    """What query.values_list(*columns) has, in no order: what JSON doesn't know comes as text."""
    return query.aggregate(rows=_InOne(JSONArray(*columns)))["rows"] or []


def moment(text: str) -> datetime:
    """A DateTimeField that came as text. SQLite stores UTC, and doesn't say so."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
