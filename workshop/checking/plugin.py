"""The pytest plugin that runs a step's checks: the result of each, and what fixtures build on."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from workshop.checking.explaining.evidence import Diagnosis, Evidence
from workshop.checking.explaining.rules import Rule, diagnose
from workshop.checking.failures import Failure, StretchMissing
from workshop.checking.observers.timeline import Line
from workshop.checking.session import CheckRun, Session


@dataclass
class Result:
    """The result of one check."""

    name: str  # "test_a_message_comes_back"
    title: str
    passed: bool
    seconds: float
    seen: str | None = None  # what was seen, in a sentence
    diagnosis: Diagnosis | None = None
    also: list[str] = field(default_factory=list)  # ids of diagnoses that match too, but come later
    timeline: list[Line] = field(default_factory=list)
    evidence: Evidence | None = None
    broken: str | None = None  # the traceback, when the check itself went wrong

    @property
    def message(self) -> str | None:
        """What the attendee reads: why it failed, or, where that is not known, what was seen."""
        return self.diagnosis.message if self.diagnosis else self.seen


class Checks:
    """Registers itself with pytest; `results` holds one Result per check that was run."""

    def __init__(self, session: Session, rules: Callable[[], Sequence[Rule]]):
        """`rules` are asked for only when a check has failed: importing them takes a while."""
        self._session = session
        self._rules = rules
        self.titles: list[str] = []
        self.results: list[Result] = []

    # What fixtures build on: see checks/conftest.py

    @pytest.fixture(scope="session")
    def checking_session(self) -> Session:
        """All that this run of checks shares: its servers, its programs, the project."""
        return self._session

    @pytest.fixture
    def check_run(self) -> CheckRun:
        """The check that runs now."""
        return self._check_run

    # pytest's hooks

    def pytest_configure(self, config):
        # Nobody sees what pytest would write about a failure, and writing it takes longer than
        # everything else that a check computes. The option itself belongs to a plugin that is not
        # loaded.
        config.option.tbstyle = "no"

    def pytest_collection_finish(self, session):
        self.titles = [title_of(item) for item in session.items]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        self._check_run = CheckRun(self._session, item.name)
        self._check_run.is_prepared()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        names = pyfuncitem._fixtureinfo.argnames
        check = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        self._check_run.play(check)
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
        result.evidence = evidence = self._check_run.evidence
        if not isinstance(failure, AssertionError) or evidence is None:
            result.broken = "".join(map(str, [call.excinfo.getrepr()]))
            return result
        result.seen = failure.message if isinstance(failure, Failure) else str(failure)
        result.timeline = evidence.timeline
        if not _is_explained(failure, evidence):
            result.diagnosis, result.also = diagnose(self._rules(), evidence)
        return result


def _is_explained(failure: BaseException, evidence: Evidence) -> bool:
    """Whether the failure's own message says where all exceptions come from."""
    raised = {error.name for error in evidence.errors}
    return isinstance(failure, StretchMissing) and bool(raised) and raised <= {*failure.leads_to}


def title_of(item) -> str:
    """A check's title: the first line of its docstring, without the full stop."""
    return inspect.getdoc(item.function).splitlines()[0].rstrip(".")
