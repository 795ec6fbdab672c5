"""The browsers of a check: real WebSocket clients that record every frame."""

import asyncio
import json
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
)

from workshop.checking import failures, patience
from workshop.checking.events import LeftUnanswered
from workshop.checking.observers.timeline import Timeline
from workshop.checking.processes.program import becomes
from workshop.checking.processes.server import Listening

# Only a check that fails waits for these.
HEARS_WITHIN = patience.seconds(3)
OPENS_WITHIN = patience.seconds(7)  # Daphne gives an application 5 s to answer a handshake
# For a handshake that the handler left unanswered, but something else may answer.
ANSWERS_LATE = patience.seconds(0.5)
FLOOD = 2000  # frames that nobody waits for
LONGEST_SHOWN = 10_000  # characters of a frame that was sent
OWN_ORIGIN = "its own"  # the address of the server, as for a page that came from there


@dataclass(frozen=True)
class Frame:
    """What a browser received. `content` is the object of a frame that holds JSON of one, and any
    other frame as it came: str for text, bytes for binary."""

    at: float  # seconds since the check began
    content: dict | str | bytes


class Browser:
    """One tab, with one WebSocket. Made by `Room.open`; `everyone` are all browsers of the room."""

    def __init__(self, name: str, server: Listening, everyone: list["Browser"], timeline: Timeline):
        self.name = name
        self.server = server
        self.path = ""  # of its WebSocket, without the query
        self.said: list[str] = []
        self.spoke_at = -1.0  # seconds since the check began; before it: not at all
        self.heard: list[str] = []
        self.frames: list[Frame] = []  # all that it received, waited for or not
        self._everyone = everyone
        self._timeline = timeline
        self._coming: asyncio.Queue[tuple[float, str | bytes | None]] = asyncio.Queue()
        self._came_at = 0.0  # of the frame that was taken last, in seconds since the check began
        self._flooded = False
        self._left = False

    async def open(
        self, target: str, headers: dict[str, str], origin: str | None, cookies: dict[str, str]
    ) -> None:
        """Open the WebSocket at `target`, a path with or without a query. Raises Refused or
        Unanswered."""
        self.path = target.partition("?")[0]
        self._timeline.add(self.name, "note", f"opens {target}")
        if cookies:
            headers = {**headers, "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        handshake = asyncio.ensure_future(
            connect(
                f"ws://{self.server.address}{target}",
                additional_headers=headers,
                origin=f"http://{self.server.address}" if origin == OWN_ORIGIN else origin,
                compression=None,
                max_size=None,
                open_timeout=None,
                ping_interval=None,
                proxy=None,
            ).__aenter__()
        )
        left = asyncio.ensure_future(self._left_unanswered())
        try:
            await asyncio.wait(
                [handshake, left], timeout=OPENS_WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
            if not handshake.done():
                self._timeline.add(self.name, "note", "no answer to the handshake")
                raise failures.Unanswered(
                    self.name, "The server did not answer the WebSocket's handshake."
                )
            self._socket: ClientConnection = handshake.result()
        except InvalidStatus as refused:
            status = refused.response.status_code
            self._timeline.add(self.name, "note", f"handshake rejected: HTTP {status}")
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

    async def _left_unanswered(self) -> None:
        """Return when the server's application moved on without answering."""
        unanswered, before = LeftUnanswered(self.path), len(self.server.log.events)
        await becomes(lambda: unanswered in self.server.log.events[before:], 10 * OPENS_WITHIN)
        await asyncio.sleep(ANSWERS_LATE)

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                text = frame if isinstance(frame, str) else f"binary, {len(frame)} bytes"
                self._timeline.add(self.name, "in", text)
                self.frames.append(Frame(self._timeline.now, content_of(frame)))
                self._coming.put_nowait((self.frames[-1].at, frame))
                if self._coming.qsize() > FLOOD:
                    self._flooded = True
                    break
        except ConnectionClosed:
            pass
        if not self._flooded and not self._left:
            self._timeline.add(self.name, "note", f"closed, code {self._socket.close_code}")
        self._coming.put_nowait((self._timeline.now, None))

    async def say(self, message: str, **keys) -> None:
        """Send {"message": message}, with further keys where they are given."""
        self.said.append(message)
        self.spoke_at = self._timeline.now
        await self.send(json.dumps({"message": message, **keys}, ensure_ascii=False))

    async def send(self, frame: str | bytes) -> None:
        """Send one frame, of text or binary. Nothing is raised when the socket is closed: `hears`
        reports it."""
        text = frame if isinstance(frame, str) else f"binary, {len(frame)} bytes"
        if len(text) > LONGEST_SHOWN:
            text = f"{text[:LONGEST_SHOWN]}… ({len(text):,} characters)"
        self._timeline.add(self.name, "out", text)
        try:
            await self._socket.send(frame)
        except ConnectionClosed:
            pass

    async def hears(self, expected: str | None = None) -> str:
        """The next message that arrives. An object without "message", such as a notice, is not
        one, and is skipped. Raises what was seen instead: Silent, Closed, Flooded, NotTheContract,
        or Heard or Changed when a message is expected but another one came."""
        message = self._message_in(await self._next_but_notices())
        before = list(self.heard)
        self.heard.append(message)
        if expected is not None and message != expected:
            # Alone in the room, and all that it had said before has come back: what came now can
            # only be the answer to what it said last.
            alone = self._everyone == [self] and self.said == [*before, expected]
            raise (failures.Changed if alone else failures.Heard)(self.name, message, expected)
        return message

    async def hears_frame(self, **expected) -> dict | str | bytes:
        """The next frame that arrives, whole: see Frame.content. With `expected`, it must be an
        object that has those keys with those values. Raises Silent, Closed, Flooded, NotTheContract
        for a frame that is not such an object, Heard for one with another value."""
        frame = await self._next()
        content = content_of(frame)
        if expected and not isinstance(content, dict):
            raise self._not_the_contract(f"{self.name} got {failures.brief(frame)}", frame)
        for key, value in expected.items():
            if key not in content:
                what = f"{self.name} got {failures.brief(frame)}, which has no key {key!r}"
                raise self._not_the_contract(what, frame)
            if content[key] != value:
                what = f"with {key} {failures.brief(content[key])} instead of"
                message = f"{self.name} heard a message {what} {failures.brief(value)}."
                raise failures.Heard(self.name, content[key], value, message)
        return content

    async def _next_but_notices(self) -> str | bytes:
        """The next frame that is not an object without "message". Where none comes after somebody
        spoke but such objects, the last of them: it has to be the answer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + HEARS_WITHIN
        answer = None
        while True:
            try:
                frame = await self._next(max(0, end - loop.time()))
            except (failures.Silent, failures.Closed):
                if answer is None:
                    raise
                return answer
            content = content_of(frame)
            if not isinstance(content, dict) or "message" in content:
                return frame
            if self._came_at >= max(browser.spoke_at for browser in self._everyone):
                answer = frame

    async def _next(self, within: float | None = None) -> str | bytes:
        """The next frame that arrives, as it comes. Raises Silent, Closed or Flooded."""
        try:
            limit = HEARS_WITHIN if within is None else within
            async with asyncio.timeout(limit):
                self._came_at, frame = await self._coming.get()
        except TimeoutError:
            self._timeline.add(self.name, "silence", f"nothing for {HEARS_WITHIN:g} s")
            speaker = max(self._everyone, key=lambda browser: browser.spoke_at)
            elsewhere = speaker.spoke_at >= 0 and speaker.server is not self.server
            kind = failures.SilentElsewhere if elsewhere else failures.Silent
            raise kind(self.name, HEARS_WITHIN) from None
        if self._flooded:
            raise failures.Flooded(self.name, f"More than {FLOOD} frames came back to {self.name}.")
        if frame is None:
            self._coming.put_nowait((self._came_at, None))
            raise failures.Closed(self.name, self._socket.close_code or 1006)
        return frame

    def _message_in(self, frame: str | bytes) -> str:
        def wrong(what):
            return self._not_the_contract(what, frame)

        if isinstance(frame, bytes):
            raise wrong(f"{self.name} got a binary frame")
        shown = failures.brief(frame)
        try:
            content = json.loads(frame)
        except ValueError:
            raise wrong(f"{self.name} got {shown}, which is not JSON") from None
        if not isinstance(content, dict):
            raise wrong(f"{self.name} got {shown}, which is JSON but not an object")
        if "message" not in content:
            raise wrong(f'{self.name} got {shown}, which has no key "message"')
        return content["message"]

    def _not_the_contract(self, what: str, frame: str | bytes) -> failures.NotTheContract:
        return failures.NotTheContract(
            self.name, f'{what}. The page expects JSON like {{"message": "hello"}}.', frame
        )

    async def leaves(self) -> None:
        """Close the WebSocket as a closed tab does, with code 1001 (RFC 6455 section 7.4.1)."""
        self._timeline.add(self.name, "note", "leaves")
        self._left = True
        await self._socket.close(1001)

    async def drop(self) -> None:
        """Drop the connection, open or not; for the end of a check."""
        if hasattr(self, "_socket"):
            self._reader.cancel()
            self._socket.transport.abort()


def content_of(frame: str | bytes) -> dict | str | bytes:
    """The object that a text frame holds as JSON; any other frame as it is."""
    if isinstance(frame, str):
        try:
            content = json.loads(frame)
        except ValueError:
            return frame
        if isinstance(content, dict):
            return content
    return frame
