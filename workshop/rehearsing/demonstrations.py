"""Every command that the instructor's page says to type in front of the room."""

import contextlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil

from .. import pidfiles, ports
from ..doctor import Finding
from ..manifest import ROOT

PAGE = ROOT / "slides" / "README.md"
COMMAND = re.compile(r"`python3 -m workshop ((?:run|look) [^`]+)`")
ANSWERS_WITHIN = 60  # seconds; only a server that fails takes them


def commands() -> list[list[str]]:
    """What follows `python3 -m workshop`, each once."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("### What you demonstrate")
    section, _, _ = rest.partition("\n## ")
    return [line.split() for line in dict.fromkeys(COMMAND.findall(section))]


def rehearse() -> list[Finding]:
    found = [_port(8000), _port(8001)]
    for words in commands():
        problem = _serves(words) if words[0] == "run" else _ends([*words, "--once"])
        found.append(Finding(" ".join(words), problem))
    return found


def _port(port: int) -> Finding:
    if ports.is_free(port):
        return Finding(f"port {port} is free")
    return Finding(f"port {port} is taken", f"End what has it: {ports.listener(port)}")


def _program(words: list[str], **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "workshop", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **options,
    )


def _ends(words: list[str]) -> str:
    """Returns what it said if it failed."""
    program = _program(words)
    said, _ = program.communicate()
    return said.strip() if program.returncode else ""


def _serves(words: list[str]) -> str:
    """At a port of its own, for the day's may be in use: the page has to answer."""
    if "--port" in words:
        at = words.index("--port")
        words = words[:at] + words[at + 2 :]
    port = ports.any_free()
    program = _program([*words, "--port", str(port)])
    problem = _answers(port, program)
    with contextlib.suppress(psutil.NoSuchProcess):
        pidfiles.end(psutil.Process(program.pid))  # its server too
    said, _ = program.communicate()
    return f"{problem} It said: {said.strip()[-500:]}" if problem else ""


def _answers(port: int, program: subprocess.Popen) -> str:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < deadline:
        if program.poll() is not None:
            return "It ended."
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=ANSWERS_WITHIN).close()
            return ""
        except urllib.error.HTTPError as error:
            return f"Its page answers with status {error.code}."
        except OSError:
            time.sleep(0.1)
    return f"It did not answer within {ANSWERS_WITHIN} s."
