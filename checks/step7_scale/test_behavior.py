"""What must be true of step 7: one chat on three servers and two Redis, whichever of them dies."""

import asyncio
from functools import partial

from checks.step5_people.observers.tabs import Tab, entered
from checks.step5_people.observers.visitors import Visitor
from checks.step7_scale.failures import (
    EncodedTwice,
    NotProxied,
    OneShard,
    StillRuns,
    TakenAgain,
    Unbounded,
)
from checks.step7_scale.observers import crowd
from checks.step7_scale.observers.shards import has_any
from workshop.checking import patience
from workshop.checking.events import Connected, EncodedAgain, Handles, LayerCall, Sends
from workshop.checking.failures import BadPage, Closed, Silent
from workshop.checking.processes.program import becomes

MESSAGE = "chat.message"
ROOMS = 12  # of which each is on one of two Redis: all on the same one, once in 2,048 times
TABS = 12  # until each of three servers has one
NOTICED_WITHIN = patience.seconds(5)
ENDS_WITHIN = patience.seconds(8)
BROWSERS = 50  # one of them stops reading
ROUNDS = 60  # messages; a browser that reads nothing is let go after some twenty
LONG = "\N{ROCKET}" * 3900  # twelve bytes each in JSON: what the system keeps is soon full
# Close codes: 4408 is what the README says, any other code for applications will do, and so will
# "try again later" (RFC 6455, section 7.4.2).
LETTING_GO = {1013, *range(3000, 5000)}


async def test_the_server_starts(servers, logged_in):
    """The servers start, and their pages are for those who are logged in."""
    for server in servers:
        await server.starts()
        await server.speaks_asgi()
    status, _ = await Visitor(servers[0]).asks("/chat/lobby/")
    if status not in (302, 403):
        message = f"/chat/lobby/ was answered with HTTP {status} to somebody who is not logged in."
        raise BadPage("/chat/lobby/", status, message)
    await (await logged_in("ana")).loads("/chat/lobby/")


async def test_three_servers_share_a_room(room, servers, logged_in):
    """Browsers of three servers hear each other, each message once."""
    tabs = [
        await entered(room.on(server), name, await logged_in(name.lower()))
        for server in servers
        for name in ("Ana", "Ben")
    ]
    for tab in tabs:
        await tab.says(f"{tab.name} is here")
        for other in tabs:
            await other.hears(f"{tab.name} is here")
    for tab in tabs[::2]:
        await tab.leaves()
    await room.has_let_go(len(tabs[::2]))
    await tabs[1].says("we are still here")
    for other in tabs[1::2]:
        await other.hears("we are still here")


async def test_an_event_is_read_and_encoded_once(room, servers, logged_in):
    """Each server reads an event once, and encodes it once, however many browsers it has."""
    watched = servers[:2]
    tabs = [
        await entered(room.on(server), "Ana", await logged_in("ana"))
        for server in watched
        for _ in range(3)
    ]
    await tabs[0].says("before")  # then all have read what was said before
    for tab in tabs:
        await tab.hears("before")
    texts = [f"once {number}" for number in range(3)]
    before = [await _events(server) for server in watched]
    for text in texts:
        await tabs[0].says(text)
        for tab in tabs:
            await tab.hears(text)
    for number, (server, seen) in enumerate(zip(watched, before, strict=True), 1):
        events = (await _events(server))[len(seen) :]
        taken = sum(map(_takes_a_message, events))
        if taken > len(texts):
            raise TakenAgain(
                f"server {number}",
                f"{len(texts)} messages were said, and server {number}, with three browsers in the "
                f"room, took {taken} events of them from the layer instead of {len(texts)}.",
            )
        again = [e for e in events if isinstance(e, EncodedAgain) and texts[0] in e.text]
        if again:
            raise EncodedTwice(
                f"server {number}",
                f"Server {number} has three browsers in the room, and made the frame with "
                f"'{texts[0]}' {len(again) + 1} times.",
            )


