"""What the checks of step 4 look at besides the rooms."""

import pytest

from checks.step4_history.observers.database import Database


@pytest.fixture
def database(checking_session) -> Database:
    """The database of the servers."""
    return Database(checking_session.prepared.environment["DATABASE_URL"])
