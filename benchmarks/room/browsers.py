"""Browsers in one room, as one process of plain sockets that can keep up with any server here.

A WebSocket library would cost the client about as much as the delivery costs the server, and the
client would be what is measured. So frames are written and read here by hand (RFC 6455, section
5.2), without permessage-deflate. `busy` says how much of its time the client worked: while that
stays well below 1, the server set the pace.
"""

import contextlib
import re
import selectors
import socket
import time

TEXT = "What one browser says all browsers hear, number {:06}"
NUMBER = re.compile(rb"hear, number (\d{6})")  # in {"message": "… 000017"}, and in no other frame
PING, PONG = 9, 10  # opcodes
HANDSHAKE = (
    "GET /ws/chat/lobby/ HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\n"
    "Origin: http://127.0.0.1:{port}\r\n"
    "Connection: Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Cookie: {cookie}\r\n"
    "\r\n"
)
AT_ONCE = 50  # handshakes under way; servers listen with a backlog of 50 and more
OPENS_WITHIN = 30  # seconds


class Browsers:
    """`count` WebSockets in the room "lobby", distributed in turn among servers at `ports`, all of
    them with the `cookie` of somebody who is logged in."""

    def __init__(self, ports: list[int], count: int, cookie: str = ""):
        self._cookie = cookie
        self.sent: list[float] = []  # when message n was sent (time.perf_counter)
        self.heard: list[int] = []  # how many browsers have heard it
        self.last: list[float] = []  # when the last of them heard it
        self.completed = 0  # messages that everyone has heard
        self.closed = 0  # browsers whose connection the server ended
        self.latest = 0.0  # when anything was heard
        self._selector = selectors.DefaultSelector()
        self._rest: dict[socket.socket, bytes] = {}  # the beginning of a frame not yet complete
        self._sockets: list[socket.socket] = []
        for first in range(0, count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, count))
            self._open([ports[number % len(ports)] for number in numbers])

    def __len__(self) -> int:
        return len(self._sockets)

    def _open(self, ports: list[int]) -> None:
        opening = [socket.create_connection(("127.0.0.1", port), OPENS_WITHIN) for port in ports]
        for one, port in zip(opening, ports, strict=True):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.sendall(HANDSHAKE.format(port=port, cookie=self._cookie).encode())
        for one in opening:
            answer = b""
            while b"\r\n\r\n" not in answer:
                if not (received := one.recv(4096)):
                    break
                answer += received
            head, _, rest = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(f"The server rejected a WebSocket: {head[:100]!r}")
            one.setblocking(False)
            self._rest[one] = rest
            self._sockets.append(one)
            self._selector.register(one, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self._sockets:
            one.close()
        self._selector.close()

    def say(self) -> None:
        """Send the next message, each browser in its turn."""
        number = len(self.sent)
        payload = f'{{"message": "{TEXT.format(number)}"}}'.encode()
        # A client's frame is masked; with a mask of zeros the payload stays as it is.
        frame = bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload
        self.heard.append(0)
        self.last.append(0.0)
        self.sent.append(time.perf_counter())
        self._send(self._sockets[number % len(self)], frame)

    @staticmethod
    def _send(one: socket.socket, frame: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # the server ended it, which _take() counts
            one.sendall(frame)

    def listen(self, seconds: float) -> None:
        """Receive what has arrived, or wait for something for `seconds` at most."""
        for key, _ in self._selector.select(max(seconds, 0)):
            self._take(key.fileobj)

    def listen_for(self, seconds: float) -> None:
        """Receive what arrives in the next `seconds`."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.listen(left)

    def since(self, first: int):
        """Of each message from `first` on: when it was sent, last heard, and by how many."""
        return zip(self.sent[first:], self.last[first:], self.heard[first:], strict=True)

    def _take(self, one: socket.socket) -> None:
        try:
            received = one.recv(1 << 18)
        except ConnectionError:
            received = b""
        now = time.perf_counter()
        if not received:
            self.closed += 1
            self._selector.unregister(one)
            return
        data = self._rest[one] + received
        start, size, everybody = 0, len(data), len(self._sockets)
        while size - start >= 2:
            opcode, length, begin = data[start] & 15, data[start + 1], start + 2
            if length == 126:  # then the next two bytes are the length, which is never greater here
                length, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
            if (end := begin + length) > size:
                break
            if opcode == 1 and (found := NUMBER.search(data, begin, end)):
                number = int(found[1])
                self.heard[number] += 1
                self.last[number] = self.latest = now
                if self.heard[number] == everybody:
                    self.completed += 1
            elif opcode == PING:
                head = bytes([0x80 | PONG, 0x80 | length, 0, 0, 0, 0])
                self._send(one, head + data[begin:end])
            start = end
        self._rest[one] = data[start:]
