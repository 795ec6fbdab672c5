"""SQLite's write-ahead log is copied into the database by a thread of its own.

By default, whoever's transaction makes the log a thousand pages long does so, and waits for the
disk: on one that others keep busy, that may take seconds, and all results stand in line behind.
https://sqlite.org/wal.html#checkpointing
"""

import logging
import threading
import time

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)
EVERY = 15  # seconds: then a full room's log has some MiB


def begin() -> None:
    if connection.vendor == "sqlite":
        threading.Thread(target=_again_and_again, name="checkpoints", daemon=True).start()


def copy() -> None:
    """What is in the log so far. Nobody waits for it, and it waits for nobody; where another server
    process does the same right now, it does nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except DatabaseError:
        log.exception("the write-ahead log could not be copied: it is tried again")


def _again_and_again() -> None:
    while True:
        time.sleep(EVERY)
        copy()
