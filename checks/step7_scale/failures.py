"""What can be seen to go wrong in step 7, besides what any chat can show."""

from workshop.checking.failures import Failure


class TakenAgain(Failure):
    """A process took an event from the layer more than once."""


class EncodedTwice(Failure):
    """A process encoded a message more than once."""


class OneShard(Failure):
    """A Redis was given nothing to do."""


class NotProxied(Failure):
    """The proxy sent browsers to none of its servers, or not to all that are well."""

    def __init__(self, who: str, message: str, status: int | None = None):
        super().__init__(who, message)
        self.status = status  # of the health view


class StillRuns(Failure):
    """A server that was asked to end did not."""


class Unbounded(Failure):
    """All that one browser did not read was kept for it."""
