"""What the checks of step 1 can see go wrong, besides what any check can."""

from workshop.checking.failures import EndedByException, Failure


class NoRecord(Failure):
    """The exhibition ended without telling what was played, or did not end."""


class BrokeOff(EndedByException):
    """An exhibition was ended by an exception."""


class Miscounted(Failure):
    """Something happened more or less often at the same time than it should."""

    def __init__(self, who: str, count: int, expected: int, message: str):
        super().__init__(who, message)
        self.count = count
        self.expected = expected
