"""All that asks the database does so in a thread of the server process, in turn.

Django gives each HTTP request a thread of its own. Two hundred laptops that send their results
would open two hundred connections, and SQLite lets one of them write: those that wait for it ask
again and again, and whoever has no luck for some seconds fails. Here they stand in line.

What many pages show (readings.py) is read in a thread of its own. SQLite, with a write-ahead log,
lets it read while another writes, so the board doesn't stand in line behind all whose results it is
to show.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from channels.db import database_sync_to_async

_in_turn = ThreadPoolExecutor(1, "database")
_for_pages = ThreadPoolExecutor(1, "pages")


def in_database(function: Callable, thread: ThreadPoolExecutor = _in_turn) -> Callable:
    """An asynchronous function: await in_database(actions.join)("Ana")"""
    return database_sync_to_async(function, thread_sensitive=False, executor=thread)


def for_pages(read: Callable) -> Callable:
    """The same for a function that only reads, and what many pages show."""
    return in_database(read, _for_pages)
