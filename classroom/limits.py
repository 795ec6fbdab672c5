"""How often somebody may do something, whichever server process is asked."""

import time
from collections import OrderedDict

from django.conf import settings
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

MOST = 5000  # names that are remembered: the longest unused is forgotten, memory stays bounded
CONNECTIONS = 8  # with Redis; whoever comes when all are in use waits for one


class Limit:
    """A token bucket of this process: `burst` at once, and then one every `seconds`."""

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


class Shared:
    """The same for all server processes: what this one would allow is counted in Redis, where each
    name may do `burst` in as many seconds as a bucket takes to be full again. A flood doesn't get
    as far as that. Without Redis, each process goes by its own count."""

    def __init__(self, what: str, burst: int, seconds: float):
        self.what = what
        self.own = Limit(burst, seconds)
        self.period = max(1, round(burst * seconds))

    async def allows(self, name, costs: int = 1) -> bool:
        if not self.own.allows(name, costs):
            return False
        if settings.PROCESSES == 1:
            return True
        try:
            count = await self._count(name, costs)
        except (OSError, RedisError):
            return True
        return count <= self.own.burst if costs else count < self.own.burst

    async def count(self, name) -> None:
        """It has happened."""
        await self.allows(name)

    async def _count(self, name, costs: int) -> int:
        key = f"{settings.PREFIX}.limit.{self.what}.{name}.{int(time.time() / self.period)}"
        async with _redis().pipeline() as both:
            count, _ = await both.incrby(key, costs).expire(key, self.period).execute()
        return count


_client: Redis | None = None


def _redis() -> Redis:
    global _client
    if _client is None:
        pool = BlockingConnectionPool.from_url(settings.REDIS_URL, max_connections=CONNECTIONS)
        _client = Redis(connection_pool=pool)
    return _client


# For each address. A room may have one for all, behind a router: 500 at once must come in.
wrong_codes = Shared("wrong", burst=10, seconds=6)
new_seats = Shared("seats", burst=500, seconds=0.2)
connections = Shared("connections", burst=2000, seconds=0.02)
requests = Shared("requests", burst=2000, seconds=0.02)

messages = Shared("messages", burst=10, seconds=0.5)  # for each seat, from all its pages
REFUSALS = 100  # after so many, a connection is closed
