"""Many browsers in one room, of which one has stopped reading."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack, suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from workshop.checking import failures
from workshop.checking.observers.browser import HEARS_WITHIN, OPENS_WITHIN
from workshop.checking.observers.room import Room

OTHERS, STALLED = "One of the others", "The browser that had read nothing"  # in a failure
LITTLE, SHORT = 4096, 536  # bytes that the system takes at once from a browser's connection


class Crowd(AsyncExitStack):
    """Tabs in a room. They keep nothing of what they hear, which is much."""

    def __init__(self, room: Room, cookies: dict[str, str]):
        super().__init__()
        self.room = room
        self._cookies = "; ".join(f"{key}={value}" for key, value in cookies.items())

    async def open(self, query: str = "", reads: bool = True) -> ClientConnection:
        address = self.room.server.address
        sock = None if reads else _narrow(self.room.server.port)
        tab = await self.enter_async_context(
            connect(
                f"ws://{address}{self.room.path}{query}",
                additional_headers={"Cookie": self._cookies},
                origin=f"http://{address}",
                compression=None,
                max_size=None,
                open_timeout=OPENS_WITHIN,
                close_timeout=0.1,
                ping_interval=None,
                proxy=None,
                sock=sock,
            )
        )
        if not reads:
            tab.transport.pause_reading()
        return tab

    async def many(self, count: int) -> list[ClientConnection]:
        return await asyncio.gather(*(self.open() for _ in range(count)))


def _narrow(port: int) -> socket.socket:
    """A connection for which the system keeps little of what is not read: on Linux, it would be
    some 2.6 MB for packets as long as the loopback interface allows."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
    with suppress(OSError, AttributeError):  # not on Windows
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SHORT)
    sock.connect(("127.0.0.1", port))
    return sock


async def hears(tab: ClientConnection, text: str | None = None, name: str = OTHERS) -> dict:
    """The next message, which must be this one. Raises Silent, Closed or Heard."""
    try:
        async with asyncio.timeout(HEARS_WITHIN):
            while "message" not in (frame := json.loads(await tab.recv())):
                pass
    except TimeoutError:
        raise failures.Silent(name, HEARS_WITHIN) from None
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 1006
        raise failures.Closed(name, code) from None
    if text is not None and frame["message"] != text:
        raise failures.Heard(name, frame["message"], text)
    return frame


async def says(tab: ClientConnection, text: str) -> None:
    await tab.send(json.dumps({"message": text}, ensure_ascii=False))
