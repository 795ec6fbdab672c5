"""What can be seen to go wrong in step 5, besides what any chat can show."""

from workshop.checking.failures import Failure


class NotLoggedIn(Failure):
    """The login page did not let somebody in who has an account."""
