"""The fixtures of step 1's checks."""

import pytest

from checks.step1_sync_vs_async.observers.exhibition import Exhibition
from checks.step1_sync_vs_async.observers.hall import Hall


@pytest.fixture(scope="session")
def exhibition(checking_session) -> Exhibition:
    """Alice's exhibitions, which are being played."""
    (program,) = checking_session.prepared.beside
    return Exhibition(program, checking_session.prepared.folder)


@pytest.fixture(scope="session")
def hall(checking_session) -> Hall:
    """The hall's server, asked by several browsers at once."""
    return Hall(checking_session.prepared.servers[0])
