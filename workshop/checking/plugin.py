"""The pytest plugin that runs a step's checks: their fixtures, and what became of each."""

import inspect
from dataclasses import dataclass, field

import pytest

from workshop.checking.browser import Line, Room
from workshop.checking.diagnosing import diagnose
from workshop.checking.evidence import Diagnosis, Evidence
from workshop.checking.failures import Failure
from workshop.checking.pages import Pages
from workshop.checking.scene import Run, Scene
from workshop.checking.server import Server


@dataclass
class Result:
    """What became of one check."""

    name: str  # "test_a_message_comes_back"
    title: str
    passed: bool
    seconds: float
    seen: str | None = None  # what was seen, in a sentence
    diagnosis: Diagnosis | None = None
    also: list[str] = field(default_factory=list)  # ids of diagnoses that came too late
    timeline: list[Line] = field(default_factory=list)
    evidence: Evidence | None = None
    broken: str | None = None  # the traceback, when the check itself went wrong

    @property
    def message(self) -> str | None:
        """What the attendee reads: why it failed, or, where that is not known, what was seen."""
        return self.diagnosis.message if self.diagnosis else self.seen


class Checks:
    """Registers itself with pytest; `results` holds one Result per check that was run."""

    def __init__(self, run: Run):
        self._run = run
        self.titles: list[str] = []
        self.results: list[Result] = []

    # What a check can ask for

    @pytest.fixture
    def server(self) -> Server:
        """The step's server."""
        return self._run.servers[0]

    @pytest.fixture
    def second_server(self) -> Server:
        """Another process of the same step, on another port."""
        return self._run.servers[1]

    @pytest.fixture
    def pages(self) -> Pages:
        """The pages of the step's server."""
        return Pages(self._run.servers[0])

    @pytest.fixture
    def room(self) -> Room:
        """A room of the chat that is empty and used by nobody else."""
        return self._scene.room()

    @pytest.fixture
    def other_room(self) -> Room:
        """Another one."""
        return self._scene.room()

    @pytest.fixture
    def groups(self):
        """The groups that the channel layer keeps in Redis."""
        from workshop.checking.groups import Groups  # imports redis-py, which few checks need

        return Groups()

    @pytest.fixture(scope="session")
    def exhibition(self):
        """Alice's exhibitions."""
        from workshop.checking.exhibition import Exhibition

        exhibition = Exhibition(self._run.folder, self._run.programs)
        yield exhibition
        exhibition.stop()

    @pytest.fixture
    def hall(self, server):
        """The hall's pages, asked for by several browsers at once."""
        from workshop.checking.exhibition import Hall

        return Hall(server)

    # What pytest tells

    def pytest_collection_finish(self, session):
        self.titles = [title_of(item) for item in session.items]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        self._scene = Scene(self._run, item.name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        names = pyfuncitem._fixtureinfo.argnames
        check = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        self._scene.play(check)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if call.when == "call" or report.failed:
            self.results.append(self._result(item, call))
        return report

    def _result(self, item, call) -> Result:
        result = Result(item.name, title_of(item), call.excinfo is None, call.duration)
        if call.excinfo is None:
            return result
        failure = call.excinfo.value
        result.evidence = evidence = self._scene.evidence
        if not isinstance(failure, AssertionError) or evidence is None:
            result.broken = "".join(map(str, [call.excinfo.getrepr()]))
            return result
        result.seen = failure.message if isinstance(failure, Failure) else str(failure)
        result.timeline = evidence.timeline
        result.diagnosis, result.also = diagnose(evidence)
        return result


def title_of(item) -> str:
    """A check's title: the first line of its docstring, without the full stop."""
    return inspect.getdoc(item.function).splitlines()[0].rstrip(".")
