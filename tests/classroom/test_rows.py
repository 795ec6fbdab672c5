"""What a page shows is fetched as one row, however many there are."""

import json

import pytest

from .conftest import JOIN, POSTGRES, said_by_a_server

SAME = """
from classroom import actions, rows
from classroom.models import Message

for number in range(120):
    actions.say(actions.join('a "name"' if number % 2 else ""), f"line\\\\n\\u2028 {number}", "x")
columns = "id", "text", "seat__name", "seat__hue", "created"
queries = (
    Message.objects,
    Message.objects.order_by("-id")[:100],
    Message.objects.filter(id__gt=40).order_by("id")[:7],
    Message.objects.filter(seat__name="nobody"),
)
for query in queries:
    found = [(*rest, rows.moment(text)) for *rest, text in rows.of(query, *columns)]
    assert sorted(found) == sorted(query.values_list(*columns)), found[:3]
"""
FETCHED = """
import json
from django.db import connection
from classroom import state

def fetched(read):
    count = 0
    def row(cursor, values):
        nonlocal count
        count += 1
        return values
    connection.connection.row_factory = row
    read()
    connection.connection.row_factory = None
    return count

readings = state.of_board, state.of_screen, state.of_seats, state.latest_said
join(3)
few = [fetched(read) for read in readings]
join(50)
print(json.dumps([few, [fetched(read) for read in readings]]))
"""


def test_it_has_what_the_rows_have(tmp_path):
    said_by_a_server(tmp_path, SAME)


@pytest.mark.skipif(bool(POSTGRES), reason="asks Python's sqlite3 how many rows it has fetched")
def test_fifty_seats_more_are_not_a_row_more(tmp_path):
    few, many = json.loads(said_by_a_server(tmp_path, JOIN + FETCHED))
    assert few == many and max(many) < 10 and min(many) > 0