async def _events(server):
    await server.report_busy()  # all that it has reported is read by then
    return list(server.log.events)


def _takes_a_message(event):
    if isinstance(event, Handles):
        return event.type == MESSAGE
    return isinstance(event, LayerCall) and (event.call, event.type) == ("receive", MESSAGE)


async def test_rooms_are_on_two_shards(check_run, checking_session, servers, logged_in):
    """The rooms are distributed over both Redis, and are shared wherever they are."""
    addresses = checking_session.prepared.environment
    rooms, visitor = [], await logged_in("ana")
    idle = ["REDIS_URL", "REDIS_URL_2"]
    while idle and len(rooms) < ROOMS:
        rooms.append(check_run.room())
        ana = await entered(rooms[-1], "Ana", visitor)
        ben = await entered(rooms[-1].on(servers[1]), "Ben", visitor)
        await ana.says("wherever it is")
        await ben.hears("wherever it is")
        idle = [name for name in idle if not await has_any(addresses[name], rooms)]
    if idle:
        message = f"{ROOMS} rooms are open, and the Redis at {' and '.join(idle)} has none of them."
        raise OneShard("Redis", message)


async def test_one_port_for_three_servers(room, servers, proxy, logged_in):
    """Behind one port, the proxy distributes browsers to all servers, and they share a room."""
    await _is_healthy(servers)
    tabs = await _at_each_server(room.on(proxy), servers, await logged_in("ana"))
    await tabs[0].says("behind one port")
    for tab in tabs:
        await tab.hears("behind one port")
    await _is_healthy(servers)  # with browsers, too


async def _is_healthy(servers):
    """Each answers its health view, asked as the proxy does: without a cookie."""
    for number, server in enumerate(servers, 1):
        status, _ = await Visitor(server).asks("/health/")
        if not 200 <= status < 300:
            message = (
                f"The proxy asks /health/ of each server, and server {number} answers with HTTP "
                f"{status}: it gets no browsers."
            )
            raise NotProxied("the proxy", message, status)


async def _at_each_server(room, servers, visitor) -> list[Tab]:
    """Tabs, opened at the proxy until every server has one."""
    tabs = []
    for _ in range(TABS):
        tabs.append(await entered(room, "Ana", visitor))
        if all(_has(server, room) for server in servers):
            return tabs
    message = f"The proxy has sent {TABS} browsers on, and one of the servers got none of them."
    raise NotProxied("the proxy", message)


def _has(server, room) -> int:
    """How many browsers in the room have come to the server."""
    return sum(
        isinstance(event, Connected) and event.path == room.path for event in server.log.events
    )


async def test_a_server_that_does_not_answer_gets_no_browsers(room, servers, proxy, logged_in):
    """A server that does not answer its health view gets no new browsers, until it does."""
    visitor = await logged_in("ana")
    before = len(proxy.log.text)
    async with servers[2].held_up():
        noticed = partial(_is_known_to_fail, servers[2], proxy, before)
        if not await becomes(noticed, NOTICED_WITHIN):
            message = "Server 3 does not answer, and the proxy has not noticed: it doesn't ask."
            raise NotProxied("the proxy", message)
        tabs = [await entered(room.on(proxy), "Ana", visitor) for _ in range(4)]
        await tabs[0].says("without server 3")
        for tab in tabs:
            await tab.hears("without server 3")
    if _has(servers[2], room):
        message = "Server 3 did not answer its health view, and the proxy sent it a browser."
        raise NotProxied("the proxy", message)
    await _at_each_server(room.on(proxy), servers, visitor)


def _is_known_to_fail(server, proxy, before):
    return any(
        "health_checker.active" in line and server.address in line
        for line in proxy.log.text[before:].splitlines()
    )


