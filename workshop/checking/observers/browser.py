"""The browsers of a check: real WebSocket clients that write down every frame."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
)

from workshop.checking import failures
from workshop.checking.events import Connected, Ended, LeftUnanswered
from workshop.checking.processes.server import Server

# Seconds. Only a check that fails waits for them.
HEARS_WITHIN = 3
JOINS_WITHIN = 1  # for what connect() does after it has accepted
OPENS_WITHIN = 7  # Daphne gives an application 5 s to answer a handshake
ANSWERS_LATE = (
    0.5  # for a handshake that the handler left unanswered, and something else may answer
)
FLOOD = 2000  # frames that nobody waits for


@dataclass
class Line:
    """One line of the timeline."""

    at: float  # seconds since the check began
    who: str
    direction: str  # "out": to the server; "in": from it; "silence"; "note"
    text: str


@dataclass
class Timeline:
    """Every frame of a check, in the order in which the browsers saw them."""

    lines: list[Line] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, who: str, direction: str, text: str) -> None:
        if len(self.lines) < FLOOD:
            self.lines.append(Line(time.monotonic() - self.began, who, direction, text))


class Browser:
    """One tab, with one WebSocket. Made by `Room.open`."""

    def __init__(self, name: str, timeline: Timeline):
        self.name = name
        self.said: list[str] = []
        self.heard: list[str] = []
        self._timeline = timeline
        self._frames: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._flooded = False
        self._left = False

    async def open(self, server: Server, path: str) -> None:
        """Open the WebSocket. Raises Refused, Unanswered or Closed."""
        self._timeline.add(self.name, "note", f"opens {path}")
        handshake = asyncio.ensure_future(
            connect(
                f"ws://{server.address}{path}",
                origin=f"http://{server.address}",
                compression=None,
                max_size=None,
                open_timeout=None,
                ping_interval=None,
                proxy=None,
            ).__aenter__()
        )
        left = asyncio.ensure_future(self._left_unanswered(server, path))
        try:
            await asyncio.wait(
                [handshake, left], timeout=OPENS_WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
            if not handshake.done():
                self._timeline.add(self.name, "note", "no answer to the handshake")
                raise failures.Unanswered(
                    self.name, "The server left the WebSocket's handshake without an answer."
                )
            self._socket: ClientConnection = handshake.result()
        except InvalidStatus as refused:
            status = refused.response.status_code
            self._timeline.add(self.name, "note", f"handshake refused: HTTP {status}")
            raise failures.Refused(self.name, status) from None
        except (InvalidHandshake, OSError, EOFError, ConnectionClosed):
            self._timeline.add(self.name, "note", "handshake dropped, no answer")
            raise failures.Unanswered(
                self.name, "The server dropped the connection in the middle of the handshake."
            ) from None
        finally:
            left.cancel()
            if not handshake.done():
                handshake.cancel()
        self._timeline.add(self.name, "note", "open")
        self._reader = asyncio.ensure_future(self._read())

    async def _left_unanswered(self, server: Server, path: str) -> None:
        """Return when the server's application has turned to other things without answering."""
        await server.event(lambda events: LeftUnanswered(path) in events, 60)
        await asyncio.sleep(ANSWERS_LATE)

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                text = frame if isinstance(frame, str) else f"binary, {len(frame)} bytes"
                self._timeline.add(self.name, "in", text)
                self._frames.put_nowait(frame)
                if self._frames.qsize() > FLOOD:
                    self._flooded = True
                    break
        except ConnectionClosed:
            pass
        if not self._flooded and not self._left:
            self._timeline.add(self.name, "note", f"closed, code {self._socket.close_code}")
        self._frames.put_nowait(None)

    async def say(self, message: str) -> None:
        """Send {"message": message}."""
        self.said.append(message)
        await self.send(json.dumps({"message": message}, ensure_ascii=False))

    async def send(self, text: str) -> None:
        """Send one text frame. Nothing is raised when the socket is closed: `hears` will tell."""
        self._timeline.add(self.name, "out", text)
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            pass

    async def hears(self, expected: str | None = None) -> str:
        """The next message that arrives. Raises what was seen instead: Silent, Closed, Flooded,
        NotTheContract, or Heard when a message is expected and another one came."""
        try:
            frame = await asyncio.wait_for(self._frames.get(), HEARS_WITHIN)
        except TimeoutError:
            self._timeline.add(self.name, "silence", f"nothing for {HEARS_WITHIN:g} s")
            raise failures.Silent(self.name, HEARS_WITHIN) from None
        if self._flooded:
            raise failures.Flooded(self.name, f"More than {FLOOD} frames came back to {self.name}.")
        if frame is None:
            self._frames.put_nowait(None)
            raise failures.Closed(self.name, self._socket.close_code or 1006)
        message = self._message_in(frame)
        self.heard.append(message)
        if expected is not None and message != expected:
            raise failures.Heard(self.name, message, expected)
        return message

    def _message_in(self, frame: str | bytes) -> str:
        def wrong(what):
            return failures.NotTheContract(
                self.name, f'{what}. The page expects JSON like {{"message": "hello"}}.', frame
            )

        if isinstance(frame, bytes):
            raise wrong(f"{self.name} got a binary frame")
        shown = failures.brief(frame)
        try:
            content = json.loads(frame)
        except ValueError:
            raise wrong(f"{self.name} got {shown}, which is not JSON") from None
        if not isinstance(content, dict):
            raise wrong(f"{self.name} got {shown}, which is JSON but no object")
        if "message" not in content:
            raise wrong(f'{self.name} got {shown}, which has no key "message"')
        return content["message"]

    async def leaves(self) -> None:
        """Close the WebSocket as a closed tab does, with code 1001 (RFC 6455 section 7.4.1)."""
        self._timeline.add(self.name, "note", "leaves")
        self._left = True
        await self._socket.close(1001)

    async def drop(self) -> None:
        """Let go of the connection, open or not; for the end of a check."""
        if hasattr(self, "_socket"):
            self._reader.cancel()
            self._socket.transport.abort()


class Room:
    """A room of the chat on one server."""

    def __init__(self, server: Server, name: str, timeline: Timeline):
        self.server = server
        self.name = name
        self.browsers: list[Browser] = []
        self._timeline = timeline

    @property
    def path(self) -> str:
        return f"/ws/chat/{self.name}/"

    def on(self, server: Server) -> "Room":
        """The room of the same name on another server."""
        room = Room(server, self.name, self._timeline)
        room.browsers = self.browsers
        return room

    async def open(self, name: str) -> Browser:
        """A browser called `name` with an open WebSocket to this room. Raises as Browser.open."""
        browser = Browser(name, self._timeline)
        self.browsers.append(browser)
        before = self._connected()
        await browser.open(self.server, self.path)
        # The browser may be in before connect() has ended: it can accept first and join after.
        await self.server.event(lambda _: self._connected() > before, JOINS_WITHIN)
        return browser

    def _connected(self) -> int:
        return self.server.log.events.count(Connected(self.path))

    async def has_let_go(self, count: int = 1) -> None:
        """Return when the server's side of `count` browsers that left has ended without an
        exception. Raises StillRunning or Crashed."""

        def ended():
            events = self.server.log.events
            return [e for e in events if isinstance(e, Ended) and e.path == self.path]

        if not await self.server.event(lambda _: len(ended()) >= count, HEARS_WITHIN):
            raise failures.StillRunning(
                "server", "The consumer goes on after its browser has left; it should have ended."
            )
        for event in ended():
            if event.error:
                raise failures.Crashed(
                    "server", f"When the browser had left, the consumer raised {event.error}"
                )
