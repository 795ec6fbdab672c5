"""What the browser tests share: Chromium, pages that are watched, and each solution's server.

    def test_a_page(visit, step2):
        page = visit(step2, "/chat/")                    # a browser of its own
        other = visit(step2, "/chat/", beside=page)      # another tab of the same browser

After each test, its pages must have raised nothing and asked no other host for anything.
"""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workshop.checking.server import Server
from workshop.manifest import find

from ..conftest import copy_of
from . import browsing
from .observer import Observer
from .room import Tab

HERE = Path(__file__).parent
WINDOW = {"width": 1280, "height": 720}  # pixels: a projector's


def pytest_collection_modifyitems(items):
    reason = browsing.missing()
    for item in items if reason else ():
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter):
    if reason := browsing.missing():
        terminalreporter.write_line(f"The browser tests were skipped. {reason}")


@pytest.fixture(scope="session")
def chromium():
    """The browser. Tests share the process; each page of `visit` has a profile of its own."""
    with browsing.chromium() as browser:
        yield browser


@pytest.fixture
def watch():
    """What the pages of this test asked for and complained about."""
    return browsing.Watch()


@pytest.fixture
def visit(chromium, watch):
    """Opens an address, or a server's path, in a browser of its own or in a tab beside a page.

    Further arguments are playwright's for a new browser context: viewport, color_scheme ….
    """
    contexts = []

    def visit(where: str | Server | Observer, path: str = "", beside=None, **options):
        if beside:
            context = beside.context
        else:
            context = chromium.new_context(**{"viewport": WINDOW, **options})
            context.set_default_timeout(browsing.PATIENCE)
            watch.over(context)
            contexts.append(context)
        page = context.new_page()
        page.goto((where if isinstance(where, str) else f"http://{where.address}") + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert watch.complaints == []


def running(server: Server) -> Server:
    """The server, once it takes connections. In a thread: playwright has this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, server.starts()).result()
    return server


@pytest.fixture
def serve():
    """Starts a project's server, for one test: serve(folder, VARIABLE="value")."""
    servers = []

    def serve(folder: Path, **environment) -> Server:
        servers.append(Server(folder, **environment))
        return running(servers[-1])

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def step1():
    """The server of step 1's solution; its opponents think for half a second."""
    yield from _running(find("step1").solution, THINKING_SECONDS="0.5")


@pytest.fixture(scope="session")
def step2():
    """The server of step 2's solution."""
    yield from _running(find("step2").solution)


@pytest.fixture(scope="session")
def step3(a_redis):
    """One server of step 3's solution."""
    yield from _running(find("step3").solution)


@pytest.fixture(scope="session")
def step3_too(a_redis):
    """Another server of step 3's solution, behind the same Redis."""
    yield from _running(find("step3").solution)


def _running(folder, **environment):
    server = Server(folder, **environment)
    try:
        yield running(server)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def unruly(tmp_path_factory):
    """A server whose consumer does what each message tells it: see unruly_consumer.py."""
    folder = copy_of(find("step2").solution, tmp_path_factory.mktemp("unruly") / "step2_echo")
    shutil.copy(HERE / "unruly_consumer.py", folder / "chat" / "consumers.py")
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


@pytest.fixture
def enter(visit):
    """A tab in a room, with its connection open: enter(server, "lobby")."""

    def enter(server, room="lobby", beside=None, **options) -> Tab:
        page = visit(server, f"/chat/{room}/", beside=beside and beside.page, **options)
        return Tab(page).is_open()

    return enter
