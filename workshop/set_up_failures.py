"""What went wrong when the packages could not be installed, and what to do about it.

uv and pip word their failures differently, and so do their versions: only the stable core of each
is looked for. Imports only the standard library, because nothing is installed yet.
"""

import contextlib
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable
from importlib.util import find_spec

from . import environment

SILENCE_LIMIT = 20  # seconds without a byte from the package index, where no other limit is set
# What the groups of requirements.txt take on the disk, compiled, with some room; lean with uv.
MEGABYTES = {"lean": 220, "notebooks": 450, "slides": 25, "scale": 70, "tests": 50}
FULL = 20  # megabytes: with less than this free, whatever failed did so for want of space
AGAIN = f"Then type again: {environment.COMMAND}"

DISK_FULL = (
    r"No space left on device|os error 28\b|Disk quota exceeded|os error 122\b"
    r"|WinError 112\b|(?<!Host is down \()os error 112\b"  # Windows, in any language
)
IN_USE = r"(?:WinError|os error) (?:5|32|183)\b"  # Windows: denied, shared, there already
READ_ONLY = r"Read-only file system|os error 30\b|Permission denied|os error 13\b"
WRONG_TIME = (
    r"certificate expired|certificate not valid yet|certificate has expired"
    r"|certificate is not yet valid"
)
UNKNOWN_AUTHORITY = r"invalid peer certificate|CERTIFICATE_VERIFY_FAILED|certificate verify failed"
# An index that answers with some page of its own: no file of a package that everyone has. That a
# package is missing has other words in uv; in pip it has the same ones.
LOGIN_PAGE = (
    r"Network Authentication Required"
    r"|Because there (?:is|are) no versions? of ([\w.-]+)"
    r"|requirement ([\w.-]+)[^(\n]* \(from versions: none\)"
)
SILENCE = r"timed out"
NO_NETWORK = (
    rf"{SILENCE}|dns error|failed to lookup address|name ?resolution|getaddrinfo failed"
    r"|nodename nor servname|Name or service not known"
    r"|tcp connect error|Connection refused|Network is unreachable"
    r"|No route to host|Failed to establish a new connection|ProxyError|error sending request"
    r"|network connectivity is disabled"
)
BROKE_OFF = (
    r"Connection reset|os error 104\b|IncompleteRead|Connection broken"
    r"|\b50[234] \w*\s?(?:Error|Gateway|Unavailable)"
)
NO_SUCH_PACKAGE = (
    r"Because ([\w.-]+) was not found in the"
    r"|Because only (?:the following versions of )?([\w.-]+)"
    r"|No matching distribution found for ([^\s(]+)"
)
NO_WHEEL = (
    r"Failed to build `?([\w.=-]+)|Failed building wheel for ([\w.-]+)"
    r"|Because (?:all versions of |only )?([\w.-]+)[^,]*? ha(?:s|ve) no (?:usable )?wheels"
)
ASKED_FOR = r"/simple/([\w.-]+)/"


def silence_limit() -> float:
    """The limit for uv, and for what is fetched in its place."""
    with contextlib.suppress(ValueError):  # uv says itself what is wrong with another text
        return float(os.environ.get("UV_HTTP_TIMEOUT") or SILENCE_LIMIT)
    return SILENCE_LIMIT


def is_hopeless(output: str) -> bool:
    """Whether another installer would fail as well."""
    if _says(f"{DISK_FULL}|{WRONG_TIME}", output):
        return True
    # Not a certificate: pip and uv trust different ones.
    return _says(NO_NETWORK, output) and not is_untrusted(output)


def is_lacking(output: str) -> bool:
    """Whether the package index has not got what was asked for."""
    return _says(f"{LOGIN_PAGE}|{NO_SUCH_PACKAGE}", output) and not is_untrusted(output)


def is_without_wheel(output: str) -> bool:
    """Whether some package would have to be compiled."""
    return _says(NO_WHEEL, output)


def is_untrusted(output: str) -> bool:
    return _says(UNKNOWN_AUTHORITY, output)


