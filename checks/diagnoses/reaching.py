"""The address of Redis can be read, but nobody is there, or somebody else."""

import re

from checks.diagnoses.addresses import CONNECTING
from checks.diagnoses.hosts import (
    entries,
    first,
    hosts_instead,
    hosts_node,
    rewritten,
    where_hosts,
)
from workshop.checking.explaining.edits import left_out
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Silent, Unanswered

HERE = '[("127.0.0.1", 6379)]'
ONE_REDIS = f'"hosts": {HERE}'


UNKNOWN = r"(?:Name or service|nodename|.*getaddrinfo|.*name resolution)"  # by operating system


@rule(raised=rf"{CONNECTING}(?!\w+://)([^\s:/]+):\d+\. {UNKNOWN}")
def host_name_unknown(evidence, error, name):
    return Explanation(
        f"The settings name {name} as the host of Redis, but no such host is known here. "
        "(The name of a service in docker-compose.yml is only known to "
        f"other containers.) For a Redis on this machine: {ONE_REDIS}",
        where_hosts(evidence),
        hosts_instead(evidence, HERE),
    )


@rule(raised=rf"{CONNECTING}(/\S+?)\.? ")
def no_redis_at_the_socket(evidence, error, file):
    why = "which is not there" if "No such file" in error.message else "and gets no answer there"
    return Explanation(
        f"The layer looks for Redis at the socket {file}, {why}. "
        f"Give the address of one that is running: {ONE_REDIS}",
        where_hosts(evidence),
        hosts_instead(evidence, HERE),
    )


@rule(raised=rf"{CONNECTING}(\S+?)\.? .*(?:SSL|certificate)")
def tls_refused(evidence, error, address):
    return Explanation(
        f"Something answers at {address}, but the two cannot agree on TLS, "
        f"which rediss:// asks for: {error.message.partition('. ')[2]} A Redis "
        "without TLS is reached with redis://, without the second s.",
        where_hosts(evidence),
        rewritten(evidence, "rediss://", "redis://"),
    )


@rule
def tls_spoken_to_a_plain_redis(evidence):
    """A Redis without TLS waits for the end of the first command that it cannot read."""
    address = first(evidence, r"^rediss://")
    if (
        address
        and evidence.saw_only(Silent, Unanswered)
        and evidence.waits_in("sslproto.py", "_connect")
    ):
        return Explanation(
            f"The layer is still connecting to {address}: rediss:// "
            "speaks TLS, but what listens there does not. "
            "A Redis without TLS is reached with redis://.",
            where_hosts(evidence),
            rewritten(evidence, "rediss://", "redis://"),
        )


@rule(raised=rf"{CONNECTING}(\S+?:\d+)\.? ")
def one_of_several_does_not_answer(evidence, error, address):
    """Each group and channel has its place on one of the Redis, by a hash of its name
    (channels_redis.utils._consistent_hash)."""
    if len(entries(evidence)) > 1:
        return Explanation(
            f'"hosts" names {len(entries(evidence))} addresses, and no Redis answers at {address}. '
            "They are not substitutes for each other: every group is kept at one of them, and "
            "those of this one are lost. Remove the address, or start a Redis there.",
            where_hosts(evidence),
            _without(evidence, address),
        )


def _without(evidence, address):
    """The edit that removes the only entry of the list in which the address is written out."""
    hosts, source = hosts_node(evidence)
    whole = re.compile(re.escape(address) + r"(?!\d)")  # port 6 is not the beginning of 6379
    found = [one for one in getattr(hosts, "elts", ()) if whole.search(source.code(one))]
    if len(found) == 1:
        return evidence.suggest(where_hosts(evidence), left_out(found[0], hosts.elts))


# Sentinels


@rule
def sentinel_does_not_answer(evidence):
    """redis-py asks the Sentinels again and again for some seconds, before it gives up and names
    what happened to each (redis.asyncio.sentinel.Sentinel.discover_master)."""
    places = _sentinels(evidence)
    still_asking = evidence.saw_only(Silent, Unanswered) and evidence.waits_in("sentinel.py")
    gave_up = evidence.error(r"MasterNotFoundError: No master found .*(Connection|Timeout)Error")
    if places and (still_asking or gave_up):
        return Explanation(
            f"The layer asks a Sentinel at {places} for its Redis, and none answers there. "
            f"For a single Redis, give its address instead: {ONE_REDIS}",
            where_hosts(evidence),
            hosts_instead(evidence, HERE),
        )


NO_MASTER = r"MasterNotFoundError: No master found for '[^']*'$"
NO_SENTINEL = r"ResponseError: unknown command '?`?SENTINEL"


@rule(raised=f"{NO_MASTER}|{NO_SENTINEL}")
def sentinel_knows_no_master(evidence, error):
    places = _sentinels(evidence)
    if places and "SENTINEL" in error.message:
        why = "is a Redis, not a Sentinel"
    elif places:
        why = 'knows no Redis by the "master_name" in the settings'
    else:
        return None
    return Explanation(
        f"What answers at {places} {why}. For a single Redis, give its address: {ONE_REDIS}",
        where_hosts(evidence),
        hosts_instead(evidence, HERE),
    )


def _sentinels(evidence) -> str:
    """The addresses of the Sentinels, as words."""
    found = [e["sentinels"] for e in entries(evidence) if isinstance(e, dict) and "sentinels" in e]
    places = [place for some in found if isinstance(some, list | tuple) for place in some]
    return " and ".join(":".join(map(str, p)) if isinstance(p, tuple) else str(p) for p in places)
