"""What came of the learner's tests, from the record of trying/runner.py."""

import json
from pathlib import Path

from checks.step6_tests.failures import (
    Broken,
    DecidesNothing,
    EndsWithoutAResult,
    FailsOnTheRightChat,
    Hangs,
    NeverAwaited,
    NoTests,
    NotRun,
    Survived,
    TooSlow,
    Unsteady,
)
from checks.step6_tests.observers.deciding import decides
from checks.step6_tests.trying.faults import faults
from checks.step6_tests.trying.one_run import NOT_WRITTEN
from checks.step6_tests.trying.runs import AGAIN, KNOWN, OWN, RIGHT, TIMES_MORE
from workshop.checking.explaining.project import Project
from workshop.checking.failures import StretchMissing
from workshop.checking.observers.timeline import Timeline
from workshop.checking.processes.program import becomes
from workshop.checking.session import RUN_LIMIT, Session

ENDED = ("over", "hangs", "died", "bad")
REPORTED_BEFORE = 0.5  # seconds before the session's own limit, which could name no test
LINES_SHOWN = 3  # of an exception's message, and of pytest's output


class Trial:
    """The tests of a session's project, tried by its program, which leaves a record."""

    def __init__(self, session: Session, timeline: Timeline):
        (self._program,) = session.prepared.beside
        self._session = session
        self._file: Path = session.prepared.folder / "record.jsonl"
        self._project: Project = session.project
        self._timeline = timeline
        self._found: list[dict] = []  # the lines that were read
        self._read_to = 0  # in bytes

    # What the checks ask

    async def passes_on_the_right_chat(self) -> None:
        """Raises what keeps the tests from passing there."""
        found = await self._run(RIGHT)
        for line in found:
            if line["what"] == "broken":
                raise Broken("tests", f"Your tests could not be loaded. {_exception(line)}")
        await self._came_to_an_end(found)
        for line in self._failed(found):
            await self._fails_again(line["test"])
            message = f"{name_of(line['test'])} fails on a chat that is right. {_exception(line)}"
            raise FailsOnTheRightChat(line["test"], message, line["type"], line["message"])
        if not self._passed(found):
            raise NoTests("tests", "No test was found that passes on a chat that is right.")

    async def decides(self) -> None:
        """Raises where a test has nothing that could fail."""
        found = await self._run(RIGHT)
        for line in found:
            if line["what"] == "never awaited":  # the right chat awaits all of its own
                coroutine, test = line["coroutine"], name_of(line["test"])
                message = f"{test} calls {coroutine}(), and does not await it: it never ran."
                raise NeverAwaited(line["test"], message, coroutine)
        for test in self._passed(found):
            if not decides(self._project, test):
                message = f"{name_of(test)} passes, and has nothing that could fail."
                raise DecidesNothing(test, message)

    async def notices(self, name: str) -> None:
        """Raises unless a test fails on the chat with the fault of that name."""
        fault = faults()[name]
        found = await self._run(name)
        if self._failed(found):
            return
        self._ends_with_a_result(found, fault.does)
        self._timeline.lines += fault.timeline
        raise Survived(fault, self._passed(await self._run(RIGHT)))

    def _ends_with_a_result(self, found: list[dict], does: str) -> None:
        """Raises where no test failed because the run did not come to its end."""
        last = found[-1]
        test = self._begun_last(found)
        begun = name_of(test) if test else "the first test"
        if last["what"] == "hangs":
            raise Hangs(test, f"{begun} did not come to its end on this chat: {does}")
        if last["what"] == "died":
            how, what = "died", f"in {begun}, the process ended with exit code {last['code']}"
        elif broken := next((line for line in found if line["what"] == "broken"), None):
            how, what = "broken", f"your tests could not be loaded. {_exception(broken)}"
        elif last["status"] not in (0, 1):
            how, what = "stopped", f"in {begun}, pytest was stopped"
        else:
            return
        raise EndsWithoutAResult(test, f"No test failed on this chat: {does} But {what}.", how)

    def _begun_last(self, lines: list[dict]) -> str:
        return next((line["test"] for line in reversed(lines) if line["what"] == "starts"), "")

    async def says_the_same_each_time(self) -> None:
        for number in range(TIMES_MORE):
            found = await self._run(AGAIN, number)
            for line in self._failed(found):
                message = (
                    f"{name_of(line['test'])} passed on a chat that is right, and failed on the "
                    f"same chat later. {_exception(line)}"
                )
                raise Unsteady(line["test"], message)

    # What those of the stretch task ask

    async def overlooked_by_the_twelve(self) -> None:
        """Raises where the solution's tests notice the learner's own fault."""
        found = await self._run(OWN)
        if found[0]["what"] == "bad":
            raise StretchMissing("tests", found[0]["message"])
        known = await self._run(KNOWN)
        for line in self._failed(known):
            test = name_of(line["test"])
            message = f"{test} of the solution notices this fault already: look for another one."
            raise StretchMissing("tests", message)
        if known[-1].get("status") != 0:
            message = "With this fault, the chat can't be loaded: nobody needs a test to notice."
            raise StretchMissing("tests", message)

    async def notices_its_own(self) -> None:
        found = await self._run(OWN)
        if self._failed(found):
            return
        self._ends_with_a_result(found, "It has the fault in fault.toml.")
        raise StretchMissing(
            "tests",
            "All of your tests pass with the fault in fault.toml. What would a browser see of it? "
            "Write a test that looks at that.",
        )

    # The record

    async def _run(self, name: str, number: int = 0) -> list[dict]:
        """The lines of one run, when it is over: the first of that name, or another one."""
        limit = RUN_LIMIT - REPORTED_BEFORE - self._session.seconds
        await becomes(lambda: self._runs(name)[number:] or self._is_done(), limit)
        runs = self._runs(name)
        if runs[number:]:
            return runs[number]
        if self._is_done():
            raise NotRun("tests", "Your tests could not be tried.")
        raise self._too_slow([line for line in self._lines() if line["run"] == RIGHT])

    def _too_slow(self, lines: list[dict]) -> TooSlow:
        """With the slowest test, or the one that was running."""
        begun = [line["test"] for line in lines if line["what"] == "starts"]
        ended = [line for line in lines if line["what"] == "ends"]
        if not begun:
            return TooSlow("", f"After {RUN_LIMIT:g} s, none of your tests had begun.")
        if len(begun) > len(ended):
            over = f"{len(ended)} of your tests were over, and {name_of(begun[-1])} was running"
            return TooSlow(begun[-1], f"After {RUN_LIMIT:g} s, {over}.")
        slowest = max(ended, key=lambda line: line["seconds"])
        took, name = sum(line["seconds"] for line in ended), name_of(slowest["test"])
        return TooSlow(
            slowest["test"],
            f"Your tests take {took:.1f} s, {name} {slowest['seconds']:.1f} s of them: on thirteen "
            f"chats, they were not over after {RUN_LIMIT:g} s.",
        )

    def _runs(self, name: str) -> list[list[dict]]:
        """The lines of all runs of that name that are over. A run is written in one piece."""
        runs, lines = [], []
        for line in self._lines():
            if line["run"] != name:
                continue
            lines.append(line)
            if line["what"] in ENDED:
                runs.append(lines)
                lines = []
        return runs

    def _lines(self) -> list[dict]:
        """All that are written so far."""
        if self._file.exists() and self._file.stat().st_size > self._read_to:
            with self._file.open("rb") as file:
                file.seek(self._read_to)
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # the next one would be what is written of it in the meantime
                    self._found.append(json.loads(line))
                    self._read_to += len(line)
        return self._found

    def _is_done(self) -> bool:
        return self._program.exit_code is not None

    def _passed(self, lines: list[dict]) -> list[str]:
        return [one["test"] for one in lines if one["what"] == "ends" and one["how"] == "passed"]

    def _failed(self, lines: list[dict]) -> list[dict]:
        """Those that failed, without those that are not written yet."""
        return [
            {"type": "", "message": "", **line}
            for line in lines
            if line["what"] == "ends" and line["how"] == "failed"
            if not line.get("message", "").startswith(NOT_WRITTEN)
        ]

    async def _came_to_an_end(self, lines: list[dict]) -> None:
        last = lines[-1]
        if last["what"] == "hangs":
            test = last["test"] or ""
            message = f"{name_of(test)} did not come to its end." if test else "Nothing began."
            raise Hangs(test, message)
        if last["what"] == "died":
            raise NotRun("tests", f"pytest ended with exit code {last['code']} before its end.")
        if last["status"] not in (0, 1, 5):
            raise NotRun("tests", f"pytest could not run your tests. {_last(last['output'])}")

    async def _fails_again(self, test: str) -> None:
        """Raises Unsteady where it passes the second time."""
        again = await self._run(AGAIN)
        if test in self._passed(again):
            message = f"{name_of(test)} fails and passes on the same chat, which is right."
            raise Unsteady(test, message)


def name_of(test: str) -> str:
    """ "test_x" of "chat/tests.py::ChatTests::test_x"."""
    return test.rpartition("::")[2]


def _exception(line: dict) -> str:
    text = "\n".join(line["message"].splitlines()[:LINES_SHOWN])
    return f"{line['type']}: {text}" if text else f"{line['type']}."


def _last(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-LINES_SHOWN:])
