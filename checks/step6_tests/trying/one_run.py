"""One run of the learner's tests: pytest, in the folder of a hidden copy of the chat.

    python one_run.py RECORD PATIENCE OPTION …

PATIENCE says how many times as long a communicator of the tests waits for the chat: two numbers,
for what has to come and for receive_nothing(), as "2,1".

What happens is written to the file RECORD, an object in JSON a line:

    {"what": "starts", "test": "chat/tests.py::ChatTests::test_x"}
    {"what": "ends", "test": …, "how": "passed" | "failed" | "skipped", "seconds": 0.1, **FAILURE}
    {"what": "broken", **FAILURE}                   a file could not be imported
    {"what": "never awaited", "coroutine": "hears", "test": …}
    {"what": "over", "status": 1, "output": "…"}     pytest's exit status

FAILURE is "type" and "message" of the exception, and "traceback" as Python prints it. The run ends
with the first test that fails, other than those that are not written yet.
"""

import contextlib
import functools
import importlib.util
import io
import json
import os
import re
import sys
import time
import traceback

NEVER_AWAITED = re.compile(r"coroutine '(?P<coroutine>[^']+)' was never awaited")
OUTPUT_KEPT, TRACEBACK_KEPT = 2000, 20_000  # characters
NOT_WRITTEN = "Not written yet."  # what a test of the starter fails with
# What a learner's tests may be written with. What else is installed is not loaded.
PLUGINS = ("pytest_django.plugin", "anyio.pytest_plugin", "pytest_asyncio.plugin")


class Tail(io.TextIOBase):
    """Keeps the end of what is written, however much it is."""

    text = ""

    def write(self, text: str) -> int:
        self.text = (self.text + text)[-OUTPUT_KEPT:]
        return len(text)


class Recorder:
    """A plugin of pytest: writes down what happens."""

    def __init__(self, file):
        self.file = file
        self.failed: dict[str, dict] = {}
        self.running = None

    def pytest_sessionstart(self, session):
        self.session = session

    def tell(self, what, **facts):
        self.file.write(json.dumps({"what": what, **facts}) + "\n")
        self.file.flush()

    def pytest_runtest_logstart(self, nodeid):
        self.running, self.began, self.how = nodeid, time.monotonic(), "passed"
        self.tell("starts", test=nodeid)

    def pytest_exception_interact(self, node, call, report):
        failure = facts_of(call.excinfo.value)
        if report.when == "collect":
            self.tell("broken", **failure)
        else:
            self.failed.setdefault(report.nodeid, failure)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.how = "failed"
        elif report.skipped and self.how == "passed":
            self.how = "skipped"

    def pytest_runtest_logfinish(self, nodeid):
        seconds = round(time.monotonic() - self.began, 3)
        failure = self.failed.get(nodeid, {})
        self.tell("ends", test=nodeid, how=self.how, seconds=seconds, **failure)
        if self.how == "failed" and not failure.get("message", "").startswith(NOT_WRITTEN):
            self.session.shouldfail = "one has failed"

    def pytest_warning_recorded(self, warning_message, nodeid):
        text = str(warning_message.message)
        if found := NEVER_AWAITED.search(text):
            coroutine = found["coroutine"].rpartition(".")[2]
            self.tell("never awaited", coroutine=coroutine, test=nodeid)


def facts_of(error):
    error = error.__cause__ if type(error).__name__ == "CollectError" and error.__cause__ else error
    return {
        "type": type(error).__name__,
        "message": str(error)[:OUTPUT_KEPT],
        "traceback": "".join(traceback.format_exception(error))[-TRACEBACK_KEPT:],
    }


def be_patient(comes: float, nothing: float) -> None:
    from asgiref.testing import ApplicationCommunicator as Communicator

    for name, seconds, factor in (
        ("receive_output", 1, comes),
        ("wait", 1, comes),
        ("receive_nothing", 0.1, nothing),
    ):
        if factor != 1:
            setattr(Communicator, name, waiting(getattr(Communicator, name), seconds, factor))


def waiting(method, seconds: float, factor: float):
    """The method, with its timeout times the factor."""

    @functools.wraps(method)
    def patient(self, timeout=seconds, *arguments, **more):
        timeout = timeout and timeout * factor  # None: without a limit
        return method(self, timeout, *arguments, **more)

    return patient


def run(record: str, patience: str, options: list[str]) -> None:
    """Run pytest in the working directory."""
    import pytest

    be_patient(*map(float, patience.split(",")))
    sys.dont_write_bytecode = True
    if not names_settings("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini"):
        os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    sys.path.insert(0, os.getcwd())
    output = Tail()
    with open(record, "a", encoding="utf-8") as file, contextlib.redirect_stderr(output):
        recorder = Recorder(file)
        status = pytest.main(options, plugins=[recorder, *plugins()])
        recorder.tell("over", status=int(status), output=output.text)


def plugins():
    """As modules: by a name, pytest would look for it in all that is installed."""
    for name in PLUGINS:
        if importlib.util.find_spec(name.partition(".")[0]):
            yield importlib.import_module(name)


def names_settings(*files: str) -> bool:
    for name in files:
        with contextlib.suppress(OSError), open(name, encoding="utf-8") as file:
            if "DJANGO_SETTINGS_MODULE" in file.read():
                return True
    return False


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
