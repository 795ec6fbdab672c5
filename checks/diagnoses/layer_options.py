"""The options of a channel layer: what it takes, and the address of Redis among them."""

import ast
import re

from checks.diagnoses.hosts import (
    hosts_instead,
    hosts_node,
    of_redis,
    where_hosts,
)
from checks.diagnoses.layer import NAME, REDIS, in_its_place, written
from checks.diagnoses.leaving import without_line
from workshop.checking.explaining.edits import instead, instead_of_both
from workshop.checking.explaining.nodes import value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import Closed, Crashed, Refused, Silent

INSTEAD_OF = {
    "db": 'Remove it: the database goes in the address, "redis://127.0.0.1:6379/1".',
    "port": 'Remove it: the port goes in the address, "hosts": [("127.0.0.1", 6379)].',
    "unix": 'A socket goes in "hosts", as an address: "hosts": ["unix:///tmp/redis.sock"].',
    "password": 'The password goes in "hosts": [{"host": "127.0.0.1", "password": …}].',
    "url": 'An address goes in "hosts": ["redis://127.0.0.1:6379"].',
    "address": 'An address goes in "hosts": ["redis://127.0.0.1:6379"].',
    "sentinels": 'They go in "hosts": [{"sentinels": [(…)], "master_name": "…"}].',
}

# Of channels_redis.core.RedisChannelLayer
OPTIONS = ["hosts", "prefix", "expiry", "group_expiry", "capacity", "channel_capacity"]


@rule(raised=r"ChannelLayer\.__init__\(\) got an unexpected keyword argument '(\w+)'")
def unknown_layer_option(evidence, error, option):
    if option == "hosts":
        return _in_memory(evidence)
    _, key, value, where = written(evidence, option)
    said, source = f"The channel layer has no option {option!r}.", evidence.project.source_at(where)
    moved = key and _in_hosts(source.code(value), option)
    if moved:
        edit = evidence.suggest(where, instead(key, '"hosts"'), instead(value, moved))
        return Explanation(
            f'{said} It goes in "hosts", as an address: "hosts": {moved}', where, edit
        )
    near = None if option in INSTEAD_OF else nearest(option, OPTIONS)
    advice = f'Did you mean "{near}"?' if near else INSTEAD_OF.get(option)
    advice = advice or "CONFIG holds the layer's own options only, such as hosts."
    edit = evidence.suggest(where, instead(key, f'"{near}"')) if key and near else None
    return Explanation(f"{said} {advice}", where, edit)


def _in_memory(evidence):
    where, edit = in_its_place(evidence, "BACKEND", f'"{REDIS}"')
    return Explanation(
        "A channel layer in memory has no hosts: it does not use "
        "Redis, and other processes cannot reach it. "
        f'Write "BACKEND": "{REDIS}".',
        where,
        edit,
    )


def _in_hosts(code: str, option: str) -> str | None:
    """The value of "hosts" that says what was written as another option: an address or the file of
    a socket, alone or in a list."""
    bare = re.fullmatch(r"""\[?\s*["']([^"'\s,]+)["']\s*,?\s*\]?""", code)
    if bare and option == "unix":
        return f'["unix://{bare[1].removeprefix("unix://")}"]'
    if bare and option in ("url", "address", "location") and "://" in bare[1]:
        return f'["{bare[1]}"]'
    return None


