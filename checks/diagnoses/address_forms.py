"""How "hosts" is written: pairs, dictionaries, lists of addresses."""

import re

from checks.diagnoses.addresses import (
    CONNECTING,
    NO_NUMBER,
    UNREADABLE,
    entries,
    first,
    of_redis,
    where_hosts,
)
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest

# What redis-py's connections take (redis.asyncio.connection.AbstractConnection and Connection).
OPTIONS = ["address", "host", "port", "db", "username", "password", "socket_timeout"]
INSTEAD = {
    "url": "address",
    "uri": "address",
    "user": "username",
    "pass": "password",
    "pw": "password",
}


@rule(raised=rf"^{UNREADABLE}")
def addresses_run_together(evidence, error):
    text = first(evidence, r"://.*://|,")
    if text and of_redis(error):
        return Explanation(
            f'"hosts" has {text!r}, two addresses in one string: a comma is missing between the '
            "two, or it is inside the quotes. Write them one by one: "
            '["redis://…:6379", "redis://…:6380"]. One Redis is enough.',
            where_hosts(evidence),
        )


@rule(raised=rf"{CONNECTING}\w+://")
def url_in_a_pair(evidence, error):
    text = first(evidence, r"^\w+://[^/]+/?$")
    if text:
        host = re.sub(r"^\w+://(?:.*@)?|/$|:\d+/?$", "", text)
        return Explanation(
            f'A pair in "hosts" is a host\'s name and a port, and its first part is {text!r}, the '
            f'beginning of a URL. Write ("{host}", 6379), or one string: "redis://{host}:6379".',
            where_hosts(evidence),
        )


@rule(raised=r"^IndexError: (?:tuple|list) index out of range")
def pair_of_one(evidence, error):
    """channels_redis.utils.decode_hosts takes the second part of whatever is not a string."""
    short = [e for e in entries(evidence) if isinstance(e, list | tuple) and len(e) < 2]
    if not short or not any(frame.function == "decode_hosts" for frame in error.frames):
        return None
    inner = short[0][0] if short[0] else None
    if isinstance(inner, list | tuple | dict):
        cure = f'There is one bracket too many: "hosts": {list(short[0])!r}'
    elif isinstance(inner, str) and "://" in inner:
        cure = f'A URL needs no pair: "hosts": ["{inner}"]'
    else:
        host, _, port = str(inner or "127.0.0.1").partition(":")
        cure = f'Write host and port: "hosts": [("{host}", {port or 6379})]'
    return Explanation(
        f'An entry of "hosts" is {short[0]!r}, which has a single part; a pair is a host and a '
        f"port. {cure}",
        where_hosts(evidence),
    )


@rule(raised=NO_NUMBER)
def port_is_not_a_number(evidence, error):
    ports = [e.get("port") if isinstance(e, dict) else e[1] for e in entries(evidence) if _parts(e)]
    wrong = next((p for p in ports if not re.fullmatch(r"\s*\d+\s*", str(p))), None)
    if wrong is None or not of_redis(error):
        return None
    advice = "Write a number: 6379."
    if "://" in str(wrong):
        advice = (
            "Docker and Kubernetes set a variable such as REDIS_PORT by themselves, to a whole "
            "address: call yours something else."
        )
    return Explanation(
        f'The port that arrived in "hosts" is {wrong!r}, and a port is a number. {advice}',
        where_hosts(evidence),
    )


def _parts(entry):
    return isinstance(entry, dict) or (isinstance(entry, list | tuple) and len(entry) > 1)


@rule(raised=r"AbstractConnection\.__init__\(\) got an unexpected keyword argument '(\w+)'")
def unknown_connection_option(evidence, error, option):
    """The entry is a dictionary, or a URL with a query (?…), whose names go to the connection."""
    if option.startswith("ssl"):
        cure = (
            "Options of TLS go with an address that begins with rediss:// alone, and this one does "
            f'not. Remove "{option}".'
        )
    elif option == "sentinels":
        cure = 'With "sentinels" goes "master_name", the name that they know the Redis by.'
    else:
        meant = INSTEAD.get(option) or nearest(option, OPTIONS)
        cure = f'Did you mean "{meant}"?' if meant else f"It knows {', '.join(OPTIONS)} …"
    return Explanation(
        f'An entry of "hosts" has "{option}", which the connection to Redis does not know. {cure}',
        where_hosts(evidence),
    )
