"""Where the messages are kept."""

import os
from urllib.parse import unquote, urlsplit


def from_url(url):
    """The entry of DATABASES for sqlite:////folder/file or postgres://user:password@host/name."""
    if url.startswith("sqlite:///"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.removeprefix("sqlite:///"),
            "CONN_MAX_AGE": None,  # otherwise Channels opens a connection for every event
            "OPTIONS": {
                # A transaction that means to write says so when it begins, so that it waits for
                # its turn: one that has read before it writes is refused at once.
                "transaction_mode": "IMMEDIATE",
                # Readers and the writer don't wait for each other.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
                "timeout": float(os.environ.get("DATABASE_TIMEOUT", 5)),  # seconds
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": None,
    }