@rule(raised=r"symmetric_encryption_keys must be a list")
def encryption_keys_not_a_list(evidence, error):
    _, key, value, where = written(evidence, "symmetric_encryption_keys")
    code = f"[{evidence.project.source_at(where).code(value)}]" if key else "[SECRET_KEY]"
    return Explanation(
        f"symmetric_encryption_keys takes a list: `{code}`",
        where,
        evidence.suggest(where, instead(value, code)) if key else None,
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
    if not of_redis(error) or not evidence.project.setting(NAME):
        return None
    why, code = _malformed(evidence)
    written_out = f" Write `{code}`" if code else ""
    if code is None:
        written_out = (
            ' Write `"hosts": [("127.0.0.1", 6379)]` or `"hosts": ["redis://127.0.0.1:6379"]`'
        )
    return Explanation(
        f'The layer cannot read "hosts"{why}.{written_out}',
        where_hosts(evidence),
        hosts_instead(evidence, code.partition(": ")[2]) if code else None,
    )


def _malformed(evidence):
    """What in "hosts" is not what it should be, as it arrived; and the whole of it as it should be
    written, where that is known."""
    hosts, (node, source) = evidence.layer_hosts, hosts_node(evidence)
    code = source.code(node) if node else ""
    if hosts is None:
        return "", None
    if not isinstance(hosts, list):
        why = f": it has to be a list, but what arrived is a {type(hosts).__name__}, {hosts!r}"
        one = isinstance(hosts, str) and "://" in hosts or _is_pair(hosts)
        return why, f'"hosts": [{code}]' if code and one else None
    if _is_pair(hosts) and isinstance(node, ast.List):
        return ": a host and its port belong together, in parentheses", f'"hosts": [({code[1:-1]})]'
    for address in hosts:
        bare = address.get("address") if isinstance(address, dict) else address
        if isinstance(address, dict) and _is_pair(bare):
            pair = f'["redis://{bare[0]}:{bare[1]}"]'
            return f': an "address" is a string, but this one is {bare!r}', f'"hosts": {pair}'
        if isinstance(bare, str) and not re.match(SCHEMES, bare):
            why = f": the address {bare!r} does not begin with redis://"
            right = "redis://" + re.sub(r"^\w*:?//", "", bare)
            single = len(hosts) == 1 and not isinstance(address, dict) and repr(bare)[1:-1] in code
            return why, f'"hosts": ["{right}"]' if single else None
    return "", None


def _is_pair(value) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and "://" not in value[0]
        and isinstance(value[1], int)
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
            where = evidence.project.where_set(NAME, key)
            advice, edits = _read(evidence, layer, key, where)
            return Explanation(
                f'"{key.value}" is ignored here: Channels reads '
                'only "BACKEND" and "CONFIG" of a layer. '
                f"{advice}",
                where,
                evidence.suggest(where, *edits),
            )


def _read(evidence, layer, key, where):
    """How a key of a layer is written so that it is read, and the changes."""
    if str(key.value).upper() in ("CONFIG", "CONFIGS", "OPTIONS"):
        return 'Call it "CONFIG".', [instead(key, '"CONFIG"')]
    value = layer.values[layer.keys.index(key)]
    code = f'"CONFIG": {{"{key.value}": {evidence.project.source_at(where).code(value)}}}'
    if any(getattr(other, "value", None) == "CONFIG" for other in layer.keys):
        return f'Put it in "CONFIG": {{"{key.value}": …}}.', []
    return f"Write `{code}`.", [instead_of_both(key, value, code)]


@rule
def layer_flushed(evidence):
    """flush() deletes what others are about to receive, and closes the connections that they are
    waiting on (channels_redis.core.RedisChannelLayer.flush)."""
    calls = evidence.layer_calls("flush")
    if calls and evidence.saw(Refused, Closed, Silent, Crashed):
        where = evidence.where_called(calls[0])
        return Explanation(
            "flush() empties the channel layer for everyone, including all "
            "groups, and closes its connections: it is for tests. "
            "Remove this line. "
            "To leave one group, call group_discard().",
            where,
            without_line(evidence, where, "flush"),
        )


@rule(needs="groups", raised=r"^TypeError: .*\bstr\b")
def layer_option_is_text(evidence, error):
    """A number in quotes, or one that comes from the environment, where all values are strings."""
    read = evidence.settings_read
    layers = read.channel_layers if read and isinstance(read.channel_layers, dict) else {}
    config = (layers.get("default") or {}).get("CONFIG") or {}
    for option in ("capacity", "expiry", "group_expiry"):
        if isinstance(value := config.get(option), str):
            _, _, node, where = written(evidence, option)
            computed = node is not None and not isinstance(node, ast.Constant)
            code = evidence.code_at(where, node) if node is not None else repr(value)
            number = f"int({code})" if computed else value
            return Explanation(
                f'"{option}" has to be a number, and what arrived is the string {value!r}. '
                f"Write `{number}`.",
                where,
                in_its_place(evidence, option, number)[1],
            )
    return None


@rule(raised=r"\bInvalidToken\b")
def encrypted_with_another_key(evidence, error):
    """channels_redis encrypts with the first of symmetric_encryption_keys."""
    _, _, node, where = written(evidence, "symmetric_encryption_keys")
    if node is None:
        return None
    computed = any(isinstance(part, ast.Call) for part in ast.walk(node))
    return Explanation(
        "What one server has sent over Redis, the other cannot decrypt: their "
        "symmetric_encryption_keys differ. "
        + ("They are computed here, anew in each process. " if computed else "")
        + "Every process needs the same keys: keep one in the environment, and read it here.",
        where,
    )


@rule(needs="groups", advises=True)
def layer_option_too_small(evidence):
    """Events that the layer drops: too many for it, or too old, before a consumer reads them. How
    many wait is a matter of luck, unless a server is held up; so it is said after a pass, too."""
    setting = evidence.project.setting(NAME)
    lost = evidence.saw_only(Silent) and evidence.layer_calls("group_send")
    if (evidence.failure and not lost) or setting is None:
        return None
    for option, least, usual, what in (
        ("capacity", 20, 100, "how many events may wait at once; more are dropped silently"),
        ("expiry", 2, 60, "how many seconds an event may wait; older ones are lost"),
        ("group_expiry", 60, 86400, "how many seconds a browser stays in its groups"),
    ):
        node = value_of(setting, option)
        value = getattr(node, "value", None)
        if isinstance(value, int | float) and value < least:
            where, edit = in_its_place(evidence, option, str(usual))
            return Explanation(
                f'"{option}" is {what}. {value} is too small: write {usual}, as Channels does.',
                where,
                edit,
            )
