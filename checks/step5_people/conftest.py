"""What the checks of step 5 look at besides the rooms."""

from collections.abc import Awaitable, Callable

import pytest

from checks.step5_people.observers.accounts import Accounts
from checks.step5_people.observers.visitors import Visitor


@pytest.fixture
def accounts(checking_session) -> Accounts:
    """The database of the servers."""
    return Accounts(checking_session.prepared.environment["DATABASE_URL"])


@pytest.fixture
def expiry(checking_session) -> float:
    """Seconds after which a tab that has not been heard of is gone."""
    return float(checking_session.prepared.environment["PRESENCE_SECONDS"])


@pytest.fixture(scope="session")
def logged_in_before() -> dict[str, Visitor]:
    return {}


@pytest.fixture
def logged_in(server, accounts, logged_in_before) -> Callable[[str], Awaitable[Visitor]]:
    """await logged_in("ana"): her browser. She has an account, and logs in once in all checks."""

    async def visitor(name: str) -> Visitor:
        if name not in logged_in_before:
            accounts.make(name)
            logged_in_before[name] = await Visitor(server).logs_in(name, name)
        return logged_in_before[name]

    return visitor
