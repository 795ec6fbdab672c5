"""How "hosts" is written: pairs, dictionaries, lists of addresses."""

import ast
import re

from checks.diagnoses.addresses import CONNECTING, NO_NUMBER, UNREADABLE
from checks.diagnoses.hosts import (
    entries,
    first,
    hosts_instead,
    hosts_node,
    of_redis,
    rewritten,
    strings_in,
    where_hosts,
)
from checks.diagnoses.layer import written
from workshop.checking.explaining.edits import instead, without_key
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
        addresses = re.findall(r"\w+?://[^,]*?(?=,|\s*(?:rediss?|unix)://|$)", text)
        code = ", ".join(f'"{address.strip()}"' for address in addresses)
        named = list(strings_in(evidence, r"://(?s:.)*://|,"))
        known = len(named) == 1 and "***" not in code
        edits = [instead(node, code) for node, _ in named if known]
        return Explanation(
            f'"hosts" has {text!r}, two addresses in one string: a comma is '
            "missing between the two, or it is inside the quotes. "
            f'Write them as separate strings: `"hosts": [{code}]`. '
            "One Redis is enough.",
            where_hosts(evidence),
            evidence.suggest(where_hosts(evidence), *edits),
        )


@rule(raised=rf"{CONNECTING}\w+://")
def url_in_a_pair(evidence, error):
    text = first(evidence, r"^\w+://[^/]+/?$")
    if text:
        host = re.sub(r"^\w+://(?:.*@)?|/$|:\d+/?$", "", text)
        return Explanation(
            'A pair in "hosts" is a host name and a port, but the '
            f"first part here is {text!r}, the start of a URL. "
            f'Write ("{host}", 6379), or one string: "redis://{host}:6379".',
            where_hosts(evidence),
            rewritten(evidence, rf"(?<=[\"']){re.escape(text)}(?=[\"'])", host),
        )


@rule(raised=r"^IndexError: (?:tuple|list) index out of range")
def pair_of_one(evidence, error):
    """channels_redis.utils.decode_hosts takes the second part of whatever is not a string."""
    short = [e for e in entries(evidence) if isinstance(e, list | tuple) and len(e) < 2]
    if not short or not any(frame.function == "decode_hosts" for frame in error.frames):
        return None
    inner = short[0][0] if short[0] else None
    if isinstance(inner, list | tuple | dict):
        why, code = "There is one pair of brackets too many", _shown(short[0])
    elif isinstance(inner, str) and "://" in inner:
        why, code = "A URL is not written as a pair", f'["{inner}"]'
    else:
        host, _, port = str(inner or "127.0.0.1").partition(":")
        why, code = "Write host and port", f'[("{host}", {port or 6379})]'
    node, _ = hosts_node(evidence)
    written_out = len(entries(evidence)) == 1 and not any(
        isinstance(child, ast.Name | ast.Call) for child in ast.walk(node or ast.Name())
    )
    return Explanation(
        f'An entry in "hosts" is {short[0]!r}, which has only '
        "one part, but a pair is a host and a port. "
        f'{why}: `"hosts": {code}`',
        where_hosts(evidence),
        hosts_instead(evidence, code) if written_out and "***" not in code else None,
    )


def _shown(value) -> str:
    """The value as code, with double quotes."""
    return repr(value).replace("'", '"')


@rule(raised=NO_NUMBER)
def port_is_not_a_number(evidence, error):
    ports = [e.get("port") if isinstance(e, dict) else e[1] for e in entries(evidence) if _parts(e)]
    wrong = next((p for p in ports if not re.fullmatch(r"\s*\d+\s*", str(p))), None)
    if wrong is None or not of_redis(error):
        return None
    number = re.search(r":(\d+)$", str(wrong))
    right = number[1] if number else "6379"
    literals = [n for n, code in strings_in(evidence, re.escape(str(wrong))) if n.value == wrong]
    advice = f"Write the number: {right}."
    if "://" in str(wrong) and not literals:
        advice = (
            "Docker and Kubernetes set variables such as REDIS_PORT "
            "themselves, to a whole address: give yours another name."
        )
    where = where_hosts(evidence)
    return Explanation(
        f'The port that arrived in "hosts" is {wrong!r}, but a port is a number. {advice}',
        where,
        evidence.suggest(where, *[instead(node, right) for node in literals]),
    )


def _parts(entry):
    return isinstance(entry, dict) or (isinstance(entry, list | tuple) and len(entry) > 1)


@rule(raised=r"AbstractConnection\.__init__\(\) got an unexpected keyword argument '(\w+)'")
def unknown_connection_option(evidence, error, option):
    """The entry is a dictionary, or a URL with a query (?…), whose names go to the connection."""
    dictionary, key, _, where = written(evidence, option)
    edits = []
    if option.startswith("ssl"):
        edits = [without_key(dictionary, key)] if key else []
        cure = (
            "TLS options only work with an address that begins "
            "with rediss://, and this one does not. "
            f'Remove "{option}".'
        )
    elif option == "sentinels":
        cure = '"sentinels" also needs "master_name", the name by which they know the Redis.'
    else:
        meant = INSTEAD.get(option) or nearest(option, OPTIONS)
        edits = [instead(key, f'"{meant}"')] if key and meant else []
        cure = f'Did you mean "{meant}"?' if meant else f"Its options are {', '.join(OPTIONS)} …"
    return Explanation(
        f'An entry in "hosts" has "{option}", which is not an option of the Redis connection. '
        f"{cure}",
        where if key else where_hosts(evidence),
        evidence.suggest(where, *edits),
    )
