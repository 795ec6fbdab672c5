"""The options of one connection to Redis: the keys of an entry of "hosts", and what follows the ?
of an address."""

import ast
import inspect
from urllib.parse import urlsplit

from checks.diagnoses.layer import NAME
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import value_of
from workshop.checking.explaining.spelling import nearest

OF_THE_LAYER = ("address", "max_connections", "master_name", "sentinels", "sentinel_kwargs")
INSTEAD = {
    "url": "address",
    "uri": "address",
    "location": "address",
    "database": "db",
    "user": "username",
    "pass": "password",
    "secret": "password",
}
IN_THE_ADDRESS = {
    "ssl": 'TLS is asked for in the address: "rediss://…", with two s.',
    "path": 'A socket file goes in the address: {"address": "unix:///…"}.',
    "unix_socket_path": 'A socket file goes in the address: {"address": "unix:///…"}.',
}


@rule(
    raised=r"TypeError: (?:Abstract|SSL|UnixDomainSocket)?Connection\.__init__\(\) "
    r"got an unexpected keyword argument '(\w+)'"
)
def redis_option_unknown(evidence, error, option):
    """channels_redis hands the keys of an entry of "hosts" to redis-py (create_pool in
    channels_redis/utils.py), and redis-py those of an address's query (parse_url)."""
    if not error.came_through("redis"):
        return None
    known, of_tls = _options()
    if option in of_tls:
        advice = (
            "It is for TLS alone, and this address is without TLS. "
            "Remove it; or, if this Redis speaks TLS, begin the address with rediss://."
        )
    elif option in known:
        advice = "It is for TCP alone, and this address is a socket file. Remove it."
    elif option.lower() in IN_THE_ADDRESS:
        advice = IN_THE_ADDRESS[option.lower()]
    else:
        near = nearest(option.lower(), known.union(INSTEAD), 0.6)
        near = option.lower() if option.lower() in INSTEAD.keys() | known else near
        advice = f'Did you mean "{INSTEAD.get(near, near)}"?' if near else "Remove it."
    where, address = _where_written(evidence.project, option)
    return Explanation(
        f'The connection to Redis{address} has no option "{option}", which {NAME} gives it. '
        f"{advice}",
        where,
    )


def _options() -> tuple[set[str], set[str]]:
    """The options of a plain connection, and those that only one with TLS has."""
    from redis.asyncio import connection

    plain, tls = (
        set(inspect.signature(kind).parameters) - {"self", "kwargs"}
        for kind in (connection.Connection, connection.SSLConnection)
    )
    plain |= set(inspect.signature(connection.AbstractConnection).parameters)
    return {*plain, *OF_THE_LAYER}, tls - plain


def _where_written(project, option):
    """The line of the settings that names the option, as a key, an argument or in an address; and
    " at HOST", where the entry that holds it says so in plain letters."""
    for source in project.settings_files:
        for entry in source.nodes(ast.Dict):
            for key in entry.keys:
                if getattr(key, "value", None) == option:
                    return source.where(key), _at(entry)
        for node in source.nodes(ast.Constant, ast.keyword):
            text = getattr(node, "arg", getattr(node, "value", None))
            if text == option or isinstance(text, str) and f"{option}=" in text:
                return source.where(node), ""
    return project.where_set(NAME), ""


def _at(entry):
    address = getattr(value_of(entry, "address") or value_of(entry, "host"), "value", None)
    if not isinstance(address, str):
        return ""
    return f" at {urlsplit(address).netloc.rpartition('@')[2] or address}"  # without a password
