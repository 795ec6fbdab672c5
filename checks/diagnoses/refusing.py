"""A Redis that answers, and refuses what the channel layer asks for."""

import re

from checks.diagnoses.hosts import first, where_hosts
from workshop.checking.explaining.rules import Explanation, rule

ANOTHER = 'or write the address of another Redis in "hosts".'


@rule(raised=r"OutOfMemoryError: |OOM command not allowed")
def redis_is_full(evidence, error):
    return Explanation(
        "Redis answers, but it is full: it has reached its maxmemory and takes no more messages. "
        f"Raise the limit (redis-cli config set maxmemory 0), {ANOTHER}",
        where_hosts(evidence),
    )


@rule(raised=r"ReadOnlyError: |READONLY You can't write")
def redis_is_read_only(evidence, error):
    return Explanation(
        "Redis answers, but it is a read-only replica of another one, and the channel layer has to "
        'write. Name the one that it copies in "hosts", or make this one independent: '
        "redis-cli replicaof no one",
        where_hosts(evidence),
    )


@rule(raised=r"ConnectionError: max number of clients reached")
def redis_takes_no_more_clients(evidence, error):
    return Explanation(
        "Redis answers, but it has reached its maxclients and takes no more connections. "
        f"Raise the limit (redis-cli config set maxclients 10000), {ANOTHER}",
        where_hosts(evidence),
    )


@rule(raised=r"NoPermissionError: (.*)|NOPERM (.*)")
def redis_user_lacks_permission(evidence, error, said, coded):
    said = said or coded
    address = re.search(r"://([^\s:/@]+)[:@]", first(evidence, "://") or "")
    user = address[1] if address else "default"
    return Explanation(
        f'Redis lets the user in "hosts" in, but not do what the channel layer does: {said} '
        f"Give the user more rights, redis-cli acl setuser {user} allkeys allchannels allcommands, "
        "or name another user.",
        where_hosts(evidence),
    )
