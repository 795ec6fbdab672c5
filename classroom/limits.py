"""How often somebody may do something. Each server process counts for itself."""

import time
from collections import OrderedDict

MOST = 5000  # names that are remembered: the longest unused is forgotten, memory stays bounded


class Limit:
    """A token bucket: `burst` at once, and then one every `seconds`."""

    def __init__(self, burst: int, seconds: float, clock=time.monotonic):
        self.burst = burst
        self.seconds = seconds
        self.clock = clock
        self._left: OrderedDict = OrderedDict()  # name: (tokens, when)

    def allows(self, name, costs: int = 1) -> bool:
        """Whether `name` may do it now, which then counts. With costs=0 it only asks."""
        now = self.clock()
        tokens, since = self._left.pop(name, (self.burst, now))
        tokens = min(self.burst, tokens + (now - since) / self.seconds)
        allowed = tokens >= 1
        self._left[name] = (tokens - costs if allowed else tokens, now)
        while len(self._left) > MOST:
            self._left.popitem(last=False)
        return allowed

    def count(self, name) -> None:
        """It has happened."""
        self.allows(name)


# For each address. A room may have one for all, behind a router: 200 at once must come in.
wrong_codes = Limit(burst=10, seconds=6)
new_seats = Limit(burst=200, seconds=0.5)
connections = Limit(burst=400, seconds=0.1)
requests = Limit(burst=400, seconds=0.05)

messages = Limit(burst=10, seconds=0.5)  # for each seat, from all its pages
REFUSALS = 100  # after so many, a connection is closed
