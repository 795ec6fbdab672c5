"""What the words of a command say: integers, scores, ranges, patterns. Each raises Error for a word
that says nothing of the kind."""

import functools
import math
import re
from collections.abc import Sequence

from .protocol import Error

INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}")
FLOAT = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?inf(inity)?", re.I)


def syntax_error() -> Error:
    return Error("syntax error")


def integer(word: bytes, complaint: str = "value is not an integer or out of range") -> int:
    if INTEGER.fullmatch(word) and -(2**63) <= int(word) < 2**63:
        return int(word)
    raise Error(complaint)


def floating(word: bytes, complaint: str = "value is not a valid float") -> float:
    if FLOAT.fullmatch(word):
        value = float(word)
        if b"inf" in word.lower() or not math.isinf(value):  # 1e400 is too large
            return value
    raise Error(complaint)


def timeout(word: bytes) -> float:
    """Seconds to wait; 0 is forever."""
    seconds = floating(word, "timeout is not a float or out of range")
    if seconds < 0:
        raise Error("timeout is negative")
    if seconds * 1000 > 2**63:
        raise Error("timeout is out of range")
    return seconds


def bounds(low: bytes, high: bytes):
    """A function from a score to whether it is between the two, of which each belongs to the range,
    or doesn't if it begins with "("."""

    def bound(word: bytes) -> tuple[float, bool]:
        complaint = "min or max is not a float"
        return floating(word.removeprefix(b"("), complaint), word.startswith(b"(")

    (least, above), (most, below) = bound(low), bound(high)
    return lambda score: (
        (score > least if above else score >= least) and (score < most if below else score <= most)
    )


def section(values: Sequence, first: int, last: int) -> Sequence:
    """The values from one index to another, both included, counted from the end if negative."""
    first = max(first + len(values), 0) if first < 0 else first
    last = last + len(values) if last < 0 else last
    return values[first : last + 1] if last >= first else values[:0]


def pairs(words: Sequence) -> list[tuple]:
    return list(zip(words[::2], words[1::2], strict=True))


@functools.lru_cache(256)
def pattern(glob: bytes):
    """A function from a name to whether it matches a pattern: * ? [abc] [^a-z], \\ before what is
    meant literally."""
    matches = re.compile(b"".join(_expressions(glob)), re.DOTALL).fullmatch
    return lambda name: matches(name) is not None


def _expressions(glob: bytes):
    at = 0
    while at < len(glob):
        char = glob[at : at + 1]
        at += 1
        if char == b"*":
            yield b".*"
        elif char == b"?":
            yield b"."
        elif char == b"[":
            inverted = glob[at : at + 1] == b"^"
            expression, at = _one_of(glob, at + inverted)
            yield b"(?%s%s)." % (b"!" if inverted else b"=", expression)
        else:
            if char == b"\\" and at < len(glob):
                char = glob[at : at + 1]
                at += 1
            yield re.escape(char)


def _one_of(glob: bytes, at: int) -> tuple[bytes, int]:
    """What stands between [ and ], as alternatives, and where it ends."""
    choices = []
    while at < len(glob) and glob[at : at + 1] != b"]":
        if glob[at : at + 1] == b"\\" and at + 1 < len(glob):
            at += 1
        elif glob[at + 1 : at + 2] == b"-" and at + 2 < len(glob):
            first, last = sorted((glob[at : at + 1], glob[at + 2 : at + 3]))
            choices.append(b"[%s-%s]" % (re.escape(first), re.escape(last)))
            at += 3
            continue
        choices.append(re.escape(glob[at : at + 1]))
        at += 1
    return b"|".join(choices) or b"(?!)", at + 1
