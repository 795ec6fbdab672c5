"""What can be seen to go wrong in step 5, besides what any chat can show."""

from workshop.checking.failures import Failure


class NotLoggedIn(Failure):
    """The login page did not let somebody in who has an account."""


class LetIn(Failure):
    """Somebody was let in who should have been refused."""


class WrongAuthor(Failure):
    """A message came with another author than the one who is logged in."""


class NotRefused(Failure):
    """What was not a message was not answered with an error."""


class Disturbed(Failure):
    """Others received something of what should have been refused."""


class TooMuch(Failure):
    """A flood of frames went through."""


class WrongPeople(Failure):
    """The list of people is not that of those who are here. `expected` and `seen` are lists; `seen`
    is None where no list came."""

    def __init__(self, who: str, message: str, expected: list, seen: list | None):
        super().__init__(who, message)
        self.expected = expected
        self.seen = seen


class StillOpen(Failure):
    """Somebody logged out, and the WebSocket stayed open."""
