"""Downloads wheels. What is there and right stays; what broke off goes on where it ended."""

import contextlib
import hashlib
import shutil
import ssl
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import certifi
import httpx

from ..set_up_failures import silence_limit
from . import KitError
from .choosing import Wheel

TRIES = 3  # of a transfer that breaks off, without a byte in between

At = Callable[[int], None]  # is told how many bytes of a wheel are there


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """Of the wheels in the folder, which are read anew, by name."""
    return {file.name: sha256(file) for file in sorted(folder.glob("*.whl"))}


def lacking(wheels: Iterable[Wheel], there: dict[str, str]) -> list[Wheel]:
    """Those that are not among the digests, or not as they should be, by name."""
    found = [wheel for wheel in wheels if there.get(wheel.name) != wheel.sha256]
    return sorted(found, key=lambda wheel: wheel.name)


@contextlib.contextmanager
def client() -> Iterator[httpx.Client]:
    """Trusts what this machine trusts, SSL_CERT_FILE included, and the authorities of the web."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    with httpx.Client(verify=context, timeout=silence_limit(), follow_redirects=True) as opened:
        yield opened


def fetch(client: httpx.Client, wheel: Wheel, folder: Path, at: At) -> None:
    """Downloads one. Raises KitError if what comes is not what was asked for."""
    part = folder / f"{wheel.name}.part"
    resumed = part.exists()
    _transfer(client, wheel, part, at)
    if resumed and sha256(part) != wheel.sha256:  # its beginning may be of another file
        part.unlink()
        _transfer(client, wheel, part, at)
    if sha256(part) != wheel.sha256:
        part.unlink()
        raise KitError(
            f"{wheel.name} from {urlsplit(wheel.url).netloc or 'the index'} is not the file that "
            "was asked for: its SHA-256 is another one. It was thrown away. Join another network, "
            "or ask whoever keeps the index. Then type the same again."
        )
    part.replace(folder / wheel.name)


def _transfer(client: httpx.Client, wheel: Wheel, part: Path, at: At) -> None:
    if urlsplit(wheel.url).scheme == "file":
        shutil.copyfile(url2pathname(urlsplit(wheel.url).path), part)
        at(_size(part))
        return
    tries = TRIES
    while True:
        before = _size(part)
        try:
            return _receive(client, wheel, part, at)
        except httpx.HTTPStatusError as error:
            told = f"{error.response.status_code} {error.response.reason_phrase}"
            raise KitError(
                f"The index answered {told} to {wheel.url}. Type the same again; if it stays so, "
                "join another network."
            ) from error
        except httpx.HTTPError as error:
            tries = TRIES if _size(part) > before else tries - 1
            if not tries:
                raise KitError(
                    f"The connection broke off at {wheel.name} ({error or type(error).__name__}). "
                    "Nothing is lost: type the same again, and it goes on from there."
                ) from error


def _receive(client: httpx.Client, wheel: Wheel, part: Path, at: At) -> None:
    """One attempt, which begins where the one before ended."""
    there = _size(part)
    headers = {"Accept-Encoding": "identity"}  # the bytes of the file, of which we may have some
    if there:
        headers["Range"] = f"bytes={there}-"
    with client.stream("GET", wheel.url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is there, or more: its digest will tell
        response.raise_for_status()
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        position = there if goes_on else 0
        with part.open("ab" if goes_on else "wb") as file:
            for piece in response.iter_raw():  # as they come: a larger piece could be lost
                position += file.write(piece)
                at(position)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