def is_passing(output: str) -> bool:
    """Whether a transfer broke off, so that trying once more may be enough."""
    return _says(BROKE_OFF, output) and not _says(SILENCE, output)


def explain(output: str, wanted: Iterable[str] = MEGABYTES) -> str:
    """What went wrong with the installation of these groups, as far as the installer's output says,
    and what to do about it."""
    python = sys.version.split()[0]
    if _says(DISK_FULL, output) or shutil.disk_usage(environment.ROOT).free < FULL * 2**20:
        need = sum(map(MEGABYTES.get, wanted))
        return f"The disk is full. The packages need about {need} MB: free some space. {AGAIN}"
    if os.name == "nt" and _says(IN_USE, output):
        return (
            "The folder .venv is in use. Stop what runs in it, with: "
            f"{environment.COMMAND} stop, and close the editors and notebooks that use it. In a "
            f"terminal in which it is activated, type: deactivate. {AGAIN}"
        )
    if _says(READ_ONLY, output):
        place = re.search(r"['`\"]([^'`\"\n]+)['`\"]", output)
        return (
            f"A place that the set-up writes to is read-only for you{_named(place)}. Copy the "
            f"workshop to a folder of your own, and type there: {environment.COMMAND}"
        )
    if _says(WRONG_TIME, output):
        return (
            f"This machine's clock says {time.strftime('%B %d, %Y, %H:%M')}, and at that time the "
            "certificate of the package index is not valid. Set the clock if it is wrong; if it "
            f"is right, join another network. {AGAIN}"
        )
    if is_untrusted(output):
        return (
            "The package index shows a certificate whose issuer this machine does not know, as on "
            "a company's network that reads along. Ask the company for the file with its "
            "certificate (PEM), and name it in the variable SSL_CERT_FILE; or join another "
            f"network. {AGAIN}"
        )
    if _says(SILENCE, output):
        own = re.search(r"read timeout=([\d.]+)", output)  # pip's words; it has a limit of its own
        limit = float(own[1]) if own else silence_limit()
        return (
            f"The package index took the connection{_asked(output)} but sent nothing for "
            f"{limit:g} seconds. Join another network, or try later. {AGAIN}"
        )
    if _says(NO_NETWORK, output):
        return (
            f"The package index could not be reached{_asked(output)}. Check whether this machine "
            f"is online, and whether it needs a proxy (the variable HTTPS_PROXY). {AGAIN}"
        )
    if unbuilt := re.search(NO_WHEEL, output):
        name = next(filter(None, unbuilt.groups()))
        return (
            f"There is no wheel of {name} for this machine and Python {python}, "
            f"and it could not be built. {_where_wheels_are()} {AGAIN}"
        )
    if _says(LOGIN_PAGE, output):
        return (
            "The package index answered with something else than a list of packages. On most "
            "networks that is their login page: open any page in a browser, log in, and see that "
            f"https://pypi.org/simple/django/ shows a list of files. {AGAIN}"
        )
    if missing := re.search(NO_SUCH_PACKAGE, output):
        name = next(filter(None, missing.groups()))
        return (
            f"The package index has no {name} that fits requirements.txt and this Python "
            f"({python}). Check its line in requirements.txt, or try another Python between 3.11 "
            f"and 3.14. {AGAIN}"
        )
    if not find_spec("ensurepip"):
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
    if sysconfig.get_platform() == "win-arm64":
        return (
            "Windows on Arm also runs Python for x86-64, for which every package has one: install "
            "that Python (the installer for 64-bit, not for ARM64)."
        )
    return "Try another Python between 3.11 and 3.14."


def _says(pattern: str, output: str) -> bool:
    return re.search(pattern, output, re.IGNORECASE) is not None


def _asked(output: str) -> str:
    """For which package the index was asked. uv, our installer, is not one of the workshop's."""
    asked = re.search(ASKED_FOR, output)
    return f" to get {asked[1]}" if asked and asked[1] != "uv" else ""


def _named(place: re.Match | None) -> str:
    return f" ({place[1]})" if place else ""
