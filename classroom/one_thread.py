"""All that asks the database does so in one thread of the server process, in turn.

Django gives each HTTP request a thread of its own. Two hundred laptops that send their results
would open two hundred connections, and SQLite lets one of them write: those that wait for it ask
again and again, and whoever has no luck for some seconds fails. Here they stand in line.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from channels.db import database_sync_to_async

_thread = ThreadPoolExecutor(1, "database")


def in_database(function: Callable) -> Callable:
    """An asynchronous function: await in_database(actions.join)("Ana")"""
    return database_sync_to_async(function, thread_sensitive=False, executor=_thread)
