"""While Python looks at all objects for garbage, a server answers nobody: it must be rare."""

from .conftest import JOIN, said_by_a_server

SCRIPT = """
import gc
from classroom import state

join(60)
before = gc.get_stats()[2]["collections"]
for _ in range(300):
    state.of_board()
print(gc.get_stats()[2]["collections"] - before)
"""


def test_reading_the_board_makes_python_look_at_all_objects_hardly_ever(tmp_path):
    assert int(said_by_a_server(tmp_path, JOIN + SCRIPT)) <= 1
