"""`run`: a step's server in the foreground."""

import os
import subprocess
import sys

from .. import environment, pidfiles, ports, redis_server, restarting
from ..console import console, say
from ..manifest import ROOT, Step, find

PORT = 8000


def run(step: str, solution: bool, memory: bool, port: int | None, host: str) -> int:
    chosen = find(step)
    folder = chosen.solution if solution else chosen.starter
    if not (folder / "manage.py").is_file():
        say(f"There is no server to run: {folder / 'manage.py'} is missing.")
        say(f"To get the step's files back: {environment.COMMAND} reset {chosen.short}")
        return 2
    if memory and "groups" not in chosen.capabilities:
        say(f"--memory replaces a step's channel layer, and {chosen.short} has none.")
        return 2
    if not ports.is_free(0, host):
        say(f"This machine has no address {host}. The usual one is 127.0.0.1.")
        return 2
    if port and not _has_room(port, host):
        say(f"Choose another port, for example: --port {ports.next_free(port, host)}")
        return 2
    if chosen.redis and not memory:
        redis_server.start()
    address = f"{f'[{host}]' if ':' in host else host}:{port or _free_port(host)}"
    kind = "solution" if solution else "starter"
    layer = ", its channel layer in memory" if memory else ""
    say(f"The {kind} of {chosen.short}{layer}: http://{address}/    (Ctrl-C ends it)", style="bold")
    if host not in ports.LOOPBACK:
        _warn_about_the_network(chosen, host)
    console.file.flush()
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])  # the page is there
    )
    if memory:
        os.environ["DJANGO_SETTINGS_MODULE"] = "workshop.in_memory"
    pidfiles.record(f"{kind} of {chosen.short}", address)
    if chosen.database:  # what goes wrong here is shown, and shown again by the server
        from ..checking.prepare import Migrating  # here: few steps have a database

        subprocess.run([sys.executable, *Migrating.COMMAND], cwd=folder)
    command = [sys.executable, "manage.py", "runserver", "--noreload", address]
    return restarting.serve(command, folder)


def _free_port(host: str) -> int:
    """8000, or the next free one where 8000 stays taken."""
    if _has_room(PORT, host):
        return PORT
    free = ports.next_free(PORT, host)
    say(f"This server takes port {free}.")
    return free


def _has_room(port: int, host: str) -> bool:
    """Whether the port is free. Says who has it if not, and offers to stop a server of ours."""
    if ports.is_free(port, host):
        return True
    ours = pidfiles.on(port)
    if not ours:
        say(f"Port {port} is taken by {ports.listener(port)}.")
        return False
    say(f"Port {port} is taken by a server that you started before: the {ours.what}.")
    if not _agreed("Stop that one?"):
        say(f"To stop all that you started: {environment.COMMAND} stop")
        return False
    pidfiles.end(ours.process)
    return ports.is_free(port, host)


def _agreed(question: str) -> bool:
    """Whether the user says yes; no where there is nobody to ask."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        return False


def _warn_about_the_network(step: Step, host: str) -> None:
    say(
        f"With --host {host}, anyone on this network can use this server. It is made for learning: "
        "leave it on only while you show it."
    )
    if "chat" in step.capabilities:
        say(
            "On other machines the page loads, but its WebSocket is refused with status 403: "
            "AllowedHostsOriginValidator accepts only pages from ALLOWED_HOSTS. Add this machine's "
            "address to ALLOWED_HOSTS in mysite/settings.py to let them in."
        )
