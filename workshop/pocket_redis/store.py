"""What is stored: sixteen databases of keys and values, of which some expire.

A string is `bytes`, a list a `list`, a hash a `dict`, a set a `set`, and a sorted set a SortedSet.
An empty value has no key.
"""

import bisect
import time
from collections.abc import Iterator

from .protocol import Error

DATABASES = 16


class SortedSet:
    """Members with scores, in the order of the scores, then of the members."""

    def __init__(self):
        self.scores: dict[bytes, float] = {}
        self.pairs: list[tuple[float, bytes]] = []  # the same, in order

    def __len__(self) -> int:
        return len(self.scores)

    def put(self, member: bytes, score: float) -> None:
        self.remove(member)
        self.scores[member] = score
        bisect.insort(self.pairs, (score, member))

    def remove(self, member: bytes) -> bool:
        """Whether it was there."""
        score = self.scores.pop(member, None)
        if score is None:
            return False
        del self.pairs[self.rank(score, member)]
        return True

    def rank(self, score: float, member: bytes) -> int:
        return bisect.bisect_left(self.pairs, (score, member))


NAMES = {bytes: "string", list: "list", dict: "hash", set: "set", SortedSet: "zset"}


class Database:
    def __init__(self):
        self._values: dict[bytes, object] = {}
        self._ends: dict[bytes, float] = {}  # key: the time at which it expires
        self.filled: list[bytes] = []  # keys that got a value, for those who wait for one

    def __len__(self) -> int:
        self.expire()
        return len(self._values)

    def __iter__(self) -> Iterator[bytes]:
        self.expire()
        return iter(list(self._values))

    def __contains__(self, key: bytes) -> bool:
        self._expire(key)
        return key in self._values

    def get(self, key: bytes, kind: type):
        """The value; None if there is none. Raises Error if it is of another kind."""
        if key not in self:
            return None
        value = self._values[key]
        if not isinstance(value, kind):
            complaint = "Operation against a key holding the wrong kind of value"
            raise Error(complaint, code="WRONGTYPE")
        return value

    def make(self, key: bytes, kind: type):
        """The value, empty if it is new: it must be filled, or tidied()."""
        value = self.get(key, kind)
        if value is None:
            value = self._values[key] = kind()
            self.filled.append(key)
        return value

    def tidied(self, key: bytes) -> None:
        """Forget a key whose value is empty."""
        if not self._values.get(key, True):
            self.delete(key)

    def set(self, key: bytes, string: bytes, keep_expiry: bool = False) -> None:
        """Store a string, whatever was there."""
        self._values[key] = string
        if not keep_expiry:
            self._ends.pop(key, None)

    def delete(self, key: bytes) -> bool:
        """Whether it was there."""
        there = key in self
        self._values.pop(key, None)
        self._ends.pop(key, None)
        return there

    def clear(self) -> None:
        self._values.clear()
        self._ends.clear()

    def type(self, key: bytes) -> str:
        return NAMES[type(self._values[key])] if key in self else "none"

    # Expiry

    def end(self, key: bytes) -> float | None:
        """The time at which the key expires; None if never."""
        return self._ends.get(key)

    def expires(self) -> int:
        """How many keys expire."""
        return len(self._ends)

    def expire_at(self, key: bytes, end: float | None) -> None:
        if end is None:
            self._ends.pop(key, None)
        else:
            self._ends[key] = end
            self._expire(key)

    def expire(self) -> None:
        """Forget what has expired."""
        for key in list(self._ends):
            self._expire(key)

    def _expire(self, key: bytes) -> None:
        if (end := self._ends.get(key)) is not None and end <= time.time():
            del self._ends[key], self._values[key]
