"""TCP ports of this machine: whether one is free, one that is, and who has it if not."""

import os
import socket
import sys

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # what no other machine can reach

_held: list[socket.socket | None] = []  # of the ports that any_free() has given


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now; with port 0, whether the address is ours at all."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: without it, a port whose server just ended would count as taken. On
        # Windows the same option would let two servers share the port, so it stays off there.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()  # Linux lets two sockets bind with this option, but one listen
        except OSError:
            return False
    return True


def next_free(port: int, host: str = "127.0.0.1") -> int:
    """The first free port from `port` on."""
    return next(candidate for candidate in range(port, 65536) if is_free(candidate, host))


def any_free() -> int:
    """A port of 127.0.0.1 on which nobody listens now; on Linux, no other program gets it while
    this one runs."""
    port, holder = reserve()
    _held.append(holder)
    return port


def reserve() -> tuple[int, socket.socket | None]:
    """A port of 127.0.0.1 that is free now, and on Linux the socket that keeps it so.

    Linux lets a server listen where another socket is bound with SO_REUSEADDR but does not listen,
    and gives that port to nobody else (ip(7), socket(7)). Elsewhere the port is only probably free
    a moment later.
    """
    holder = socket.socket()
    if sys.platform == "linux":
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    if sys.platform == "linux":
        return port, holder
    holder.close()
    return port, None


def listener(port: int) -> str:
    """Who is listening on the port, for a message: "nginx (process 4711)", or "another program".

    Other users' processes cannot be named without administrator rights.
    """
    try:
        import psutil
    except ImportError:
        return "another program"
    for process in psutil.process_iter(["name"]):
        try:
            connections = process.net_connections("tcp")
        except (psutil.Error, OSError):
            continue
        for one in connections:
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port:
                return f"{process.info['name']} (process {process.pid})"
    return "another program"
