"""While Python looks at all objects for garbage, a server answers nobody: it must be rare."""

from .conftest import said_by_a_server

SCRIPT = """
import gc
from uuid import uuid4
from classroom import actions, catalog, messages, state

for _ in range(60):
    seat = actions.join()
    sent = [
        messages.Result(uuid4().hex, step, [], len(entry.checks), "blocked", 1.0)
        for step, entry in catalog.steps().items()
    ]
    actions.store([actions.Sent(seat.id, sent)])
before = gc.get_stats()[2]["collections"]
for _ in range(300):
    state.of_board()
print(gc.get_stats()[2]["collections"] - before)
"""


def test_reading_the_board_makes_python_look_at_all_objects_hardly_ever(tmp_path):
    assert int(said_by_a_server(tmp_path, SCRIPT)) <= 1
