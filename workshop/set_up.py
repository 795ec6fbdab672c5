"""Makes `.venv` and installs requirements.txt into it: all of it or, when that fails, nothing.

With uv, which takes a third of pip's time: the one on the PATH, else one that pip installs in the
new environment. With pip alone where uv is not available or fails for a reason of its own.

Imports only the standard library: this runs before anything is installed.
"""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from . import environment
from .environment import ROOT, VENV
from .progress_line import ProgressLine
from .set_up_failures import AGAIN, SILENCE_LIMIT, explain, is_hopeless, is_lacking, is_passing

STATE = ROOT / ".workshop"
BEFORE = STATE / "venv-before"  # the last good environment, while a new one is made
NOT_UPDATED = "WORKSHOP_NOT_UPDATED"  # set when an update failed, so that it is not tried again
PIP = ("-m", "pip", "install")
SAID = ("Resolved", "Downloading", "Prepared", "Installed")  # how the lines begin that are shown
# Characters of the longest path below .venv, one of JupyterLab's, and of any path on Windows:
# https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
LONGEST, WINDOWS_TAKES = 161, 259


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
        raise SetUpError(explain(str(error))) from error
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
    foreign = _keep_foreign()
    _put_aside()
    try:
        _make()
    except BaseException:  # Ctrl-C too
        _put_back()
        if foreign:
            foreign.rename(VENV)
        raise
    shutil.rmtree(BEFORE, ignore_errors=True)


def _keep_foreign() -> Path | None:
    """Moves a `.venv` that is not of our making out of the way, says so, and returns where it is
    now; None if there is none."""
    if not os.path.lexists(VENV) or environment.is_ours():
        return None
    number, kept = 1, ROOT / ".venv-before"
    while os.path.lexists(kept):
        number, kept = number + 1, ROOT / f".venv-before-{number + 1}"
    print(
        f"There is already a .venv, made by {environment.maker()}. The workshop needs one of its "
        f"own there: the other is kept as {kept.name}.",
        flush=True,
    )
    VENV.rename(kept)
    return kept


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
    VENV.mkdir()
    environment.BEGUN.touch()
    code, output = _say_and_run([sys.executable, "-m", "venv", *options, str(VENV)], "Making .venv")
    if code:
        raise SetUpError(explain(output))
    if not uv:
        code, output = _say_and_run([python, *PIP, "uv"], "Getting uv, which installs the rest")
        if code and is_hopeless(output):  # an index without uv has perhaps what pip asks for
            raise SetUpError(explain(output))
        uv = str(environment.python().with_name("uv.exe" if os.name == "nt" else "uv"))
    requirements = ["-r", str(ROOT / "requirements.txt")]
    # Compiled now, as pip does: a server under check writes no bytecode, and would read the sources
    # of Django and Twisted anew at every start.
    install = ["pip", "install", "--compile-bytecode", "--python", python]
    code, output = _say_and_run([uv, *install, *requirements], "Getting the packages")
    if code and (is_hopeless(output) or is_lacking(output)):
        raise SetUpError(explain(output))
    if code:
        print("uv failed, so pip installs them. This takes about a minute.")
        sys.stdout.flush()
        code, output = _say_and_run([python, "-m", "ensurepip"], "Making ready", quiet=True)
        if code:
            raise SetUpError(explain(output))
        code, output = _say_and_run([python, *PIP, *requirements], "Getting the packages")
    if code:
        raise SetUpError(explain(output))
    environment.STAMP.write_text(environment.stamp(), encoding="utf-8")


def _say_and_run(command: list[str], doing: str, quiet: bool = False) -> tuple[int, str]:
    """Runs an installer, passing on its output, and once more if only the transfer broke off.
    Returns its exit code and all of its output."""
    code, output = _run(command, doing, quiet)
    if code and is_passing(output):
        code, output = _run(command, f"{doing}, once more", quiet)
    return code, output


def _run(command: list[str], doing: str, quiet: bool) -> tuple[int, str]:
    said = []
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_variables(),
            stdin=subprocess.DEVNULL,  # it must not ask anything
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:  # no such program, or not one for this machine
        return 127, str(error)
    with process, ProgressLine(doing) as progress:
        for line in process.stdout:
            said.append(line)
            if not quiet and line.startswith(SAID):
                progress.say(f"  {line.rstrip()}")
            if line.startswith("Installed "):  # by uv, which now does what takes longest
                progress.doing = "Compiling them to bytecode"
            if line.startswith("Installing collected packages"):  # by pip, as slow
                progress.doing = "Installing them"
            if line.startswith("Collecting "):  # pip's word; uv has none that is as good
                progress.doing = f"{doing}: {line.split()[1]}"
    return process.returncode, "".join(said)


def _variables() -> dict[str, str]:
    """For the installers: their words as we know them, and the certificates and the patience that
    both are to have. The attendee's own choices count."""
    ours = {"UV_HTTP_TIMEOUT": str(SILENCE_LIMIT), "UV_HTTP_RETRIES": "0", "UV_SYSTEM_CERTS": "1"}
    # pip says why it could not fetch something when it tries again, and only then.
    ours |= {"PIP_DEFAULT_TIMEOUT": str(SILENCE_LIMIT), "PIP_RETRIES": "1"}
    ours |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if "SSL_CERT_FILE" in os.environ:  # uv and Python know it, pip has its own name for it
        ours["PIP_CERT"] = os.environ["SSL_CERT_FILE"]
    return {**ours, **os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
