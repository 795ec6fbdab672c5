"""The doctor: whether this machine has what the workshop needs, and what to do if not."""

import asyncio
import json
import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata

from . import environment, groups, ports, redis_server
from .console import say
from .manifest import ROOT, finished_chat

QUIET = 8  # seconds: longer than the 5 s read timeout of redis-py 8 and the second it takes to act
ANSWER_LIMIT = 5  # seconds for a message to come back, on a slow laptop too
ANEW = f"Delete the folder .venv and type: {environment.COMMAND}"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    seen: str
    advice: str = ""  # what to do; empty if all is well
    only_a_note: bool = False  # worth knowing, but not a problem


def quick() -> list[Finding]:
    """What can be found out within a fraction of a second. Starts Redis if none answers."""
    return [python(), *packages(), *git(), port(), redis()]


def full() -> list[Finding]:
    """The same and a real chat, quiet for 8 seconds. Takes about 10 seconds."""
    findings = quick()
    if any(finding.advice and not finding.only_a_note for finding in findings):
        return [*findings, Finding("the WebSocket is not tried until this is fixed", "", True)]
    return [*findings, *asyncio.run(chat())]


def show(findings: list[Finding]) -> None:
    for finding in findings:
        mark, style = ("✓", "green") if not finding.advice else ("✗", "bold red")
        if finding.only_a_note:
            mark, style = "·", ""
        say(f"{mark} {finding.seen}", style=style)
        if finding.advice:
            say(f"    {finding.advice}")


def exit_code(findings: list[Finding]) -> int:
    return int(any(finding.advice and not finding.only_a_note for finding in findings))


def python() -> Finding:
    where = ".venv" if environment.is_inside() else "an environment other than .venv"
    return Finding(f"Python {platform.python_version()}, in {where}")


def packages() -> list[Finding]:
    """Compares what is installed with requirements.txt."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [Finding("the package packaging is missing, and perhaps others", ANEW)]
    wrong, right, absent = [], 0, []
    for group, lines in groups.requirements().items():
        if group != groups.LEAN and not groups.is_installed(group):
            absent.append(group)
            continue
        for requirement in map(Requirement, lines):
            if requirement.marker and not requirement.marker.evaluate():
                continue
            finding = _package(requirement)
            right += finding is None
            wrong += [finding] if finding else []
    later = [Finding(_installed_later(absent), only_a_note=True)] if absent else []
    return [*(wrong or [Finding(f"{right} packages, as requirements.txt asks")]), *later]


def _package(requirement) -> Finding | None:
    """What is wrong with a package; None if it is as required."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Finding(f"{requirement.name} is not installed", ANEW)
    if requirement.specifier.contains(version, prereleases=True):
        return None
    seen = f"{requirement.name} {version} is installed, not {requirement.specifier}"
    return Finding(seen, f"{WHY.get(requirement.name, '')}{ANEW}")


def _installed_later(absent: list[str]) -> str:
    return f"packages for {', '.join(absent)}: installed when a command first needs them"


# channels_redis issue 422: redis-py 8 reads with a 5 s timeout, BZPOPMIN waits for just as long.
WHY = {"redis": "redis-py 8 closes every WebSocket that is quiet for 6 seconds, with code 1011. "}


def port() -> Finding:
    if ports.is_free(8000):
        return Finding("port 8000 is free")
    return Finding(
        f"port 8000 is taken by {ports.listener(8000)}: `run` takes the next free one",
        only_a_note=True,
    )


def git() -> list[Finding]:
    """Whether git reads this clone. It doesn't if the files belong to another user, as after `sudo
    git clone` or on a mounted drive; then `reset` has no published starter to bring back."""
    if not (ROOT / ".git").exists():
        return []
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", "HEAD"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:
        return []  # no git, and none is needed
    if "safe.directory" not in done.stderr:
        return []
    return [
        Finding(
            "git does not read this clone, which belongs to another user: `reset` may not find "
            "the published starters",
            f'Type: git config --global --add safe.directory "{ROOT}"',
            only_a_note=True,
        )
    ]


def redis() -> Finding:
    try:
        found = redis_server.start()
    except redis_server.RedisError as error:
        return Finding("no Redis is available", str(error))
    whose = (
        "started by the workshop"
        if found.ours
        else "which the workshop did not start and leaves alone"
    )
    if found.name == redis_server.POCKET:
        whose += " (in Python: for a workshop, not for production)"
    return Finding(f"{found.name} {found.version} answers at {found.place}, {whose}")


async def chat() -> list[Finding]:
    """Sends a message to the finished chat, receives it, is quiet for 8 s, and does it again."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    from .checking.failures import NotListening
    from .checking.processes.server import Server

    server = Server(finished_chat().solution)
    origin = f"http://{server.address}"  # browsers send it, and the solution requires it
    room = f"ws://{server.address}/ws/chat/doctor{os.getpid()}/"
    findings = []
    try:
        await server.starts()
        async with connect(room, origin=origin, proxy=None) as socket:
            await _say_and_hear(socket, "hello")
            findings.append(Finding("a message went over a WebSocket and Redis, and came back"))
            try:
                await asyncio.wait_for(socket.recv(), QUIET)
            except TimeoutError:
                await _say_and_hear(socket, "still there?")
            findings.append(Finding(f"a WebSocket that was quiet for {QUIET} s stayed open"))
    except (NotListening, OSError, WebSocketException) as error:
        tried = (
            f"a WebSocket that was quiet for {QUIET} s" if findings else "a chat over a WebSocket"
        )
        findings.append(Finding(f"{tried} failed: {error or type(error).__name__}", _last(server)))
    finally:
        server.stop()
    return findings


async def _say_and_hear(socket, words: str) -> None:
    """Raises TimeoutError (an OSError) when it does not come back."""
    await socket.send(json.dumps({"message": words}))
    await asyncio.wait_for(socket.recv(), ANSWER_LIMIT)


def _last(server) -> str:
    """The end of what the server wrote: the likely reason."""
    lines = server.log.text.strip().splitlines()[-5:]
    return "\n    ".join(["The server's last output:", *lines])
