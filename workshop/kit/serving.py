"""Hands a kit to the room: plain files over HTTP, to loopback or to the room's network."""

import contextlib
import os
import socketserver
import sys
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import pages

WAITING = 256  # connections that the system keeps until they are accepted: a room types at once
IDLE = 60  # seconds without a byte, after which a connection is closed


class KitHandler(SimpleHTTPRequestHandler):
    """Gives the files of the kit, and nothing else that may be in its folder or outside of it."""

    protocol_version = "HTTP/1.1"  # an installer asks for dozens of files on one connection
    timeout = IDLE
    disable_nagle_algorithm = True  # a small file follows its headers at once
    extensions_map = {  # not the machine's: that of Windows depends on what is installed
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".zip": "application/zip",
    }

    def send_head(self):
        name = unquote(urlsplit(self.path).path).removeprefix("/")
        if name in ("", "wheels/"):
            name += "index.html"
        if name not in self.server.files:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def copyfile(self, source, outputfile):
        super().copyfile(source, outputfile)
        if not source.name.endswith((".html", pages.SUMS)):
            self.server.finished()

    def log_message(self, *arguments):
        """Nothing is written about who took what."""


class KitServer(ThreadingHTTPServer):
    """A thread for each connection: on every system, it bears more of them than a select() does."""

    daemon_threads = True
    request_queue_size = WAITING
    allow_reuse_address = os.name == "posix"  # on Windows, it would let two servers share a port

    def __init__(self, kit: Path, host: str, port: int):
        self.files = {"index.html", "wheels/index.html", pages.SUMS, *pages.read_sums(kit)}
        self.downloads = 0  # that are finished
        self._lock = threading.Lock()
        super().__init__((host, port), lambda *of: KitHandler(*of, directory=str(kit)))

    def server_bind(self):
        """Without the look-up of this machine's name, which waits for long where no DNS answers."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def finished(self) -> None:
        with self._lock:
            self.downloads += 1

    def handle_error(self, request, client_address):
        """A browser that leaves in the middle is not an error of ours."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def until_ctrl_c(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            self.serve_forever()
