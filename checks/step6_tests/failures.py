"""What can be seen to go wrong with a learner's tests."""

from workshop.checking.failures import Failure


class NotRun(Failure):
    """pytest could not run the tests, or ended in the middle."""


class Broken(Failure):
    """A file of tests could not be imported."""


class NoTests(Failure):
    """pytest found no test."""


class Hangs(Failure):
    """A test did not come to its end."""

    def __init__(self, test: str, message: str):
        super().__init__("tests", message)
        self.test = test


class EndsWithoutAResult(Failure):
    """On a chat with a fault, the tests end, and not by a test that fails. `how`: "died", "broken"
    or "stopped"."""

    def __init__(self, test: str, message: str, how: str):
        super().__init__("tests", message)
        self.test = test
        self.how = how


class TooSlow(Failure):
    """The tests take longer than a check may. `test` is the slowest of them."""

    def __init__(self, test: str, message: str):
        super().__init__("tests", message)
        self.test = test


class FailsOnTheRightChat(Failure):
    """A test fails although nothing is wrong. `type` and `text` are of its exception."""

    def __init__(self, test: str, message: str, type: str, text: str):
        super().__init__("tests", message)
        self.test = test
        self.type = type
        self.text = text


class Unsteady(Failure):
    """A test passes and fails on the same chat."""

    def __init__(self, test: str, message: str):
        super().__init__("tests", message)
        self.test = test


class NeverAwaited(Failure):
    """A test calls a coroutine, and does not await it."""

    def __init__(self, test: str, message: str, coroutine: str):
        super().__init__("tests", message)
        self.test = test
        self.coroutine = coroutine


class DecidesNothing(Failure):
    """A test has nothing that could fail."""

    def __init__(self, test: str, message: str):
        super().__init__("tests", message)
        self.test = test


class Survived(Failure):
    """All tests pass on a chat with a fault."""

    def __init__(self, fault, tests: list[str]):
        super().__init__("tests", f"All of your tests pass on this chat: {fault.does}")
        self.fault = fault
        self.tests = tests
