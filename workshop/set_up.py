"""Makes `.venv` and installs groups of requirements.txt into it: all or, when that fails, none.

With uv, which takes a third of pip's time: the one on the PATH, else one that is taken out of its
wheel. With pip alone where uv is not available or fails for a reason of its own. From a kit
(kit.py), nothing but the kit is asked.

Imports only the standard library: this runs before anything is installed.
"""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from zipfile import BadZipFile

from . import environment, from_kit, groups, uv_wheel
from .environment import ROOT, VENV
from .from_kit import Kit, KitError
from .groups import LEAN, PINS
from .progress_line import ProgressLine
from .set_up_failures import (
    AGAIN,
    explain,
    is_hopeless,
    is_lacking,
    is_passing,
    is_without_wheel,
    silence_limit,
)

STATE = ROOT / ".workshop"
BEFORE = STATE / "venv-before"  # the last good environment, while a new one is made
NOT_UPDATED = "WORKSHOP_NOT_UPDATED"  # set when an update failed, so that it is not tried again
PIP = ("-m", "pip", "install", "--prefer-binary")
NOT_NEARBY = ("http_proxy", "https_proxy", "all_proxy", "uv_offline")
SAID = ("Resolved", "Downloading", "Prepared", "Installed")  # how the lines begin that are shown
# Characters of the longest path below .venv, one of JupyterLab's, and of any path on Windows:
# https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
LONGEST, WINDOWS_TAKES = 161, 259


class SetUpError(Exception):
    """The environment could not be made. The message says which package and what to try."""


def set_up(wanted: tuple[str, ...] = (), where: str | None = None) -> None:
    """Makes the environment anew, with the groups that are wanted and those it had, from the kit at
    `where` if one is given. On failure, the previous environment, if any, is restored."""
    _raise_if_too_deep()
    started = time.monotonic()
    source = Kit(where) if where else from_kit.remembered()
    whence = f" from {source.where}" if source else ""
    print(f"Setting up the workshop: installing its packages in .venv{whence}. Once for all.")
    sys.stdout.flush()
    wanted = _with_those_there(wanted)
    with _explained(wanted), _alone():
        if not environment.is_current() or set(wanted) - set(environment.stamped_groups()):
            _fall_back(lambda source: _replace(wanted, source), source, given=bool(where))
    print(f"Set up in {time.monotonic() - started:.0f} seconds.\n")
    sys.stdout.flush()


def update(wanted: tuple[str, ...] = (), where: str | None = None) -> None:
    """Makes the environment anew because requirements.txt or its place changed; keeps it if not."""
    print("The workshop's requirements or its location have changed since it was set up.")
    try:
        set_up(wanted, where)
    except SetUpError as error:
        os.environ[NOT_UPDATED] = "1"
        why = environment.typed(str(error))
        print(f"{why}\nContinuing with the packages from before.\n", file=sys.stderr)


def add(wanted: list[str], command: str, where: str | None = None) -> None:
    """Installs groups beside what is there, because a command needs them. Raises SetUpError."""
    typed = f"{environment.COMMAND} {command}"
    if not environment.is_inside():
        raise SetUpError(
            f"{typed} needs packages that this environment lacks, and the workshop did not make "
            f"it. Type: {sys.executable} -m pip install -r requirements.txt"
        )
    print(environment.typed(f"{typed} needs packages of its own ({_listed(wanted)}), once."))
    sys.stdout.flush()
    source = Kit(where) if where else from_kit.remembered()
    try:
        with _explained(wanted), _alone():
            _fall_back(lambda source: _install(wanted, source), source, given=bool(where))
            _stamp(_with_those_there(wanted))
    except SetUpError as error:
        told = str(error).replace(AGAIN, f"{AGAIN} {command}")
        raise SetUpError(
            f"{told}\nUntil then, everything else works: the steps, their checks and hints, run, "
            "look and diff."
        ) from error


def _listed(wanted: list[str]) -> str:
    return ", ".join(name for group in wanted for name in groups.names(group))


def _with_those_there(wanted) -> list[str]:
    """The groups that an environment is to have, in the order of requirements.txt."""
    every = {LEAN, *wanted, *environment.stamped_groups()}
    return [group for group in groups.requirements() if group in every]


