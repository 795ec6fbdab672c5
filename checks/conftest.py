"""The fixtures that the checks of any step can use."""

import pytest

from workshop.checking.observers.pages import Pages
from workshop.checking.observers.room import Room
from workshop.checking.processes.server import Beside, Server


@pytest.fixture
def server(checking_session) -> Server:
    """The step's server."""
    return checking_session.prepared.servers[0]


@pytest.fixture
def second_server(checking_session) -> Server:
    """Another process of the same step, on another port."""
    return checking_session.prepared.servers[1]


@pytest.fixture
def programs(checking_session) -> list[Beside]:
    """What runs beside the servers, in the order of `programs` in workshop.toml."""
    return checking_session.prepared.beside


@pytest.fixture
def pages(server) -> Pages:
    """The pages of the step's server."""
    return Pages(server)


@pytest.fixture
def room(check_run) -> Room:
    """A room of the chat that is empty and used by nobody else."""
    return check_run.room()


@pytest.fixture
def other_room(check_run) -> Room:
    """Another one."""
    return check_run.room()


@pytest.fixture
def groups(checking_session):
    """The groups that the channel layer keeps in Redis."""
    from workshop.checking.observers.groups import Groups  # imports redis-py, which few checks need

    return Groups(checking_session.prepared.servers)
