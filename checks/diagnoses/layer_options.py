"""The options of a channel layer: what it takes, and the address of Redis among them."""

import ast
import re

from checks.diagnoses.addresses import of_redis, where_hosts
from checks.diagnoses.layer import NAME
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import value_of
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import Closed, Crashed, Refused, Silent

INSTEAD_OF = {
    "host": 'The option is called "hosts", with an S, and takes a list.',
    "db": 'The database goes in the address: "redis://127.0.0.1:6379/1".',
    "port": 'The port goes in the address: "hosts": [("127.0.0.1", 6379)].',
    "unix": 'A socket goes in "hosts", as an address: "hosts": ["unix:///tmp/redis.sock"].',
    "password": 'The password goes in "hosts": [{"host": "127.0.0.1", "password": …}].',
    "url": 'An address goes in "hosts": ["redis://127.0.0.1:6379"].',
    "address": 'An address goes in "hosts": ["redis://127.0.0.1:6379"].',
    "sentinels": 'They go in "hosts": [{"sentinels": [(…)], "master_name": "…"}].',
    "hosts": "A layer in memory does not ask Redis: remove it, or use "
    "channels_redis.core.RedisChannelLayer.",
}

# Of channels_redis.core.RedisChannelLayer
OPTIONS = ["hosts", "prefix", "expiry", "group_expiry", "capacity", "channel_capacity"]


@rule(raised=r"ChannelLayer\.__init__\(\) got an unexpected keyword argument '(\w+)'")
def unknown_layer_option(evidence, error, option):
    near = nearest(option, OPTIONS)
    advice = INSTEAD_OF.get(option) or (
        f'Did you mean "{near}"?'
        if near
        else "CONFIG holds the layer's own options only, such as hosts."
    )
    return Explanation(
        f"The channel layer has no option {option!r}. {advice}",
        evidence.project.where_set(NAME),
    )


@rule(raised=r"symmetric_encryption_keys must be a list")
def encryption_keys_not_a_list(evidence, error):
    return Explanation(
        "symmetric_encryption_keys takes a list, so that keys can be changed: [SECRET_KEY].",
        evidence.project.where_set(NAME),
    )


# The address of Redis

SCHEMES = r"(?:redis|rediss|unix)://"


@rule(
    raised=r"Redis URL must specify one of the following schemes"
    r"|'(?:int|tuple|list)' object has no attribute 'decode'"
    r"|(?:too many|not enough) values to unpack"
    r"|You must pass a list of Redis hosts"
    r"|'(?:str|int)' object (?:is not a mapping|has no attribute 'copy'|is not iterable)"
)
def hosts_malformed(evidence, error):
    if of_redis(error) and evidence.project.setting(NAME):
        return Explanation(f'The layer cannot read "hosts"{_seen(evidence)}', where_hosts(evidence))


def _seen(evidence):
    """What in "hosts" is not what it should be, as it arrived, and what to write."""
    hosts = evidence.layer_hosts
    written = '("127.0.0.1", 6379) or "redis://127.0.0.1:6379"'
    if isinstance(hosts, list):
        addresses = (entry.get("address") if isinstance(entry, dict) else entry for entry in hosts)
        for address in addresses:
            if isinstance(address, str) and not re.match(SCHEMES, address):
                return f": the address {address!r} does not begin with redis://. Write {written}."
        return f". Write each entry like this: {written}."
    kind = "" if hosts is None else f": what arrived is a {type(hosts).__name__}, {hosts!r}"
    return (
        f"{kind}. It is a list with one entry for each Redis: "
        '[("127.0.0.1", 6379)] or ["redis://127.0.0.1:6379"].'
    )


@rule(raised=r"AuthenticationError|NOAUTH|WRONGPASS")
def redis_wants_a_password(evidence, error):
    if "without any password configured" in error.message:
        return Explanation(
            "This Redis has no password, and the address gives one. Remove it: "
            "redis://127.0.0.1:6379",
            evidence.project.where_set(NAME),
        )
    return Explanation(
        "Redis wants a password, or another one. It goes in the address: "
        "redis://:password@127.0.0.1:6379",
        evidence.project.where_set(NAME),
    )


@rule(raised=r"^ValueError: (?:Port could not be cast|Port out of range|Invalid IPv6 URL)")
def redis_address_malformed(evidence, error):
    if error.came_through("redis", "channels_redis"):
        return Explanation(
            f"The address of Redis cannot be read: {error.message}. It looks like this: "
            "redis://127.0.0.1:6379, or with the number of a database redis://127.0.0.1:6379/1.",
            evidence.project.where_set(NAME),
        )


@rule(raised=r"ResponseError: (?:DB index is out of range|invalid DB index)")
def redis_has_no_such_database(evidence, error):
    return Explanation(
        "Redis has no database of that number: they count from 0, and there are 16 unless its "
        "configuration says otherwise. The number is at the end of the address.",
        evidence.project.where_set(NAME),
    )


# What else is written there


@rule(advises=True)
def layer_key_not_read(evidence):
    """The first key of a layer that Channels does not look at: it reads BACKEND, CONFIG and
    TEST_CONFIG (channels.layers.ChannelLayerManager). A check fails by it where Redis was asked for
    at the address that is taken when none is given."""
    if evidence.failure and not evidence.error(r"Error \S+ connecting to localhost:6379"):
        return None
    setting = evidence.project.setting(NAME)
    for layer in getattr(getattr(setting, "value", None), "values", ()):
        keys = [key for key in getattr(layer, "keys", ()) if isinstance(key, ast.Constant)]
        if "BACKEND" not in [key.value for key in keys]:
            continue
        for key in keys:
            if key.value in ("BACKEND", "CONFIG", "TEST_CONFIG"):
                continue
            like = str(key.value).upper() in ("CONFIG", "CONFIGS", "OPTIONS")
            advice = 'Call it "CONFIG".' if like else f'Put it in "CONFIG": {{"{key.value}": …}}.'
            return Explanation(
                f'"{key.value}" is ignored here: of a layer Channels reads "BACKEND" and "CONFIG" '
                f"alone. {advice}",
                evidence.project.where_set(NAME, key),
            )


@rule
def layer_flushed(evidence):
    """flush() deletes what others are about to receive, and closes the connections that they are
    waiting on (channels_redis.core.RedisChannelLayer.flush)."""
    calls = evidence.layer_calls("flush")
    if calls and evidence.saw(Refused, Closed, Silent, Crashed):
        return Explanation(
            "flush() empties the channel layer for everybody, all groups included, and closes "
            "its connections: it is for tests. To leave one group, call group_discard().",
            evidence.where_called(calls[0]),
        )


@rule(needs="groups", advises=True)
def layer_option_too_small(evidence):
    """Events that the layer drops: too many for it, or too old, before a consumer reads them. How
    many wait is a matter of luck, unless a server is held up; so it is said after a pass, too."""
    setting = evidence.project.setting(NAME)
    lost = evidence.saw_only(Silent) and evidence.layer_calls("group_send")
    if (evidence.failure and not lost) or setting is None:
        return None
    for option, least, what in (
        ("capacity", 20, "how many events may wait at once; more are dropped silently"),
        ("expiry", 2, "for how many seconds an event may wait; what is older is lost"),
    ):
        node = value_of(setting, option)
        value = getattr(node, "value", None)
        if isinstance(value, int | float) and value < least:
            return Explanation(
                f'"{option}" is {what}. {value} is too small.',
                evidence.project.where_set(NAME, node),
            )
