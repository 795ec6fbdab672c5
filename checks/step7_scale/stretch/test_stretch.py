"""The stretch task of step 7: a health view that says who is slow."""

import json

from checks.step5_people.observers.visitors import Visitor
from checks.step7_scale.observers import crowd
from workshop.checking.failures import StretchMissing
from workshop.checking.observers.browser import HEARS_WITHIN
from workshop.checking.processes.program import becomes

ROUNDS = 30
LONG = "\N{ROCKET}" * 3900


async def test_the_health_view_says_how_many_frames_wait(servers, room, logged_in):
    """The health view says how many frames wait for the browser that has most of them waiting."""
    for server in servers:
        await server.starts()
    visitor = await logged_in("ana")
    if await _waiting(servers[0]) != 0:
        raise _missing('Nobody is here, so "waiting" should be 0.')
    async with crowd.Crowd(room, visitor.cookies) as tabs:
        (ana,) = await tabs.many(1)
        stalled = await tabs.open(reads=False)
        for number in range(ROUNDS):
            speaker = ana if number % 2 else (await tabs.many(1))[0]  # not too often from one
            await crowd.says(speaker, f"{number} {LONG}")
            await crowd.hears(ana, f"{number} {LONG}")
            if (waiting := await _waiting(servers[0])) > 0:
                break
        else:
            raise _missing('One browser reads nothing, and "waiting" stays 0.')
        stalled.transport.abort()
        for _ in range(ROUNDS):
            if (waiting := await _waiting(servers[0])) == 0:
                return
            await becomes(lambda: False, HEARS_WITHIN / ROUNDS)
    raise _missing(f'The slow browser has left, and "waiting" is still {waiting}.')


async def _waiting(server) -> int:
    said = await Visitor(server).loads("/health/")
    try:
        waiting = json.loads(said)["waiting"]
    except (ValueError, LookupError, TypeError):
        waiting = None
    if not isinstance(waiting, int):
        raise _missing('It has no number under "waiting".')
    return waiting


def _missing(what: str) -> StretchMissing:
    return StretchMissing(
        "the proxy",
        f"{what} `/health/` is asked for the largest queue of this process: each relay of "
        "Relay.rooms has its browsers, and each of them its `waiting.qsize()`.",
    )
