"""The fixtures of step 1's checks."""

import pytest

from checks.step1_sync_vs_async.observers import Exhibition, Hall


@pytest.fixture(scope="session")
def exhibition(checking_session):
    """Alice's exhibitions."""
    exhibition = Exhibition(checking_session.folder, checking_session.programs)
    yield exhibition
    exhibition.stop()


@pytest.fixture
def hall(server) -> Hall:
    """The hall's pages, asked for by several browsers at once."""
    return Hall(server)
