"""What the checks of step 7 look at besides the rooms."""

from collections.abc import Awaitable, Callable

import pytest

from checks.step5_people.observers.accounts import Accounts
from checks.step5_people.observers.visitors import Visitor
from workshop.checking.processes.server import Beside, Server


@pytest.fixture
def servers(checking_session) -> list[Server]:
    """All three."""
    return checking_session.prepared.servers


@pytest.fixture
def proxy(programs) -> Beside:
    """The one port for all three servers."""
    return programs[0]


@pytest.fixture(scope="session")
def logged_in_before() -> dict[str, Visitor]:
    return {}


@pytest.fixture
def logged_in(checking_session, logged_in_before) -> Callable[[str], Awaitable[Visitor]]:
    """await logged_in("ana"): her browser. She has an account, and logs in once in all checks."""
    prepared = checking_session.prepared

    async def visitor(name: str) -> Visitor:
        if name not in logged_in_before:
            Accounts(prepared.environment["DATABASE_URL"]).make(name)
            logged_in_before[name] = await Visitor(prepared.servers[0]).logs_in(name, name)
        return logged_in_before[name]

    return visitor
