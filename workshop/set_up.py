"""Makes `.venv` and installs requirements.txt into it: all of it or, when that fails, nothing.

With uv, which takes a third of pip's time: the one on the PATH, else one that pip installs in the
new environment. With pip alone where uv is not available or fails for a reason of its own.

Imports only the standard library: this runs before anything is installed.
"""

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time

from . import environment
from .environment import ROOT, VENV

STATE = ROOT / ".workshop"
BEFORE = STATE / "venv-before"  # the last good environment, while a new one is made
NOT_UPDATED = "WORKSHOP_NOT_UPDATED"  # set when an update failed, so that it is not tried again
PIP = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "2")
MEGABYTES = 700  # what the packages take on the disk, with some room
# Characters of the longest path below .venv, one of JupyterLab's, and of any path on Windows:
# https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
LONGEST, WINDOWS_TAKES = 161, 259
AGAIN = f"Then type again: {environment.COMMAND}"

# What installers say when it is not their own fault, with what to tell people. uv and pip word
# these differently, and so do their versions: so only the stable core of each is looked for.
DISK_FULL = (
    r"No space left on device|os error 28\b|Disk quota exceeded|os error 122\b"
    r"|WinError 112\b|(?<!Host is down \()os error 112\b"  # Windows, in any language
)
IN_USE = r"(?:WinError|os error) (?:5|32|183)\b"  # Windows: denied, shared, there already
NO_NETWORK = (
    r"dns error|failed to lookup address|name resolution|getaddrinfo failed|nodename nor servname"
    r"|tcp connect error|Connection refused|Network is unreachable|No route to host"
    r"|Failed to establish a new connection|timed out|ProxyError|error sending request"
    r"|network connectivity is disabled"
)
NO_SUCH_PACKAGE = (
    r"No matching distribution found for ([^\s(]+)"
    r"|Because ([\w.-]+) was not found in the"
    r"|Because there (?:is|are) no versions? of ([\w.-]+)"
    r"|Because only (?:the following versions of )?([\w.-]+)"
)
NO_VENV = r"ensurepip|No module named '?venv"
NO_WHEEL = (
    r"Failed to build `?([\w.=-]+)|Failed building wheel for ([\w.-]+)"
    r"|Because (?:all versions of |only )?([\w.-]+)[^,]*? ha(?:s|ve) no (?:usable )?wheels"
)
ASKED_FOR = r"/simple/([\w.-]+)/|requirement ([\w.-]+)[^(\n]* \(from versions: none\)"


class SetUpError(Exception):
    """The environment could not be made. The message says which package and what to try."""


def set_up() -> None:
    """Makes the environment anew. On failure, the previous one, if any, is restored."""
    _raise_if_too_deep()
    started = time.monotonic()
    print("Setting up the workshop: installing its packages in .venv. This takes a minute, once.")
    sys.stdout.flush()
    try:
        with _alone():
            if not environment.is_current():
                _replace()
    except OSError as error:
        raise SetUpError(_explain(str(error))) from error
    print(f"Set up in {time.monotonic() - started:.0f} seconds.\n")
    sys.stdout.flush()


def update() -> None:
    """Makes the environment anew because requirements.txt or its place changed; keeps it if not."""
    print("The workshop's requirements or its location have changed since it was set up.")
    try:
        set_up()
    except SetUpError as error:
        os.environ[NOT_UPDATED] = "1"
        why = environment.typed(str(error))
        print(f"{why}\nContinuing with the packages from before.\n", file=sys.stderr)


@contextlib.contextmanager
def _alone():
    """Waits until no other terminal is setting up here. The lock dies with its process."""
    STATE.mkdir(exist_ok=True)
    with open(STATE / "set-up.lock", "ab") as lock:
        if os.name == "nt":
            import msvcrt

            # Ten tries, a second apart, raise an OSError; a set-up takes longer.
            while not _succeeds(msvcrt.locking, lock.fileno(), msvcrt.LK_LOCK, 1):
                pass
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _succeeds(function, *arguments) -> bool:
    try:
        function(*arguments)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EDEADLK):  # of another kind
            raise
        return False
    return True


def _raise_if_too_deep() -> None:
    """Raises SetUpError where Windows would refuse the longest names, in the middle of it all."""
    room = WINDOWS_TAKES - LONGEST - len("\\.venv\\")
    if os.name == "nt" and len(str(ROOT)) > room and not _has_long_paths():
        raise SetUpError(
            f"This folder is too deep for the packages: its path has {len(str(ROOT))} characters, "
            f"and Windows takes them where it has at most {room}. Move the folder, to C:\\workshop "
            "for example, or enable long paths: "
            "https://docs.python.org/3/using/windows.html#removing-the-max-path-limitation. "
            f"{AGAIN}"
        )


def _has_long_paths() -> bool:
    import winreg

    place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
        return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    return False


def _replace() -> None:
    _put_aside()
    try:
        _make()
    except BaseException:  # Ctrl-C too
        _put_back()
        raise
    shutil.rmtree(BEFORE, ignore_errors=True)


