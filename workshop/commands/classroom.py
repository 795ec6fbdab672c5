"""`classroom`: the shared room, the instructor's board and the projector's screen."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import segno

from .. import environment, lifeline, pidfiles, ports, redis_server
from ..console import console, say
from ..kit import addresses
from ..manifest import ROOT, STATE

PORT = 8800
FOLDER = Path(os.environ.get("CLASSROOM_FOLDER") or STATE / "classroom")
# As `stop` calls it
NAME = f"classroom in {FOLDER}" if os.environ.get("CLASSROOM_FOLDER") else "classroom"
LISTENS_WITHIN = 600  # seconds; only a server that hangs takes them
WRITES_WITHIN = "30"  # seconds that a server process waits for another one's transaction
WAITING = 256  # connections that the system keeps until they are accepted: a room comes at once
LARGEST = "16384"  # bytes of a frame; classroom/messages.py refuses less than that, with a reason
# Bytes of a message, which Daphne limits in both directions: a board of a thousand seats has less.
LARGEST_SENT = str(2**20)


def run(
    lan: bool,
    port: int | None,
    processes: int,
    new: bool,
    export: str | None,
    report: str | None,
) -> int:
    for command, folder in (("export", export), ("report", report)):
        if folder:
            return _write(command, Path(folder).expanduser().absolute())
    host = "0.0.0.0" if lan else "127.0.0.1"
    if processes > 1 and os.name == "nt":
        say("On Windows, server processes cannot share a port: leave --processes out.")
        return 2
    if port and not ports.is_free(port, host):
        say(f"Port {port} is taken by {ports.listener(port)}.")
        say(f"Choose another port, for example: --port {ports.next_free(port, host)}")
        return 2
    port = port or ports.next_free(PORT, host)
    found = addresses.in_the_room() if lan else []
    if lan and not found:
        say("This machine is in no network. Join the room's Wi-Fi, and type it again.")
        return 2
    if new and any(one.what == NAME for one in pidfiles.running()):
        say(f"A classroom is running here. End it first: Ctrl-C, or {environment.COMMAND} stop")
        return 2
    if new:
        shutil.rmtree(FOLDER, ignore_errors=True)
    urls = [f"http://{address}:{port}" for address in [*found, "127.0.0.1"]]
    os.environ["CLASSROOM_ORIGINS"] = " ".join(urls)
    os.environ["CLASSROOM_PROCESSES"] = str(processes)
    os.environ["REDIS_URL"] = redis_server.start().url
    if _django("migrate", "--noinput", "--verbosity", "0"):
        say("The classroom's database could not be prepared: the lines above say why.")
        say("To begin with a new one: add --new. What the room has said so far is deleted then.")
        return 1
    if new and os.environ.get("DATABASE_URL"):  # it is not in the folder
        _django("flush", "--noinput", "--verbosity", "0")
    pidfiles.record(NAME, f"{host}:{port}")
    return _serve(host, port, processes, urls, lan)


def _django(*arguments: str) -> int:
    """One of Django's commands, in the classroom's project. Returns its exit code."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "classroom.settings",
        "CLASSROOM_FOLDER": str(FOLDER),
        "DATABASE_TIMEOUT": os.environ.get("DATABASE_TIMEOUT", WRITES_WITHIN),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    return subprocess.run([sys.executable, "-m", "django", *arguments], cwd=ROOT).returncode


def _write(command: str, folder: Path) -> int:
    if not (FOLDER / "keys.json").exists():
        say(
            f"No classroom has been started here yet. To start one: {environment.COMMAND} classroom"
        )
        return 2
    return _django(command, str(folder))


def _serve(host: str, port: int, processes: int, urls: list[str], lan: bool) -> int:
    servers = []
    with contextlib.ExitStack() as stack:
        # `stop` and a closed terminal end it as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(_end, servers)
        command = [sys.executable, "-m", "daphne", "--no-server-name", "-v", "0"]
        command += ["--websocket-max-frame-size", LARGEST]
        command += ["--websocket-max-message-size", LARGEST_SENT]
        where, options = ["-b", host, "-p", str(port)], {}
        if processes > 1:  # they all accept from one socket
            listening = stack.enter_context(socket.create_server((host, port), backlog=WAITING))
            where, options = ["--fd", str(listening.fileno())], {"pass_fds": [listening.fileno()]}
        try:
            for _ in range(processes):
                # They end with this program, even if it is killed.
                program = [*command, *where, "classroom.asgi:application"]
                servers.append(lifeline.start(*program, cwd=ROOT, **options))
            if not _listens(port, servers):
                say("The classroom did not start: the lines above say why.")
                return 1
            _tell(urls, lan)
            while all(server.poll() is None for server in servers):
                time.sleep(0.2)
        except KeyboardInterrupt:
            say("\nThe classroom has ended. What was said is kept: type the same again to go on.")
            return 0
    say("A server process ended. What was said is kept: type the same again to go on.")
    return 1


def _listens(port: int, servers: list[subprocess.Popen]) -> bool:
    deadline = time.monotonic() + LISTENS_WITHIN
    while time.monotonic() < deadline and all(server.poll() is None for server in servers):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        time.sleep(0.05)
    return False


def _end(servers: list[subprocess.Popen]) -> None:
    for server in servers:
        with contextlib.suppress(psutil.NoSuchProcess):
            pidfiles.end(psutil.Process(server.pid))
        server.wait()


def _tell(urls: list[str], lan: bool) -> None:
    from classroom import keys  # the project is there; it was prepared with its settings

    known = keys.read_or_make(FOLDER)
    door = f"{urls[0]}/{known.code}"
    segno.make_qr(door).terminal(out=console.file, compact=True)
    say(f"The classroom: {door}    (Ctrl-C ends it)", style="bold")
    for url in urls[1:]:
        say(f"or, on this machine or in another network of it: {url}/{known.code}")
    say(f"The code: {known.code}")
    say(f"Your board, for you only: {urls[-1]}/board/?token={known.token}")
    say(f"The screen, for the projector, once you have opened the board: {urls[-1]}/screen/")
    say(f"Attendees type on their laptops: {environment.COMMAND} join {door}")
    if lan:
        say("Anyone in this network can reach it, and whoever has the code gets a seat.")
    else:
        say("Only this machine can reach it. For the room's network, add --lan.")
    console.file.flush()
