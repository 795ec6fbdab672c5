"""The check's own database, seen from outside: what another program may do with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from workshop.checking import patience

LOCKS_WITHIN = patience.seconds(30)  # for a writer that is before us; none has a lock for long


class Database:
    def __init__(self, url: str):
        self._file = url.removeprefix("sqlite:///")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No one else can write in a `with` block; everyone can read."""
        with closing(self._opened()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def count(self, room: str) -> int:
        """How many messages the room has."""
        with closing(self._opened()) as connection:
            rows = connection.execute("SELECT count(*) FROM chat_message WHERE room = ?", [room])
            return rows.fetchone()[0]

    def fill(self, room: str, texts: list[str]) -> list[int]:
        """Save messages as another program would, which sends no events. Returns their ids."""
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with closing(self._opened()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            ids = [
                connection.execute(
                    "INSERT INTO chat_message (room, text, author, client_id, created) "
                    "VALUES (?, ?, '', ?, ?)",
                    [room, text, uuid4().hex, now],
                ).lastrowid
                for text in texts
            ]
            connection.execute("COMMIT")
        return ids

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=LOCKS_WITHIN, isolation_level=None)
