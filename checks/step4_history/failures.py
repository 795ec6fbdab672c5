"""What can be seen to go wrong with what is said in step 4, besides what any chat can show."""

from workshop.checking.failures import Failure


class NotAnswered(Failure):
    """Somebody spoke and was not told the id of what was saved."""


class NoId(Failure):
    """A message came without the id that it has in the database."""


class Missed(Failure):
    """A browser has not heard a message that was saved."""


class NotInOrder(Failure):
    """Messages came in another order than that of their ids, or one of them twice."""


class NotFromHere(Failure):
    """A browser heard a message that it should not have been sent: too old, or heard before."""


class ToldBeforeSaved(Failure):
    """The others were told of a message that was not saved yet."""


class StoredTwice(Failure):
    """The same client_id was given two ids."""


class TakenForOne(Failure):
    """Two messages were given the same id."""


class ErrorNotTold(Failure):
    """A message could not be saved, and its sender was not told."""


class LoopStopped(Failure):
    """Nothing else was answered while a message waited for the database."""


class Lost(Failure):
    """A message was acknowledged and is not in the database."""
