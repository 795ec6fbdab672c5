"""While Python looks at all objects for garbage, a server answers nobody: it must be rare."""

import os
import subprocess
import sys

from tests.conftest import ROOT

SCRIPT = """
import gc
import classroom.asgi  # as a server does
from django.core.management import call_command
from uuid import uuid4
from classroom import actions, catalog, messages, state

call_command("migrate", verbosity=0)
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
    environment = {
        **os.environ,
        "CLASSROOM_FOLDER": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "classroom.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert int(done.stdout) <= 1
