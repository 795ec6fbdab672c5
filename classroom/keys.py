"""What proves who somebody is: the room's code, the board's token, and the key that signs cookies.

Made new for each classroom, and kept under .workshop/classroom/ in a file that only its owner can
read.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.core.signing import BadSignature, Signer

# Neither 0 and O nor 1, I and L: it is read from a screen and typed on a phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Keys:
    secret_key: str
    code: str  # lets attendees in
    token: str  # opens the board


def read_or_make(folder: Path) -> Keys:
    file = folder / "keys.json"
    if file.exists():
        return Keys(**json.loads(file.read_text(encoding="utf-8")))
    keys = Keys(secrets.token_urlsafe(50), typed_code(6), secrets.token_urlsafe(24))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    # With its mode from the beginning; another process that makes it too would fail here.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        json.dump(asdict(keys), opened)
    return keys


def typed_code(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def is_same(given: str, right: str) -> bool:
    """Compared in constant time, so that how long it takes tells nothing."""
    return secrets.compare_digest(given.encode(), right.encode())


def for_seat(seat_id: int) -> str:
    """What a seat's laptop shows with everything that it sends. It doesn't need to be stored."""
    return Signer(salt="seat").sign(str(seat_id))


def seat_of(key: str) -> int | None:
    """The seat whose key it is. Signer compares in constant time."""
    try:
        return int(Signer(salt="seat").unsign(key))
    except (BadSignature, ValueError):
        return None
