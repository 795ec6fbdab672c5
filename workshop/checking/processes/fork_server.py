"""A process that has imported what programs need, and forks one child for each program.

    python workshop/checking/processes/fork_server.py LISTENER ROOT module module …

Started and asked by `launch.py`. LISTENER is the number of an inherited Unix socket that listens.
One connection starts one program: a request comes in, the child's pid goes out, and its exit code
when it has ended; when the connection ends, so do the child and its whole process group. The
process itself ends with its standard input: when whatever started it is gone, for whatever reason.

Nothing of a program is ever imported here: a child is on its own from the fork on, with the
interpreter as a plain start would have left it. What must not be shared is not made here either:
no thread, no event loop, no Twisted reactor (which daphne.server installs; each child does that).

Imports only the standard library, besides the modules it is told to import.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys

NUMBER = struct.Struct("!i")
REFUSED = 0  # in place of a pid: start this one plainly
REQUEST_WITHIN = 5  # seconds; it comes at once, from this machine


def exactly(connection: socket.socket, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError when the other side is gone."""
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


class Warm:
    """The warm process's own loop, until a child leaves it to run its program."""

    def __init__(self, listener: socket.socket, taken: set[str], path: list[str]):
        self.listener = listener
        self.taken = taken  # top-level names that were imported and a plain start would look for
        self.path = path
        self.python = settings_of_python(os.environ)
        self.running: dict[
            int, socket.socket | None
        ] = {}  # by pid: the connection that asked for it
        self.selector = selectors.DefaultSelector()
        self.waker, self.woken = socket.socketpair()
        for end in (self.waker, self.woken):
            end.setblocking(False)

    def serve(self) -> list[str] | None:
        """Returns None when it is over, and in each child the program's command line."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken.fileno(), warn_on_full_buffer=False)
        for end in (0, self.listener, self.waker):
            self.selector.register(end, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj == 0:
                    if not os.read(0, 1):
                        return self.end()
                elif key.fileobj is self.waker:
                    self.waker.recv(4096)
                    self.tell_who_ended()
                elif key.fileobj is self.listener:
                    command = self.start(self.listener.accept()[0])
                    if command is not None:
                        return command
                elif self.running.get(key.data) is key.fileobj:  # it has not ended just now
                    self.let_go(key.fileobj, key.data)

    def start(self, connection: socket.socket) -> list[str] | None:
        """Fork for the request that comes in. Returns the command only in the child."""
        streams: list[int] = []
        connection.settimeout(REQUEST_WITHIN)
        try:
            head, streams, _, _ = socket.recv_fds(connection, NUMBER.size, 3)
            request = json.loads(exactly(connection, NUMBER.unpack(head)[0]))
            if not self.can_fork_for(request):
                connection.sendall(NUMBER.pack(REFUSED))
                connection.close()
                return None
            pid = os.fork()
            if pid == 0:
                connection.close()
                self.become(request, streams)
                return request["command"]
            self.running[pid] = connection
            self.selector.register(connection, selectors.EVENT_READ, pid)
            connection.sendall(NUMBER.pack(pid))
        except (OSError, EOFError, ValueError, struct.error):
            if connection not in self.running.values():  # else its end will be seen
                connection.close()
        finally:
            for stream in streams:
                os.close(stream)
        return None

    def can_fork_for(self, request: dict) -> bool:
        """Whether a plain start would have the same result: the interpreter has the same settings,
        and no file in the program's folder has a name that was imported from elsewhere."""
        here = {name.partition(".")[0] for name in os.listdir(request["folder"])}
        return settings_of_python(request["environment"]) == self.python and not here & self.taken

    def become(self, request: dict, streams: list[int]) -> None:
        """In the child: leave nothing of the warm process behind, and take what the program is
        given."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for end in (self.listener, self.waker, self.woken, *filter(None, self.running.values())):
            end.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdout.reconfigure(line_buffering=os.isatty(1))
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.path[:] = [os.path.dirname(request["command"][0]), *self.path]
        importlib.invalidate_caches()

    def tell_who_ended(self) -> None:
        for pid, connection in list(self.running.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self.running[pid]
                if connection is None:
                    continue
                with contextlib.suppress(OSError):  # nobody is waiting for it
                    connection.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
                self.selector.unregister(connection)
                connection.close()

    def let_go(self, connection: socket.socket, pid: int) -> None:
        """Whoever asked for the program is gone: it ends too, and is reaped by tell_who_ended."""
        self.selector.unregister(connection)
        connection.close()
        self.running[pid] = None
        kill(pid)

    def end(self) -> None:
        for pid in self.running:
            kill(pid)
        address = self.listener.getsockname()  # in a folder of its own
        with contextlib.suppress(OSError):
            os.unlink(address)
            os.rmdir(os.path.dirname(address))


def kill(pid: int) -> None:
    """End a child that was not waited for yet, and all that it started in its group."""
    for end in (os.killpg, os.kill):  # it may not have made its group yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def settings_of_python(environment) -> dict[str, str]:
    """What the interpreter read when it started, and would read differently otherwise."""
    return {key: value for key, value in environment.items() if key.startswith("PYTHON")}


class QuickEnd:
    """Spares a child what comes last when Python ends: to give back, object by object, the memory
    that the warm process filled. That takes longer than all that a short program does."""

    def __init__(self):
        # What is registered first is called last: all threads and all else have ended by then.
        # https://docs.python.org/3/library/atexit.html
        atexit.register(self._leave)
        self.code: int | None = None  # an ordinary end is known by its exit code

    def run(self, script: str) -> None:
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            if end.code is None or type(end.code) is int:
                self.code = end.code or 0
            raise
        self.code = 0

    def _leave(self) -> None:
        if self.code is not None:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os._exit(self.code & 0xFF)


def main() -> list[str] | None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    root, modules = sys.argv[2], sys.argv[3:]
    path, plain = sys.path[1:], set(sys.modules)
    sys.path.append(root)
    for module in modules:
        with contextlib.suppress(Exception):  # each child will run into it and say so
            importlib.import_module(module)
    taken = {name.partition(".")[0] for name in sys.modules.keys() - plain} - set(os.listdir(root))
    gc.collect()
    gc.freeze()  # a child that collects garbage need not copy what was there before
    return Warm(listener, taken, path).serve()


if __name__ == "__main__":
    end = QuickEnd()
    command = main()
    if command:
        sys.argv = command
        sys.orig_argv = [sys.executable, *command]
        del command
        end.run(sys.argv[0])