@contextlib.contextmanager
def _explained(wanted: Iterable[str]):
    try:
        yield
    except OSError as error:
        raise SetUpError(explain(str(error), wanted)) from error


def _fall_back(install, source: Kit | None, given: bool) -> None:
    """Calls `install` with the kit and, where that cannot be used, without one. Where a kit was
    given, nothing else is asked."""
    try:
        install(source)
    except KitError as error:
        if given:
            raise SetUpError(f"{error} {from_kit.instead(source.where)}") from error
        print(f"{error}\nThe package index is asked instead.", flush=True)
        install(None)
    else:
        if source:
            source.remember()


def remember(where: str) -> None:
    """Takes what is asked for later from the kit. Raises SetUpError if there is none."""
    source = Kit(where)
    try:
        source.wheels()
    except KitError as error:
        raise SetUpError(f"{error} {from_kit.instead(where)}") from error
    source.remember()


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


def _replace(wanted: list[str], source: Kit | None) -> None:
    foreign = _keep_foreign()
    _put_aside()
    try:
        _make(wanted, source)
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


def _make(wanted: list[str], source: Kit | None) -> None:
    VENV.mkdir()
    environment.BEGUN.touch()
    # Without pip, whose installation takes longer than that of the packages.
    make = [sys.executable, "-m", "venv", "--without-pip", str(VENV)]
    code, output = _say_and_run(make, "Making .venv")
    if code:
        raise SetUpError(explain(output, wanted))
    _install(wanted, source)
    _stamp(wanted)


def _stamp(installed: list[str]) -> None:
    environment.STAMP.write_text(environment.stamp(installed), encoding="utf-8")


def _install(wanted: list[str], source: Kit | None) -> None:
    """Installs groups into the environment. Raises SetUpError, or KitError where the kit is to
    blame."""
    if source:
        _install_from(source, wanted)
    else:
        _install_from_index(wanted)
    _compile_meanwhile()


def _install_from(source: Kit, wanted: list[str]) -> None:
    with ProgressLine("Asking the kit"):
        source.wheels()
        uv = _uv_at_hand()
        if not uv:
            try:
                uv_wheel.unpack(source.uv(), environment.uv())
            except uv_wheel.NotPinned:
                raise KitError(from_kit.changed_file("uv", source.where)) from None
            uv = str(environment.uv())
    command = [uv, "pip", "install", "--python", str(environment.python()), "--no-config"]
    command += ["--no-index", "--find-links", source.links, "--no-deps", "--no-build"]
    command += ["--require-hashes"]
    for group in wanted:
        command += ["-r", str(PINS / f"{group}.txt")]
    code, output = _say_and_run(command, "Getting the packages from the kit", nearby=True)
    if code:
        if why := source.explain(output):
            raise KitError(why)
        raise SetUpError(explain(output, wanted))


def _install_from_index(wanted: list[str]) -> None:
    python = str(environment.python())
    uv = _uv_at_hand() or _uv_from_index(wanted)
    if not uv:
        _bring_pip(wanted)
        code, output = _say_and_run([python, *PIP, "uv"], "Getting uv, which installs the rest")
        if code and is_hopeless(output):  # an index without uv has perhaps what pip asks for
            raise SetUpError(explain(output, wanted))
        uv = str(environment.uv())
    every = groups.requirements()
    asked = [requirement for group in wanted for requirement in every[group]]
    install = [uv, "pip", "install", "--python", python]
    # An older version that has a wheel beats a newer one that needs a compiler.
    wheels = [*install, "--only-binary", ":all:", *asked]
    code, output = _say_and_run(wheels, "Getting the packages")
    if code and is_without_wheel(output):
        code, output = _say_and_run([*install, *asked], "Compiling what has no wheel")
    if code and (is_hopeless(output) or is_lacking(output)):
        raise SetUpError(explain(output, wanted))
    if code:
        print("uv failed, so pip installs them. This takes about a minute.")
        sys.stdout.flush()
        _bring_pip(wanted)
        code, output = _say_and_run([python, *PIP, *asked], "Getting the packages")
    if code:
        raise SetUpError(explain(output, wanted))