def _put_aside() -> None:
    """Clears the way. An environment that still works is kept until there is a better one."""
    if BEFORE.exists() and not environment.is_usable():  # interrupted while it was set aside
        _put_back()
    if environment.is_usable():
        shutil.rmtree(BEFORE, ignore_errors=True)
        VENV.rename(BEFORE)
    elif VENV.exists():
        shutil.rmtree(VENV)


def _put_back() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    if BEFORE.exists():
        BEFORE.rename(VENV)


def _make() -> None:
    uv = shutil.which("uv")
    python = str(environment.python())
    # uv doesn't need pip in there, which saves seconds, nor Debian's python3-venv.
    options = ["--without-pip"] if uv else []
    code, output = _say_and_run([sys.executable, "-m", "venv", *options, str(VENV)])
    if code:
        raise SetUpError(_explain(output))
    if not uv:
        code, output = _say_and_run([python, *PIP, "uv"])
        _raise_if_hopeless(code, output)
        uv = str(environment.python().with_name("uv.exe" if os.name == "nt" else "uv"))
    requirements = ["-r", str(ROOT / "requirements.txt")]
    # Compiled now, as pip does: a server under check writes no bytecode, and would read the sources
    # of Django and Twisted anew at every start.
    install = ["pip", "install", "--compile-bytecode", "--python", python]
    code, output = _say_and_run([uv, *install, *requirements])
    _raise_if_hopeless(code, output)
    if code:
        print("uv failed, so pip installs them. This takes about a minute.")
        sys.stdout.flush()
        code, output = _say_and_run([python, "-m", "ensurepip"], quiet=True)
        if code:
            raise SetUpError(_explain(output))
        code, output = _say_and_run([python, *PIP, *requirements])
    if code:
        raise SetUpError(_explain(output))
    environment.STAMP.write_text(environment.stamp(), encoding="utf-8")


def _say_and_run(command: list[str], quiet: bool = False) -> tuple[int, str]:
    """Runs an installer, passing on its output. Returns its exit code and all of its output."""
    said = []
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,  # it must not ask anything
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:  # no such program, or not one for this machine
        return 127, str(error)
    with process:
        for line in process.stdout:
            said.append(line)
            if not quiet and line.startswith(("Resolved", "Downloading", "Prepared", "Installed")):
                print(f"  {line.rstrip()}", flush=True)
    return process.returncode, "".join(said)


def _raise_if_hopeless(code: int, output: str) -> None:
    """Raises SetUpError for a failure that another installer would have too."""
    if code and re.search(f"{DISK_FULL}|{NO_NETWORK}|{NO_SUCH_PACKAGE}", output, re.IGNORECASE):
        raise SetUpError(_explain(output))


def _explain(output: str) -> str:
    """What went wrong, as far as the installer's output says, and what to do about it."""
    asked = re.search(ASKED_FOR, output)
    during = f" to get {asked[1] or asked[2]}" if asked else ""
    if re.search(DISK_FULL, output, re.IGNORECASE):
        return f"The disk is full. The packages need about {MEGABYTES} MB: free some space. {AGAIN}"
    if re.search(NO_NETWORK, output, re.IGNORECASE):
        return (
            f"The package index could not be reached{during}. Check whether this machine is "
            f"online, and whether it needs a proxy (the variable HTTPS_PROXY). {AGAIN}"
        )
    if os.name == "nt" and re.search(IN_USE, output):
        return (
            "The folder .venv is in use. Stop what runs in it, with: "
            f"{environment.COMMAND} stop, and close the editors and notebooks that use it. In a "
            f"terminal in which it is activated, type: deactivate. {AGAIN}"
        )
    if unbuilt := re.search(NO_WHEEL, output):
        name = next(filter(None, unbuilt.groups()))
        return (
            f"There is no wheel of {name} for this machine and Python {sys.version.split()[0]}, "
            f"and it could not be built. {_where_wheels_are()} {AGAIN}"
        )
    if missing := re.search(NO_SUCH_PACKAGE, output):
        name = next(filter(None, missing.groups()))
        return (
            f"The package index has no {name} that fits requirements.txt and this Python "
            f"({sys.version.split()[0]}). Check its line in requirements.txt, or try another "
            f"Python between 3.11 and 3.14. {AGAIN}"
        )
    if re.search(NO_VENV, output):
        return (
            f"This Python ({sys.executable}) cannot make a virtual environment with pip in it. On "
            f"Debian and Ubuntu: sudo apt install python3-venv. {AGAIN}"
        )
    last = "\n".join(f"  {line}" for line in output.strip().splitlines()[-8:])
    return f"The packages could not be installed. The installer's last lines:\n{last}\n{AGAIN}"


def _where_wheels_are() -> str:
    """What to do where a package has none for this system and this Python."""
    if "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):  # Alpine
        return (
            "Some packages have none for systems with musl, such as Alpine: use the dev container "
            "(.devcontainer/), or a system with glibc, such as Debian."
        )
    if sysconfig.get_platform() == "win-arm64" and sys.version_info < (3, 12):
        return "For Windows on Arm, packages have them from Python 3.12 on: install a newer Python."
    return "Try another Python between 3.11 and 3.14."
