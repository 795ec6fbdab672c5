"""The pages of a step's server, asked for over HTTP as a browser asks.

With asyncio's streams and the standard library's parser: importing an HTTP client's package takes
longer than a whole check can wait.
"""

import asyncio
import contextlib
import http.client
import io
import json
from collections.abc import AsyncIterator

from workshop.checking import failures, patience
from workshop.checking.processes.server import Server

ANSWERS_WITHIN = patience.seconds(5)  # only a check that fails waits for them


class Answer:
    """A complete HTTP response. Raises http.client.HTTPException if it is not complete."""

    def __init__(self, data: bytes):
        response = http.client.HTTPResponse(_Received(data))
        response.begin()
        self.status: int = response.status
        self.headers: http.client.HTTPMessage = response.headers
        self.body: bytes = response.read()

    def json(self):
        """Raises ValueError where the body is not JSON."""
        return json.loads(self.body)


class _Received:
    """What http.client takes for a socket: the bytes that have arrived."""

    def __init__(self, data: bytes):
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


class Connection:
    """One connection to a server, for one request. Made by `connection`."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._host = host
        self._writer = writer
        self.reader = reader

    def ask(self, path: str) -> None:
        """Send GET `path`."""
        lines = (f"GET {path} HTTP/1.1", f"Host: {self._host}", "Accept: */*", "Connection: close")
        self._writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    async def answer(self) -> Answer:
        """The answer, of whatever status. Raises http.client.HTTPException and OSError."""
        return Answer(await self.reader.read())


@contextlib.asynccontextmanager
async def connection(server: Server) -> AsyncIterator[Connection]:
    """A connection for a `with` block. Raises OSError where there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Connection(server.address, reader, writer)
    finally:
        writer.close()


class Pages:
    def __init__(self, server: Server):
        self.server = server

    async def get(self, path: str) -> Answer:
        """The answer to GET `path`, of whatever status. Raises BadPage when there is none."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), connection(self.server) as opened:
                opened.ask(path)
                return await opened.answer()
        except TimeoutError:
            raise failures.BadPage(
                path, None, f"{path} was not answered within {ANSWERS_WITHIN:g} s."
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise failures.BadPage(
                path, None, f"{path} was not answered: {error or type(error).__name__}."
            ) from None

    async def loads(self, path: str) -> Answer:
        """The page at `path`. Raises BadPage when its status is not 200."""
        answer = await self.get(path)
        if answer.status != 200:
            message = f"{path} was answered with HTTP {answer.status}."
            raise failures.BadPage(path, answer.status, message)
        return answer
