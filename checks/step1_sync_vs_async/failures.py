"""What can go wrong in the checks of step 1, besides what can go wrong in any check."""

from workshop.checking.failures import EndedByException, Failure

# Alice's exhibitions


class NoRecord(Failure):
    """The exhibition ended without recording what was played, or did not end."""


class BrokeOff(EndedByException):
    """An exhibition was ended by an exception."""


class MovesMissing(Failure):
    """Games ended before all their moves were made, or the moves came in another order."""


class Miscounted(Failure):
    """Something happened more or less often at the same time than it should."""

    def __init__(self, who: str, count: int, expected: int, message: str):
        super().__init__(who, message)
        self.count = count
        self.expected = expected


class NotInTurn(Miscounted):
    """Opponents of the synchronous exhibition thought at the same moment."""


class NotAtOnce(Miscounted):
    """Opponents of the asynchronous exhibition did not all think at the same moment."""


class AliceTwice(Miscounted):
    """Alice made several moves at the same moment."""


# The hall's server


class NotTogether(Miscounted):
    """Browsers that asked at the same moment did not all wait together."""


class HeartSilent(Failure):
    """The heart never beat."""

    def __init__(self, status: int | None):
        answered = "not answered" if status is None else f"answered with HTTP {status} and no beat"
        super().__init__("hall", f"The heart does not beat: /heartbeat/ was {answered}.")
        self.status = status


class HeartStopped(Miscounted):
    """The heart beat, but not while browsers waited."""
