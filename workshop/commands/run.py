"""`run`: a step's server in the foreground."""

import os
import sys

from .. import environment, pidfiles, ports, redis_server
from ..console import console, say
from ..manifest import ROOT, find

PORT = 8000


def run(step: str, solution: bool, port: int | None, host: str) -> int:
    chosen = find(step)
    folder = chosen.solution if solution else chosen.starter
    if not (folder / "manage.py").is_file():
        say(f"There is no server to run: {folder / 'manage.py'} is missing.")
        say(f"To get the step's files back: {environment.COMMAND} reset {chosen.short}")
        return 2
    if not ports.is_free(0, host):
        say(f"This machine has no address {host}. The usual one is 127.0.0.1.")
        return 2
    if port and not ports.is_free(port, host):
        free = ports.next_free(port, host)
        say(f"Port {port} is taken by {ports.listener(port)}. Stop it, or type: --port {free}")
        return 2
    if chosen.redis:
        redis_server.start()
    address = f"{f'[{host}]' if ':' in host else host}:{port or _free_port(host)}"
    kind = "solution" if solution else "starter"
    say(f"The {kind} of {chosen.short}: http://{address}/    (Ctrl-C ends it)", style="bold")
    if host not in ports.LOOPBACK:
        say(
            f"With --host {host}, everyone on this network can use this server. It is made for "
            "learning, not for that: leave it on only while you show it. Browsers on other "
            "machines reach it once their address for it is in ALLOWED_HOSTS in mysite/settings.py."
        )
    console.file.flush()
    os.chdir(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])  # the page stands there
    )
    pidfiles.record(f"{kind} of {chosen.short} on {address}")
    environment.become([sys.executable, "manage.py", "runserver", address])


def _free_port(host: str) -> int:
    """8000, or the next free one, with a word about who has 8000."""
    if ports.is_free(PORT, host):
        return PORT
    free = ports.next_free(PORT, host)
    say(f"Port {PORT} is taken by {ports.listener(PORT)}, so this server takes {free}.")
    return free
