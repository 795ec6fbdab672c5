"""What the browser tests share: Chromium, pages that are watched, and each solution's server.

    def test_a_page(visit, step2):
        page = visit(step2, "/chat/")             # in a tab of Ana's browser
        other = visit(step2, "/chat/", of="Ben")  # in another browser

After each test, its pages must have raised nothing and asked no other host for anything.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.checking.processes.server import Server
from workshop.checking.processes.variables import program_environment
from workshop.manifest import find, finished_chat

from ..conftest import copy_of, edit, run_coroutine
from . import browsing
from .observer import Observer
from .slideshow import Slideshow

STARTS_WITHIN = 60  # seconds; only a test that fails waits for them
HERE = Path(__file__).parent


@pytest.fixture(scope="session", autouse=True)
def a_browser():
    """Without one, all tests in this folder are skipped."""
    if reason := browsing.missing():
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Tests that are skipped for the same reason share one line, where pytest has one for each."""
    report = yield
    if report.skipped:
        report.longrepr = (str(HERE), None, report.longrepr[2])
    return report


@pytest.fixture(scope="session")
def chromium():
    """The browser, as playwright's Browser."""
    with browsing.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def profiles(chromium):
    """Ana's browser, Ben's browser …."""
    return browsing.Profiles(chromium)


@pytest.fixture
def slideshow(chromium):
    """Shows decks for one test: see slideshow.Slideshow."""
    slideshow = Slideshow(chromium)
    yield slideshow
    slideshow.end()


@pytest.fixture
def visit(profiles):
    """Opens pages for one test: see browsing.Visits. Its `watch` knows what they asked for."""
    visits = browsing.Visits(profiles)
    yield visits
    visits.end()


@pytest.fixture
def enter(visit):
    """A tab in a room, with its connection open: enter(server, "lobby")."""
    return visit.enter


def running(server: Server) -> Server:
    """The server, once it takes connections."""
    listens = run_coroutine(server.listens(STARTS_WITHIN))
    assert listens, f"exit code {server.exit_code}, log: {server.log.text}"
    return server


@pytest.fixture
def database(tmp_path, a_redis) -> dict[str, str]:
    """The variable that leads to an empty database with its tables."""
    return _migrated("step4", tmp_path)


@pytest.fixture
def accounts(tmp_path, a_redis) -> dict[str, str]:
    """The variables that lead to one with step 5's, in which are ana, ben and cleo."""
    return {**_migrated("step5", tmp_path, "people"), **find("step5").environment}


def _migrated(step: str, folder: Path, *then: str) -> dict[str, str]:
    variables = {
        **find(step).environment,
        "DATABASE_URL": f"sqlite:///{os.fspath(folder / 'db.sqlite3')}",
    }
    for command in (("migrate", "--verbosity", "0"), *((command,) for command in then)):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=find(step).solution,
            env={**program_environment(), **variables},
            check=True,
        )
    return {"DATABASE_URL": variables["DATABASE_URL"]}


@pytest.fixture
def serve():
    """Starts a project's server for one test: serve(folder), serve(folder, 8123) on that port."""
    servers = []

    def serve(folder: Path, port: int | None = None, **environment: str) -> Server:
        servers.append(Server(folder, port, **environment))
        return running(servers[-1])

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def step1():
    """The server of step 1's solution; its opponents think as long as in its check."""
    yield from _running(find("step1").solution, **find("step1").environment)


@pytest.fixture(scope="session")
def step2():
    """The server of step 2's solution."""
    yield from _running(find("step2").solution)


@pytest.fixture(scope="session")
def step2_begun():
    """The server of step 2's starter, which answers no WebSocket."""
    yield from _running(find("step2").starter)


@pytest.fixture(scope="session")
def finished(a_redis):
    """One server of the finished chat."""
    yield from _running(finished_chat().solution)


@pytest.fixture(scope="session")
def finished_too(a_redis):
    """Another server of the finished chat, behind the same Redis."""
    yield from _running(finished_chat().solution)


def _running(folder, **environment):
    server = Server(folder, **environment)
    try:
        yield running(server)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def unruly(tmp_path_factory):
    """A server whose consumer does what each message tells it: see unruly_consumer.py. Its pages
    take any room's name."""
    folder = copy_of(find("step2").solution, tmp_path_factory.mktemp("unruly") / "step2_echo")
    shutil.copy(HERE / "unruly_consumer.py", folder / "chat" / "consumers.py")
    edit(folder, "chat/urls.py", "<slug:room_name>", "<str:room_name>")
    yield from _running(folder)


@pytest.fixture
def observe():
    """Puts an observer before a server: the same pages, and every frame is read on its way."""
    observers = []

    def observe(server: Server) -> Observer:
        observers.append(Observer(server.port))
        return observers[-1]

    yield observe
    for observer in observers:
        observer.stop()
