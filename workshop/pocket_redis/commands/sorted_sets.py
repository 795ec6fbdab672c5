"""Commands for sorted sets. channels_redis keeps groups in them, and the messages that wait."""

import math

from ..arguments import bounds, floating, integer, pairs, section, syntax_error, timeout
from ..client import Client
from ..protocol import NO_ARRAY, Error, Pairs
from ..registry import command
from ..store import Database, SortedSet

EMPTY = SortedSet()
OPTIONS = (b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR")


def _get(client: Client, key: bytes) -> SortedSet:
    return client.database.get(key, SortedSet) or EMPTY


@command("ZADD", 3, ...)
def add(client: Client, key: bytes, *words: bytes):
    words, wanted = list(words), set()
    while words and words[0].upper() in OPTIONS:
        wanted.add(words.pop(0).upper())
    if not words or len(words) % 2:
        raise syntax_error()
    if {b"NX", b"XX"} <= wanted:
        raise Error("XX and NX options at the same time are not compatible")
    if len(wanted & {b"NX", b"GT", b"LT"}) > 1:
        raise Error("GT, LT, and/or NX options at the same time are not compatible")
    increments = b"INCR" in wanted
    if increments and len(words) > 2:
        raise Error("INCR option supports a single increment-element pair")
    given = [(floating(score), member) for score, member in pairs(words)]
    return _put(client, key, given, wanted)


def _put(client: Client, key: bytes, given: list, wanted: set):
    """Put members with scores into the set. Returns how many are new (with CH: or changed); with
    INCR the score, None if it was left as it was."""
    increments = b"INCR" in wanted
    ordered = client.database.make(key, SortedSet)
    added = changed = 0
    score = None
    try:
        for score, member in given:
            before = ordered.scores.get(member)
            if increments and before is not None:
                score += before
                if math.isnan(score):
                    raise Error("resulting score is not a number (NaN)")
            if before is None and b"XX" not in wanted:
                added += 1
            elif (
                before is None
                or b"NX" in wanted
                or (b"GT" in wanted and score <= before)
                or (b"LT" in wanted and score >= before)
            ):
                score = None
                continue
            changed += before != score
            ordered.put(member, score)
    finally:
        client.database.tidied(key)
    if increments:
        return score
    return changed if b"CH" in wanted else added


@command("ZINCRBY", 3)
def increment(client: Client, key: bytes, amount: bytes, member: bytes):
    return _put(client, key, [(floating(amount), member)], {b"INCR"})


@command("ZREM", 2, ...)
def remove(client: Client, key: bytes, *members: bytes):
    return _remove(client, key, members)


def _remove(client: Client, key: bytes, members) -> int:
    ordered = _get(client, key)
    removed = sum(ordered.remove(member) for member in members)
    client.database.tidied(key)
    return removed


@command("ZREMRANGEBYSCORE", 3)
def remove_by_score(client: Client, key: bytes, low: bytes, high: bytes):
    within = bounds(low, high)
    return _remove(client, key, [m for score, m in list(_get(client, key).pairs) if within(score)])


@command("ZREMRANGEBYRANK", 3)
def remove_by_rank(client: Client, key: bytes, first: bytes, last: bytes):
    first, last = integer(first), integer(last)
    return _remove(client, key, [m for _, m in section(_get(client, key).pairs, first, last)])


@command("ZCARD", 1)
def size(client: Client, key: bytes):
    return len(_get(client, key))


@command("ZCOUNT", 3)
def count(client: Client, key: bytes, low: bytes, high: bytes):
    within = bounds(low, high)
    return sum(within(score) for score, _ in _get(client, key).pairs)


@command("ZSCORE", 2)
def score_of(client: Client, key: bytes, member: bytes):
    return _get(client, key).scores.get(member)


@command("ZMSCORE", 2, ...)
def scores_of(client: Client, key: bytes, *members: bytes):
    return [_get(client, key).scores.get(member) for member in members]


def _rank(name: str, backward: bool) -> None:
    @command(name, 2, 3)
    def rank(client: Client, key: bytes, member: bytes, option: bytes | None = None):
        if option is not None and option.upper() != b"WITHSCORE":
            raise syntax_error()
        ordered = _get(client, key)
        score = ordered.scores.get(member)
        if score is None:
            return NO_ARRAY if option else None
        place = ordered.rank(score, member)
        place = len(ordered) - 1 - place if backward else place
        return [place, score] if option else place


_rank("ZRANK", backward=False)
_rank("ZREVRANK", backward=True)


# Ranges


@command("ZRANGE", 3, ...)
def range_of(client: Client, key: bytes, first: bytes, last: bytes, *options: bytes):
    return _range(client, key, first, last, options, (b"WITHSCORES", b"BYSCORE", b"REV"))


@command("ZREVRANGE", 3, ...)
def range_from_the_end(client: Client, key: bytes, first: bytes, last: bytes, *options: bytes):
    return _range(client, key, first, last, (b"REV", *options), (b"WITHSCORES", b"REV"))


@command("ZRANGEBYSCORE", 3, ...)
def range_by_score(client: Client, key: bytes, low: bytes, high: bytes, *options: bytes):
    options = (b"BYSCORE", *options)
    return _range(client, key, low, high, options, (b"WITHSCORES", b"BYSCORE"))


@command("ZREVRANGEBYSCORE", 3, ...)
def range_by_score_from_the_end(client: Client, key: bytes, high: bytes, low: bytes, *options):
    known = (b"WITHSCORES", b"BYSCORE", b"REV")
    return _range(client, key, high, low, (b"BYSCORE", b"REV", *options), known)


def _range(client: Client, key: bytes, first: bytes, last: bytes, options, known):
    words, wanted, limit = list(options), set(), None
    while words:
        option = words.pop(0).upper()
        if option in known:
            wanted.add(option)
        elif option == b"LIMIT" and len(words) >= 2:
            limit = integer(words.pop(0)), integer(words.pop(0))
        else:
            raise syntax_error()
    if limit and b"BYSCORE" not in wanted:
        raise Error(
            "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        )
    backward = b"REV" in wanted
    if b"BYSCORE" in wanted:
        within = bounds(last, first) if backward else bounds(first, last)
        found = [pair for pair in _get(client, key).pairs if within(pair[0])]
        found = found[::-1] if backward else found
        if limit:
            start, number = limit
            found = found[start : start + number if number >= 0 else None] if start >= 0 else []
    else:
        begin, end = integer(first), integer(last)
        found = _get(client, key).pairs
        found = section(found[::-1] if backward else found, begin, end)
    if b"WITHSCORES" in wanted:
        return Pairs([member, score] for score, member in found)
    return [member for _, member in found]


# Taking the first or the last


def _pop(name: str, place: int) -> None:
    """The commands that take members with the lowest (place 0) or highest score (place -1)."""

    def take(database: Database, key: bytes):
        ordered = database.get(key, SortedSet)
        if not ordered:
            return None
        score, member = ordered.pairs[place]
        ordered.remove(member)
        database.tidied(key)
        return [key, member, score]

    @command(name, 1, ...)
    def pop(client: Client, key: bytes, count: bytes | None = None, *more: bytes):
        if more:
            raise syntax_error()
        complaint = "value is out of range, must be positive"
        number = 1 if count is None else integer(count, complaint)
        if number < 0:
            raise Error(complaint)
        taken = (take(client.database, key) for _ in range(min(number, len(_get(client, key)))))
        found = Pairs([member, score] for _, member, score in taken)
        return list(found[0]) if count is None and found else found

    @command(f"B{name}", 2, ...)
    def pop_or_wait(client: Client, *words: bytes):
        *keys, seconds = words
        return client.wait(keys, timeout(seconds), take)


_pop("ZPOPMIN", 0)
_pop("ZPOPMAX", -1)
