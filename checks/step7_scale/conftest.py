"""What the checks of step 7 look at besides the rooms."""

import pytest

from checks.step5_people.conftest import accounts, logged_in, logged_in_before  # noqa: F401
from workshop.checking.processes.server import Beside, Server


@pytest.fixture
def servers(checking_session) -> list[Server]:
    """All three."""
    return checking_session.prepared.servers


@pytest.fixture
def proxy(programs) -> Beside:
    """The one port for all three servers."""
    return programs[0]
