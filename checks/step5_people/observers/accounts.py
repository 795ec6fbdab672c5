"""Accounts in the check's own database, as `manage.py people` makes them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import md5

from workshop.checking import patience
from workshop.checking.processes.server import Server

# Of as many characters as Django's own: with fewer it would make a new password hash at the first
# login, which would end the sessions of those who log in at the same time
# (django.contrib.auth.hashers.must_update_salt).
SALT = "sodiumchloride" * 2
WAITS = patience.seconds(30)  # for a writer that is before us
LOCKED_FOR = 1  # seconds: no other server writes for so long


class Accounts:
    def __init__(self, url: str):
        self._file = url.removeprefix("sqlite:///")

    def _opened(self):
        """The database, for a `with` block. Each statement is a transaction."""
        return closing(sqlite3.connect(self._file, timeout=WAITS, isolation_level=None))

    def make(self, name: str) -> None:
        """An account whose password is its name; nothing where there is one."""
        # As the hasher writes it that workshop.toml names for the servers of this check.
        password = f"md5${SALT}${md5(f'{SALT}{name}'.encode()).hexdigest()}"
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with self._opened() as database:
            database.execute(
                "INSERT OR IGNORE INTO auth_user (username, password, date_joined, is_active, "
                "is_staff, is_superuser, first_name, last_name, email) "
                "VALUES (?, ?, ?, 1, 0, 0, '', '', '')",
                [name, password, now],
            )

    def messages(self, room: str) -> list[str]:
        """What is saved of this room."""
        with self._opened() as database:
            rows = database.execute("SELECT text FROM chat_message WHERE room = ?", [room])
            return [text for (text,) in rows]

    def present(self, room: str) -> list[str]:
        """Those who have a row in the table of Presence, expired or not."""
        with self._opened() as database:
            rows = database.execute(
                "SELECT username FROM chat_presence JOIN auth_user ON auth_user.id = user_id "
                "WHERE room = ?",
                [room],
            )
            return [name for (name,) in rows]

    @contextmanager
    def without(self, server: Server) -> Iterator[None]:
        """Meanwhile the server does nothing. Others may write: it was not paused while it did."""
        while not self._pauses(server):
            server.resume()
        try:
            yield
        finally:
            server.resume()

    def _pauses(self, server: Server) -> bool:
        """Whether it holds no lock of the database now that it is paused. One of its threads may
        have been a moment late to stop."""
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")  # when nobody else writes
            server.pause()
            database.execute("ROLLBACK")
            database.execute(f"PRAGMA busy_timeout = {1000 * LOCKED_FOR}")
            with suppress(sqlite3.OperationalError):
                database.execute("BEGIN IMMEDIATE")
            return database.in_transaction

    def time_passes(self, seconds: float) -> None:
        """Make all rows in the table of Presence as old as they would be so many seconds later."""
        with self._opened() as database:
            database.execute(
                "UPDATE chat_presence SET seen = strftime('%Y-%m-%d %H:%M:%f', seen, ?)",
                [f"-{seconds} seconds"],
            )
