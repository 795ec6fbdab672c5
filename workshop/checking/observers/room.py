"""A room of the chat, in which a check's browsers meet."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from workshop.checking import failures, patience
from workshop.checking.events import Connected, Ended, Event
from workshop.checking.observers.browser import HEARS_WITHIN, OWN_ORIGIN, Browser
from workshop.checking.observers.timeline import Timeline
from workshop.checking.processes.program import Program, becomes
from workshop.checking.processes.server import Listening

JOINS_WITHIN = patience.seconds(1)  # for what connect() does after it has accepted
LEFT_WITHIN = 1  # seconds for what disconnect() does; nothing fails that takes longer


async def together(*opening: Coroutine[Any, Any, Any]) -> list:
    """What these coroutines return, which do something on several servers, such as to open a
    browser: none of them waits for another. Raises what the first of them in this order raises."""
    tasks = [asyncio.ensure_future(one) for one in opening]
    return [await task for task in tasks]


class Room:
    """The room called `name`, on one server.

    `programs` are those whose events say what happens to its WebSockets: the server, and whatever
    else may serve them, as the servers behind a proxy do. `before` are rooms that all have left:
    while one of their consumers still ends, the layer may lose what comes for another one of the
    same server (https://github.com/django/channels/issues/1683).
    """

    def __init__(
        self,
        server: Listening,
        name: str,
        timeline: Timeline,
        programs: Sequence[Program] = (),
        before: list["Room"] | None = None,
    ):
        self.server = server
        self.name = name
        self.browsers: list[Browser] = []
        self._taken: set[int] = set()  # the ids of events: see _is_in
        self._timeline = timeline
        self._programs = programs or [server]
        self._before = [] if before is None else before

    @property
    def path(self) -> str:
        return f"/ws/chat/{self.name}/"

    @property
    def paths(self) -> set[str]:
        """Of all WebSockets opened here, as ASGI has them: without the query."""
        return {self.path, *(browser.path for browser in self.browsers)}

    def on(self, server: Listening) -> "Room":
        """The room of the same name on another server; with the same browsers in it."""
        room = Room(server, self.name, self._timeline, self._programs, self._before)
        room.browsers, room._taken = self.browsers, self._taken
        return room

    async def open(
        self,
        name: str,
        path: str | None = None,
        headers: dict[str, str] | None = None,
        origin: str | None = OWN_ORIGIN,
        cookies: dict[str, str] | None = None,
    ) -> Browser:
        """A browser called `name` with an open WebSocket to this room, or to `path`, which may have
        a query. `headers` and `cookies` are sent with the handshake; so is `origin`, unless it is
        None. Raises as Browser.open."""
        browser = Browser(name, self.server, self.browsers, self._timeline)
        self.browsers.append(browser)
        target = path or self.path
        before = {id(event) for event in self._events(Connected, {target.partition("?")[0]})}
        await browser.open(target, headers or {}, origin, cookies or {})
        # The browser may be in before connect() has ended: it can accept first and join after.
        await becomes(lambda: self._is_in(browser, before), JOINS_WITHIN)
        await becomes(lambda: all(room._is_left() for room in self._before), LEFT_WITHIN)
        self._before.clear()  # to wait once is enough
        return browser

    def _is_in(self, browser: Browser, before: set[int]) -> bool:
        """Whether a connect() has ended for this browser. Which of those that open at the same
        time it was for is not known, so each takes one of the events."""
        others = before | self._taken
        for event in self._events(Connected, {browser.path}):
            if id(event) not in others:
                self._taken.add(id(event))
                return True
        return False

    def _is_left(self) -> bool:
        """Whether all its consumers have ended, but those of a server that was killed."""
        return all(
            len(self._events(Ended, self.paths, [program]))
            >= len(self._events(Connected, self.paths, [program]))
            for program in self._programs
            if not program.was_killed
        )

    def _events(
        self, kind: type[Event], paths: set[str], programs: Sequence[Program] | None = None
    ) -> list[Event]:
        return [
            event
            for program in programs or self._programs
            for event in program.log.events
            if isinstance(event, kind) and event.path in paths
        ]

    async def has_let_go(self, count: int = 1) -> None:
        """Return when the servers' side of `count` browsers that left has ended without an
        exception. Raises StillRunning or Crashed."""

        def ended():
            return self._events(Ended, self.paths)

        if not await becomes(lambda: len(ended()) >= count, HEARS_WITHIN):
            raise failures.StillRunning(
                "server", "The consumer kept running after its browser left; it should have ended."
            )
        for event in ended():
            if event.error:
                raise failures.Crashed(
                    "server", f"When the browser left, the consumer raised {event.error}"
                )