def _uv_at_hand() -> str | None:
    """The uv on the PATH, or the one that an earlier set-up got."""
    before = BEFORE / environment.uv().relative_to(VENV)
    if before.is_file() and not environment.uv().is_file():
        shutil.copy2(before, environment.uv())
    return shutil.which("uv") or (str(environment.uv()) if environment.uv().is_file() else None)


def _uv_from_index(wanted: list[str]) -> str | None:
    """A uv that is taken out of its wheel; None where pip may do better, which knows more about
    proxies, certificates and indexes. Raises SetUpError where it would not."""
    if os.environ.get("PIP_NO_INDEX"):
        return None
    try:
        with ProgressLine("Getting uv, which installs the rest"):
            uv_wheel.unpack(uv_wheel.from_index(), environment.uv())
    except (OSError, ValueError, uv_wheel.NotPinned, HTTPException, BadZipFile) as error:
        if is_hopeless(str(error)):
            raise SetUpError(explain(str(error), wanted)) from error
        return None
    return str(environment.uv())


def _bring_pip(wanted: list[str]) -> None:
    command = [str(environment.python()), "-m", "ensurepip"]
    code, output = _say_and_run(command, "Getting pip ready", quiet=True)
    if code:
        raise SetUpError(explain(output, wanted))


def _compile_meanwhile() -> None:
    """Compiles the packages to bytecode while the attendee reads on.

    A server under check writes no bytecode, and would read the sources of Django and Twisted anew
    at every start. What runs before this is done is compiled by whoever imports it, as always.
    """
    packages = subprocess.run(
        [environment.python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout.strip()
    # Not by the interpreter in .venv: on Windows that would keep the folder from being renamed.
    code = "import compileall, os, sys; getattr(os, 'nice', lambda by: None)(10); "
    code += "compileall.compile_dir(sys.argv[1], quiet=2, workers=0)"
    apart = {"start_new_session": True}  # Ctrl-C is not for it
    if os.name == "nt":
        apart = {"creationflags": subprocess.DETACHED_PROCESS}
    with contextlib.suppress(OSError):
        subprocess.Popen(
            [sys._base_executable, "-I", "-S", "-c", code, packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **apart,
        ).returncode = 0  # it is not waited for: no warning that it still runs


def _say_and_run(
    command: list[str], doing: str, quiet: bool = False, nearby: bool = False
) -> tuple[int, str]:
    """Runs an installer, passing on its output, and once more if only the transfer broke off.
    Returns its exit code and all of its output."""
    code, output = _run(command, doing, quiet, nearby)
    if code and is_passing(output):
        code, output = _run(command, f"{doing}, once more", quiet, nearby)
    return code, output


def _run(command: list[str], doing: str, quiet: bool, nearby: bool) -> tuple[int, str]:
    said = []
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_variables(nearby),
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
            if line.startswith("Installing collected packages"):  # by pip, as slow
                progress.doing = "Installing them"
            if line.startswith("Collecting "):  # pip's word; uv has none that is as good
                progress.doing = f"{doing}: {line.split()[1]}"
    return process.returncode, "".join(said)


def _variables(nearby: bool) -> dict[str, str]:
    """For the installers: their words as we know them, and the certificates and the patience that
    both are to have. The attendee's own choices count, but for what keeps them from a kit: a proxy,
    which leads out of the room, and staying offline, which they are."""
    limit = f"{silence_limit():g}"
    ours = {"UV_HTTP_TIMEOUT": limit, "UV_HTTP_RETRIES": "0", "UV_SYSTEM_CERTS": "1"}
    # pip says why it could not fetch something when it tries again, and only then.
    ours |= {"PIP_DEFAULT_TIMEOUT": limit, "PIP_RETRIES": "1"}
    ours |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if "SSL_CERT_FILE" in os.environ:  # uv and Python know it, pip has its own name for it
        ours["PIP_CERT"] = os.environ["SSL_CERT_FILE"]
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not (nearby and name.lower() in NOT_NEARBY)
    }
    return {**ours, **theirs, "NO_COLOR": "1", "PYTHONUTF8": "1"}
