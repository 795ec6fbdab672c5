"""`notebooks`: JupyterLab on the notebooks, in the foreground."""

import os
import secrets
import sys

from .. import environment, pidfiles, ports
from ..console import console, say
from ..manifest import ROOT

PORT = 8888
SETTINGS = ROOT / "workshop" / "jupyter"  # no news, no updates: it asks nobody elsewhere


def run(port: int | None, no_browser: bool) -> int:
    if port and not ports.is_free(port):
        free = ports.next_free(port)
        say(f"Port {port} is taken by {ports.listener(port)}. Stop it, or type: --port {free}")
        return 2
    port = port or ports.next_free(PORT)
    # The address holds a password, because whoever reaches JupyterLab can run programs.
    token = os.environ["JUPYTER_TOKEN"] = secrets.token_hex(16)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )
    os.environ["JUPYTER_CONFIG_PATH"] = str(SETTINGS)
    address = f"http://127.0.0.1:{port}/lab/tree/notebooks?token={token}"
    say(f"The notebooks: {address}    (Ctrl-C ends it)", style="bold")
    console.file.flush()
    pidfiles.record("JupyterLab", f"127.0.0.1:{port}")
    command = [sys.executable, "-m", "jupyterlab", "--LabApp.extension_manager=readonly"]
    command += [f"--ServerApp.root_dir={ROOT}", "--LabApp.default_url=/lab/tree/notebooks"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1"]
    command += ["--Application.log_level=WARN", "--ServerApp.answer_yes=True"]
    command += ["--allow-root"]  # who is root in a container is nobody outside
    command += ["--no-browser"] * no_browser
    environment.become(command)
