"""No transaction waits until SQLite's write-ahead log has been copied into the database."""

import json

import pytest

from .conftest import POSTGRES, said_by_a_server

SCRIPT = """
import json, os, threading
from django.conf import settings
from classroom import actions, checkpoints

database = settings.FOLDER / "db.sqlite3"
log = settings.FOLDER / "db.sqlite3-wal"
actions.join()
before = database.stat().st_size
for _ in range(600):
    actions.join()
by_transactions = database.stat().st_size - before
checkpoints.copy()
by_the_thread = database.stat().st_size - before - by_transactions
pages = log.stat().st_size // 4096
for _ in range(10):
    actions.join()
more = log.stat().st_size // 4096 - pages
runs = "checkpoints" in [thread.name for thread in threading.enumerate()]
print(json.dumps([by_transactions, by_the_thread, pages, more, runs]))
"""


@pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL does so by itself")
def test_a_thread_does_and_the_log_is_used_again(tmp_path):
    said = said_by_a_server(tmp_path, SCRIPT)
    by_transactions, by_the_thread, pages, more, runs = json.loads(said)
    assert pages > 1000 and by_transactions == 0 < by_the_thread
    assert more == 0 and runs
