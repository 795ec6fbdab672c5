"""The settings for the tutorial's own tests: what its part 4 adds, and the Redis of the benchmark.

Part 4 has the test database in a file, because the server of the tests is a process of its own.
"""

import os

from .settings import *  # noqa: F403
from .settings import BASE_DIR, CHANNEL_LAYERS, DATABASES

DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "db_test.sqlite3"}
CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [os.environ["REDIS_URL"]]
