"""Sequences of commands for a Redis, made at random from a seed: right ones, wrong ones, all kinds
of values under the same few keys."""

import random

KEYS = {
    "string": ("s1", "s2"),
    "sorted set": ("z1", "z2"),
    "list": ("l1", "l2"),
    "hash": ("h1",),
    "set": ("m1",),
}
SCORES = ("0", "1", "2", "2", "-1", "3.5", "0.1", "1e20", "1e-7", "inf", "-inf", "1732888319.12345")
BOUNDS = (*SCORES, "(1", "(2", "-inf", "+inf")
# What C reads as a number and Python does not (0x10, "", 1e400 in a range) is left out.
WRONG = ("x", "1_0", "nan", "99999999999999999999", "-", "é")
MEMBERS = ("a", "b", "c", "d", "é", "a b", "")
GLOBS = ("*", "s*", "?1", "[sz]1", "[^s]*", "[a-m]1", "\\*", "s1", "[", "")


class Sequence:
    """The commands of one sequence, which ends with QUIT."""

    def __init__(self, seed: int, length: int = 20):
        self._random = random.Random(seed)
        self._glob = self._one("c*", "*1")  # one: the order of several is the server's choice
        self.commands = [["HELLO", self._one("2", "3")], ["FLUSHALL"]]
        self.commands += [self._command() for _ in range(length)]
        self.commands.append(["QUIT"])

    def _one(self, *choices):
        return self._random.choice(choices)

    def _some(self, choices, most: int = 3) -> list[str]:
        return [self._one(*choices) for _ in range(self._random.randint(1, most))]

    def _optionally(self, *words: str) -> list[str]:
        return [word for word in words if self._random.random() < 0.25]

    def _command(self) -> list[str]:
        words = self._of(self._one(*KEYS, "sorted set", "key", "key", "transaction", "pubsub"))
        chance = self._random.random()
        if chance < 0.03 and len(words) > 1:
            words.pop()
        elif chance < 0.05:
            words.append(self._one(*WRONG))
        elif chance < 0.09 and len(words) > 2:
            words[self._random.randrange(2, len(words))] = self._one(*WRONG)
        elif chance < 0.12 and len(words) > 1:  # a key that may hold something else
            words[1] = self._one(*(key for keys in KEYS.values() for key in keys))
        if self._random.random() < 0.1:
            words[0] = words[0].lower()
        return words

    def _of(self, kind: str) -> list[str]:
        key, member, number = self._one(*KEYS.get(kind, ("",))), self._one(*MEMBERS), self._index
        match kind:
            case "string":
                value = self._one("1", "10", "text", "")
                flags = self._optionally("NX", "XX", "GET", "KEEPTTL")
                end = self._one(
                    [], [], ["EX", self._later()], ["PX", f"{self._later()}000"], ["EX", "0"]
                )
                return self._one(
                    ["SET", key, value, *flags, *end],
                    ["SET", key, value],
                    ["SETEX", key, self._later(), value],
                    ["SETNX", key, value],
                    ["GET", key],
                    ["GETDEL", key],
                    ["MGET", *self._some([k for keys in KEYS.values() for k in keys])],
                    [self._one("INCR", "DECR"), key],
                    [self._one("INCRBY", "DECRBY"), key, number()],
                    ["APPEND", key, value],
                    ["STRLEN", key],
                )
            case "sorted set":
                pairs = [word for m in self._some(MEMBERS) for word in (self._one(*SCORES), m)]
                flags = self._optionally("NX", "XX", "CH", "GT", "LT")
                by_score = [self._one(*BOUNDS), self._one(*BOUNDS)]
                limit = self._one([], [], ["LIMIT", number(), number()])
                scores = self._optionally("WITHSCORES")
                return self._one(
                    ["ZADD", key, *pairs],
                    ["ZADD", key, *pairs],
                    ["ZADD", key, *flags, *pairs],
                    ["ZADD", key, *flags, "INCR", *pairs[:2]],
                    ["ZINCRBY", key, self._one(*SCORES), member],
                    ["ZREM", key, *self._some(MEMBERS)],
                    ["ZREMRANGEBYSCORE", key, *by_score],
                    ["ZREMRANGEBYRANK", key, number(), number()],
                    ["ZCARD", key],
                    ["ZCOUNT", key, *by_score],
                    ["ZSCORE", key, member],
                    ["ZMSCORE", key, *self._some(MEMBERS)],
                    [self._one("ZRANK", "ZREVRANK"), key, member],
                    ["ZRANGE", key, number(), number(), *self._optionally("REV"), *scores],
                    ["ZRANGE", key, *by_score, "BYSCORE", *self._optionally("REV"), *limit],
                    ["ZREVRANGE", key, number(), number(), *scores],
                    ["ZRANGEBYSCORE", key, *by_score, *scores, *limit],
                    ["ZREVRANGEBYSCORE", key, *by_score, *scores, *limit],
                    [self._one("ZPOPMIN", "ZPOPMAX"), key],
                    [self._one("ZPOPMIN", "ZPOPMAX"), key, number()],
                    [self._one("BZPOPMIN", "BZPOPMAX"), *KEYS["sorted set"], "0.001"],
                )
            case "list":
                return self._one(
                    [self._one("LPUSH", "RPUSH"), key, *self._some(MEMBERS)],
                    [self._one("LPUSH", "RPUSH"), key, *self._some(MEMBERS)],
                    [self._one("LPOP", "RPOP"), key],
                    [self._one("LPOP", "RPOP"), key, number()],
                    [self._one("BLPOP", "BRPOP"), *KEYS["list"], "0.001"],
                    ["LLEN", key],
                    ["LRANGE", key, number(), number()],
                    ["LTRIM", key, number(), number()],
                )
            case "hash":
                pairs = [word for m in self._some(MEMBERS) for word in (m, self._one("1", "x"))]
                return self._one(
                    ["HSET", key, *pairs],
                    ["HGET", key, member],
                    ["HGETALL", key],
                    ["HDEL", key, *self._some(MEMBERS)],
                    ["HLEN", key],
                    ["HEXISTS", key, member],
                    ["HINCRBY", key, member, number()],
                )
            case "set":
                return self._one(
                    ["SADD", key, *self._some(MEMBERS)],
                    ["SREM", key, *self._some(MEMBERS)],
                    ["SMEMBERS", key],
                    ["SISMEMBER", key, member],
                    ["SCARD", key],
                )
            case "key":
                keys = [key for keys in KEYS.values() for key in keys]
                key = self._one(*keys)
                flags = self._optionally("NX", "XX", "GT", "LT")
                return self._one(
                    [self._one("DEL", "UNLINK"), *self._some(keys)],
                    ["EXISTS", *self._some(keys)],
                    ["TYPE", key],
                    ["KEYS", self._one(*GLOBS)],
                    ["SCAN", "0", "COUNT", "1000", *self._one([], ["MATCH", self._one(*GLOBS)])],
                    ["SCAN", "0", "COUNT", "1000", "TYPE", self._one("zset", "string", "none")],
                    ["DBSIZE"],
                    ["EXPIRE", key, self._one(self._later(), "-1", "0"), *flags],
                    ["PEXPIRE", key, self._one(f"{self._later()}000", "-1"), *flags],
                    ["EXPIREAT", key, self._one("1", "9000000000"), *flags],
                    ["PERSIST", key],
                    ["SELECT", self._one("0", "0", "0", "1", "16")],
                    ["PING"],
                    ["ECHO", member],
                    ["FLUSHDB"],
                    ["NONSENSE", key],
                    ["CLIENT", self._one("SETNAME", "NONSENSE"), self._one("me", "a b")],
                    ["CLIENT", "SETINFO", self._one("lib-name", "lib-ver", "age"), "x"],
                    ["CLIENT", "GETNAME"],
                    ["EVAL", "return 1", self._one("x", "-1", "5")],
                )
            case "transaction":
                return [self._one("MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD")]
            case "pubsub":
                return self._one(
                    ["SUBSCRIBE", *self._some(("c1", "c2"))],
                    ["PSUBSCRIBE", self._glob],
                    ["UNSUBSCRIBE"],
                    ["UNSUBSCRIBE", "c1"],
                    ["PUNSUBSCRIBE"],
                    ["PUBLISH", self._one("c1", "c2"), "hello"],
                    ["PUBSUB", "NUMSUB", "c1", "c2"],
                    ["PUBSUB", self._one("CHANNELS", "NUMPAT")],
                    ["PING", member],
                )

    def _later(self) -> str:
        """Seconds, hardly ever the same twice: which of two is greater must not be chance."""
        return str(self._random.randrange(100_000, 1_000_000_000, 1000))

    def _index(self) -> str:
        return str(self._random.randint(-3, 4))
