"""The Redis behind the channel layer: whether it answers, and lets the layer in."""

import re

from checks.diagnoses.hosts import entries, of_redis, rewritten, where_hosts
from checks.diagnoses.layer import NAME, written
from workshop.checking.explaining.edits import without_key
from workshop.checking.explaining.nodes import value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.environment import install_command


@rule(raised=r"AuthenticationError|NOAUTH|WRONGPASS")
def redis_wants_a_password(evidence, error):
    if "without any password configured" in error.message:
        return Explanation(
            "This Redis has no password, but the address gives one. "
            "Remove it, along with the @ after it: redis://127.0.0.1:6379",
            where_hosts(evidence),
            rewritten(evidence, r"(?<=://)[^@/\"'{}]*@", ""),
        )
    return Explanation(
        "Redis requires a password, or a different one. "
        "It goes in the address: redis://:password@127.0.0.1:6379",
        where_hosts(evidence),
    )


@rule(raised=r"^ValueError: (?:Port could not be cast|Port out of range|Invalid IPv6 URL)")
def redis_address_malformed(evidence, error):
    if of_redis(error):
        return Explanation(
            f"The address of Redis cannot be read: {error.message}. It looks like this, with a "
            "number as the port: redis://127.0.0.1:6379",
            where_hosts(evidence),
            rewritten(evidence, r"(?<=://)([\w.]+):[a-zA-Z_]+(?=[\"'/])", r"\1:6379"),
        )


@rule(raised=r"ResponseError: (?:DB index is out of range|invalid DB index)")
def redis_has_no_such_database(evidence, error):
    numbers = [re.search(r"/(\d+)$", e) for e in entries(evidence) if isinstance(e, str)]
    number = next((found[1] for found in numbers if found), None)
    said = "They count from 0, and there are 16 unless its configuration says otherwise."
    return Explanation(
        f"Redis has no database {number or 'of that number'}. "
        f"{said} Write /0 at the end of the address.",
        where_hosts(evidence),
        rewritten(evidence, rf"/{number}(?=[\"'])", "/0") if number else None,
    )


# redis-py lets the operating system's own word through when it was just writing.
@rule(
    raised=r"ConnectionError: (?:Error \S+ connecting to (\S+?)\.?(?: |$)"
    r"|Connection closed by server|Connection reset)"
    r"|redis\S*TimeoutError: Timeout connecting"
    r"|^(ConnectionResetError|BrokenPipeError)"
)
def redis_does_not_answer(evidence, error, address, cut):
    if cut and not of_redis(error):
        return None
    setting = evidence.project.setting(NAME)
    start = "Start the workshop's with `python3 -m workshop`"
    if setting and value_of(setting, "hosts"):
        cure = f'{start}, and write the address that it prints in "hosts".'
    else:
        cure = f'{start}, and name its address in {NAME}: "CONFIG": {{"hosts": […]}}.'
    if not address and "Timeout" not in error.message:
        return Explanation(
            "Redis closed the connection: it has stopped, or it takes no more clients (redis-cli "
            f"config get maxclients tells how many it takes). {cure}",
            written(evidence, "hosts")[3],
        )
    at = f" at {address}" if address else ""
    return Explanation(
        f"The channel layer tried to reach Redis{at}, but there was no answer. {cure}",
        written(evidence, "hosts")[3],
    )


@rule(raised=r"TimeoutError: Timeout reading from")
def redis_reading_timed_out(evidence, error):
    dictionary, key, _, where = written(evidence, "socket_timeout")
    if key:
        advice = 'Remove "socket_timeout", or make it longer than 5 s.'
    else:
        advice = (
            "Version 8 of redis-py gives up after 5 s by default (channels_redis issue 422). "
            "Type: " + install_command('"redis<8"')
        )
    return Explanation(
        "The layer waits up to 5 s at a time for messages from Redis; the connection gave up "
        f"earlier, which closes every quiet WebSocket. {advice}",
        where,
        evidence.suggest(where, without_key(dictionary, key)) if key else None,
    )