async def test_a_server_that_is_stopped_says_so(room, servers, proxy, logged_in):
    """A server that is stopped closes with code 1012, and its browsers miss nothing elsewhere."""
    visitor = await logged_in("ana")
    stopped = servers[2]
    ben = await entered(room, "Ben", await logged_in("ben"))
    ana = await entered(room.on(stopped), "Ana", visitor)
    await ben.says("before")
    last = await ana.hears("before")
    await ben.hears("before")
    stopped.ask_to_end()
    try:
        await ana.is_closed()
    except Closed as closed:
        if closed.code != 1012:
            raise
    except Silent:
        message = "Server 3 was sent SIGTERM, and Ana's WebSocket was not closed."
        raise StillRuns("Ana", message) from None
    await ben.says("meanwhile")
    again = await _comes_back(room.on(proxy), visitor, last)
    await again.hears("meanwhile")
    if not await stopped.ended(ENDS_WITHIN):
        message = f"Server 3 still runs {ENDS_WITHIN:g} s after it was sent SIGTERM."
        raise StillRuns("server 3", message)


async def _comes_back(room, visitor, last) -> Tab:
    """As the page does: it asks for what was said after the last message that it heard."""
    path = f"{room.path}?after={last['id']}"
    return Tab(await room.open("Ana", path, cookies=visitor.cookies))


async def test_a_browser_that_reads_nothing_holds_nobody_up(room, servers, logged_in):
    """One of 50 browsers stops reading: the others hear everything, and not all is kept for it."""
    visitor = await logged_in("ana")
    async with crowd.Crowd(room, visitor.cookies) as tabs:
        others = await tabs.many(BROWSERS - 1)
        stalled = await tabs.open(reads=False)
        said = await _until_it_is_let_go(others, servers[0], room.path)
        stalled.transport.resume_reading()
        heard = []
        try:
            while not heard or heard[-1]["id"] != said[-1]["id"]:
                heard.append(await crowd.hears(stalled, name=crowd.STALLED))
        except Closed as closed:
            if closed.code not in LETTING_GO:
                raise
            back = await tabs.open(f"?after={heard[-1]['id'] if heard else said[0]['id'] - 1}")
            for message in said[len(heard) :]:
                await crowd.hears(back, message["message"])
            return
        if len(heard) == len(said):
            raise Unbounded(
                "the server",
                f"One browser read nothing while {len(said)} long messages were said. When it read "
                "again, it was sent all of them: the server had kept them in its memory.",
            )


async def _until_it_is_let_go(others, server, path) -> list[dict]:
    """Each of the others says something long, which all of them hear, until the server closes the
    one that reads nothing. Returns what was said."""
    said = []
    for number in range(ROUNDS):
        text = f"{number} {LONG}"
        await crowd.says(others[number % len(others)], text)
        said.append((await asyncio.gather(*(crowd.hears(tab, text) for tab in others)))[0])
        if any(_closes(event, path) for event in server.log.events):
            break
    return said


def _closes(event, path):
    return isinstance(event, Sends) and (event.type, event.path) == ("websocket.close", path)


async def test_a_server_that_is_killed_is_replaced(room, servers, proxy, logged_in):
    """A server is killed: its browsers come back at the same port, and miss nothing."""
    visitor = await logged_in("ana")
    ana = await entered(room.on(proxy), "Ana", visitor)
    alive = [server for server in servers if server.exit_code is None]
    killed = next(server for server in alive if _has(server, room))
    (other,) = (server for server in alive if server is not killed)
    ben = await entered(room.on(other), "Ben", await logged_in("ben"))
    await ben.says("before")
    last = await ana.hears("before")
    killed.kill()
    try:
        await ana.is_closed()
    except Closed:
        pass
    await ben.says("meanwhile")
    again = await _comes_back(room.on(proxy), visitor, last)
    await again.hears("meanwhile")
    await again.says("I am back")
    for text in ("before", "meanwhile", "I am back"):
        await ben.hears(text)
