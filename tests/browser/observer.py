"""An observer on the wire: a TCP proxy that reads every WebSocket frame that passes through it.

It is between the browser and the server and changes nothing. The frames are read by the
`websockets` library's protocol without input and output (its "Sans-I/O" layer): unmasked, and put
together where a message came in several (RFC 6455, sections 5.2 to 5.4).
"""

import socket
import socketserver
import threading
from dataclasses import dataclass, field

from websockets.frames import Close, Opcode
from websockets.protocol import OPEN, Protocol, Side


@dataclass
class Conversation:
    """What one WebSocket carried. A direction is "out", to the server, or "in", from it."""

    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)  # …, whether it is text
    closes: list[tuple[str, int, str]] = field(default_factory=list)  # direction, code, reason
    errors: list[Exception] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # the browser sent a close frame


class Ear:
    """Hears one direction of a TCP connection."""

    def __init__(self, observer: "Observer", conversation: Conversation, direction: str):
        self.observer = observer
        self.conversation = conversation
        self.direction = direction
        self.head = b""
        self.protocol = None
        self.deaf = False  # to HTTP
        self.parts: list[tuple[Opcode, bytes]] = []

    def hear(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.protocol is None:
            self.head += data
            head, end, data = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            self.deaf = b"\r\nupgrade: websocket" not in head.lower()
            if self.deaf:
                return
            side = Side.SERVER if self.direction == "out" else Side.CLIENT
            self.protocol = Protocol(side, state=OPEN, max_size=None)
            if self.direction == "out":
                self.observer.conversations.append(self.conversation)
        self.protocol.receive_data(data)
        for frame in self.protocol.events_received():
            self.note(frame)
        if self.protocol.parser_exc:
            self.conversation.errors.append(self.protocol.parser_exc)

    def note(self, frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            close = Close.parse(frame.data)
            self.conversation.closes.append((self.direction, close.code, close.reason))
            if self.direction == "out":
                self.conversation.left.set()
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self.parts.append((frame.opcode, bytes(frame.data)))
            if frame.fin:
                data = b"".join(part for _, part in self.parts)
                is_text = self.parts[0][0] is Opcode.TEXT
                self.conversation.messages.append((self.direction, data, is_text))
                self.parts = []


class Observer(socketserver.ThreadingTCPServer):
    """The proxy before the server on `port`. It has the same `address` as a Server has."""

    daemon_threads = True

    def __init__(self, port: int):
        super().__init__(("127.0.0.1", 0), Relay)
        self.behind = port
        self.conversations: list[Conversation] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Relay(socketserver.BaseRequestHandler):
    """One connection of the browser, and the one to the server that belongs to it."""

    server: Observer

    def handle(self) -> None:
        conversation = Conversation()
        to_server, to_browser = (Ear(self.server, conversation, way) for way in ("out", "in"))
        try:
            behind = socket.create_connection(("127.0.0.1", self.server.behind))
        except OSError:  # the server is down: the browser's connection ends, too
            return
        with behind:
            back = threading.Thread(target=relay, args=(behind, self.request, to_browser))
            back.start()
            relay(self.request, behind, to_server)
            back.join()


def relay(source: socket.socket, target: socket.socket, ear: Ear) -> None:
    """Pass on what comes, after it was heard: what the page knows, the observer already knows."""
    try:
        while data := source.recv(65536):
            ear.hear(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one side is gone without a close: so the other goes too
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
