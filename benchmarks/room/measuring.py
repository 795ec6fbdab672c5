"""What is measured in a room: messages at a fixed rate, all at once, and as fast as possible."""

import contextlib
import math
import time

from benchmarks.programs import Measured, Program
from benchmarks.room.browsers import Browsers
from benchmarks.room.chats import Chat
from benchmarks.room.share import limited

# Messages under way at saturation, for each server. More of them bring no more (with a relay, which
# does at once what comes at once, 8 bring three quarters), and no layer loses one: it keeps 100.
WINDOW = 32
# Seconds between two looks at saturation. A client that waits is woken by each frame, and on one
# machine the server pays for that; one that looks now and then gets many at once.
LOOKS = 0.001
QUIET = 2  # seconds without a delivery and with idle servers: what has not arrived is lost
IDLE = 0.1  # of a core
DRAIN = 60  # seconds that late deliveries get


class Room:
    """The servers, their Redis and the browsers, and what they used so far."""

    def __init__(self, servers: list[Program], store: Measured):
        self.servers = servers
        self.store = store
        self.browsers: Browsers | None = None

    def server_cpu(self) -> float:
        return sum(server.cpu() for server in self.servers)

    def server_memory(self) -> int:
        return sum(server.memory() for server in self.servers)

    def used(self) -> tuple[float, float, float, float]:
        """Seconds: the clock's, and of CPU the servers', the Redis's and the client's."""
        return time.perf_counter(), self.server_cpu(), self.store.cpu(), time.process_time()

    def listens_to_the_end(self, completed: int) -> None:
        """Return when `completed` messages have been heard by all, or when no more will come."""
        browsers, start = self.browsers, time.perf_counter()
        looked, used = start, self.server_cpu()
        while browsers.completed < completed and (now := time.perf_counter()) < start + DRAIN:
            browsers.listen(0.1)
            if now - max(looked, browsers.latest) > QUIET:
                before, used = used, self.server_cpu()
                if used - before < IDLE * (now - looked):
                    return
                looked = now


def at_rate(room: Room, rate: float, seconds: float) -> None:
    """`rate` messages a second, regardless of what comes back."""
    start = time.perf_counter()
    for number in range(round(rate * seconds)):
        room.browsers.listen_for(start + number / rate - time.perf_counter())
        room.browsers.say()


def at_once(room: Room) -> None:
    """Every browser sends one message, all at the same moment."""
    for _ in range(len(room.browsers)):
        room.browsers.say()


def at_saturation(room: Room, seconds: float) -> None:
    """The next message as soon as everyone has heard the one that is WINDOW messages back, for
    each server."""
    browsers, window = room.browsers, WINDOW * len(room.servers)
    under_way, end = len(browsers.sent) - browsers.completed, time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if len(browsers.sent) - browsers.completed - under_way < window:
            browsers.say()
            browsers.listen(0)
        else:
            time.sleep(LOOKS)
            browsers.listen(left)


def phase(room: Room, play) -> dict:
    """Play it, wait until all was heard or no more comes, and return what was seen and used."""
    browsers = room.browsers
    first, completed = len(browsers.sent), browsers.completed
    before = room.used()
    play()
    room.listens_to_the_end(completed + len(browsers.sent) - first)
    end = max(browsers.latest, browsers.sent[-1])  # not when we gave up
    _, *used = (now - then for now, then in zip(room.used(), before, strict=True))
    return {**heard(browsers, first), **costs(browsers, first, end - before[0], *used)}


def heard(browsers: Browsers, first: int) -> dict:
    """Of the messages since `first`: the deliveries, and milliseconds until each one's last."""
    everybody = len(browsers)
    times = [
        (last - sent) * 1000 for sent, last, count in browsers.since(first) if count == everybody
    ]
    return {
        "messages": len(browsers.sent) - first,
        "expected": (len(browsers.sent) - first) * everybody,
        "delivered": sum(browsers.heard[first:]),
        "heard_by_all": len(times),
        "p50_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99),
        "disconnected": browsers.closed,
    }


def costs(
    browsers: Browsers, first: int, seconds: float, server: float, redis: float, client: float
) -> dict:
    """What the deliveries since `first` cost, from seconds of CPU."""
    delivered = sum(browsers.heard[first:])
    micro = 1e6 / max(delivered, 1)
    return {
        "seconds": seconds,
        "deliveries_per_second": delivered / seconds,
        "server_us_per_delivery": server * micro,
        "redis_us_per_delivery": redis * micro,
        "deliveries_per_cpu_second": delivered / max(server + redis, 1e-9),
        "server_busy": server / seconds,
        "client_busy": client / seconds,
    }


def percentile(values: list[float], percent: float) -> float | None:
    """By nearest rank; None for no values."""
    return sorted(values)[max(math.ceil(len(values) * percent / 100) - 1, 0)] if values else None


def measure(
    chat: Chat,
    count: int,
    rate: float,
    seconds: float,
    most_at_once: int,
    share: float | None = None,
) -> dict:
    """One row: `chat` with `count` browsers, each server with this `share` of a core, if any."""
    with contextlib.ExitStack() as stack:
        *programs, cookie = stack.enter_context(chat.running())
        room = Room(*programs)
        memory, used = room.server_memory(), room.server_cpu()
        ports = [server.port for server in room.servers]
        room.browsers = stack.enter_context(Browsers(ports, count, cookie))
        row = {
            "chat": chat.name,
            "browsers": count,
            "rate_wanted": rate,
            "connect_cpu_ms": (room.server_cpu() - used) * 1000 / count,
        }
        # The first messages import and cache what later ones find: they are not measured.
        phase(room, lambda: at_saturation(room, 0.3))
        row["memory_kib"] = (room.server_memory() - memory) / 1024 / count
        if share:
            stack.enter_context(limited([server.pids() for server in room.servers], share))
        row["rate"] = phase(room, lambda: at_rate(room, rate, seconds))
        row["saturation"] = phase(room, lambda: at_saturation(room, seconds))
        if count <= most_at_once:
            row["at_once"] = phase(room, lambda: at_once(room))
        return row
