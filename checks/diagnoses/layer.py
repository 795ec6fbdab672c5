"""The channel layer: its setting, and the Redis behind it."""

import ast
import difflib
import re

from workshop.checking.events import LayerMade
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Crashed, Refused, Silent

NAME = "CHANNEL_LAYERS"
LAYERS = [
    "channels_redis.core.RedisChannelLayer",
    "channels_redis.pubsub.RedisPubSubChannelLayer",
    "channels.layers.InMemoryChannelLayer",
]


@rule
def channel_layers_missing(evidence):
    found = evidence.error(
        r"'NoneType' object has no attribute '(group_\w+|send|receive|new_channel)'"
        r"|InvalidChannelLayerError: BACKEND is unconfigured or doesn't support groups"
    )
    # Without a layer there is no channel either (channels.consumer); in __init__ there never is.
    nameless = evidence.error(r"AttributeError: '\w+' object has no attribute 'channel_name'")
    if nameless and nameless.frames[-1].function != "__init__":
        found = found or nameless
    if found is None or evidence.events(LayerMade):
        return None
    project = evidence.project
    setting, where = project.setting(NAME), project.where_set(NAME)
    asked = "self.channel_layer is None: no channel layer is configured."
    if found is nameless:
        asked = "Without a channel layer there is no self.channel_name, and none is configured."
    if setting is None:
        for node in [n for s in project.settings_files for n in s.nodes(ast.Assign)]:
            name = getattr(node.targets[0], "id", "")
            if difflib.SequenceMatcher(None, name.upper(), NAME).ratio() > 0.8:
                return Explanation(
                    f"{asked} The setting is called {NAME}, letter by letter; here it is {name}.",
                    project.where_set(name),
                )
        for source in project.sources:
            for node in source.nodes(ast.Assign):
                if (
                    getattr(node.targets[0], "id", "") == NAME
                    and source not in project.settings_files
                ):
                    return Explanation(
                        f"{asked} {NAME} stands in a file that is not the settings, where nobody "
                        f"looks for it. Move it to {project.settings.path.name}.",
                        source.where(node),
                    )
        return Explanation(
            f"{asked} settings.py needs\n"
            "    CHANNEL_LAYERS = "
            '{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer",\n'
            '                                  "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}',
            where,
        )
    if isinstance(setting.value, ast.Dict):
        keys = [key.value for key in setting.value.keys if isinstance(key, ast.Constant)]
        if "default" not in keys:
            return Explanation(
                f'{NAME} has no layer called "default", the one consumers use (its keys: '
                f'{", ".join(map(repr, keys))}). Put BACKEND and CONFIG under "default".',
                where,
            )
    return Explanation(f'{asked} Look at {NAME}: it needs a layer called "default".', where)


@rule
def get_channel_layer_not_called(evidence):
    found = evidence.error(r"'function' object has no attribute '(group_\w+|send|new_channel)'")
    if found:
        return Explanation(
            "get_channel_layer is a function that gives the layer: call it, get_channel_layer(). "
            "In a consumer the layer is there already: self.channel_layer.",
            evidence.where(found),
        )


@rule
def backend_cannot_be_imported(evidence):
    found = evidence.error(r"Cannot import BACKEND '?(\S+?)'? specified for")
    if found is None:
        return None
    backend = re.search(r"BACKEND '?(\S+?)'? specified", found.message)[1]
    near = difflib.get_close_matches(backend, LAYERS, 1, 0.3)
    return Explanation(
        f"There is no channel layer {backend}. Did you mean {near[0] if near else LAYERS[0]}?",
        evidence.project.where_set(NAME),
    )


@rule(raised=r"InvalidChannelLayerError: No BACKEND specified for")
def backend_not_named(evidence, error):
    return Explanation(
        f'The layer in {NAME} names no "BACKEND", the class that it is: "BACKEND": "{LAYERS[0]}".',
        evidence.project.where_set(NAME),
    )


@rule
def backend_is_no_layer(evidence):
    """A class was found and made, and it has not what a layer has."""
    found = evidence.error(
        r"'(\w+)' object has no attribute '(new_channel|group_add|group_send|receive)'"
    )
    made = evidence.events(LayerMade)
    if found and made and found.message.split("'")[1] == made[-1].name.rpartition(".")[2]:
        if found.message.split("'")[3] != "new_channel":
            return None
        return Explanation(
            f"{made[-1]['name']} is no channel layer. Write {LAYERS[0]!r} as the BACKEND.",
            evidence.project.where_set(NAME),
        )
    found = evidence.error(r"TypeError: (\w*Cache)\.__init__\(\)")
    if found:
        name = found.message.split(".")[0]
        return Explanation(
            f"{name} is a cache of Django's, no channel layer. Write {LAYERS[0]!r} as the BACKEND.",
            evidence.project.where_set(NAME),
        )


@rule
def unknown_layer_option(evidence):
    found = evidence.error(r"ChannelLayer\.__init__\(\) got an unexpected keyword argument '(\w+)'")
    if found is None:
        return None
    option = found.message.split("'")[1]
    advice = {
        "host": 'The option is called "hosts", with an S, and takes a list.',
        "db": 'The database goes into the address: "redis://127.0.0.1:6379/1".',
        "port": 'The port goes into the address: "hosts": [("127.0.0.1", 6379)].',
        "hosts": "A layer in memory asks no Redis: take it away, or use "
        "channels_redis.core.RedisChannelLayer.",
    }.get(option, "CONFIG holds the layer's own options only, such as hosts.")
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


@rule
def hosts_malformed(evidence):
    found = evidence.error(
        r"Redis URL must specify one of the following schemes"
        r"|'int' object has no attribute 'decode'|(too many|not enough) values to unpack"
        r"|You must pass a list of Redis hosts"
        r"|'(str|int)' object (is not a mapping|has no attribute 'copy'|is not iterable)"
    )
    setting = evidence.project.setting(NAME)
    if found and _in_redis(found) and setting:
        return Explanation(
            'The layer cannot read "hosts". It is a list with one entry for each Redis: '
            '[("127.0.0.1", 6379)] or ["redis://127.0.0.1:6379"].',
            evidence.project.where_set(NAME, value_of(setting, "hosts")),
        )


def _in_redis(error):
    """Whether it was raised on the way to Redis."""
    return any({"redis", "channels_redis"} & set(frame.file.parts) for frame in error.frames)


@rule(raised=r"AuthenticationError|NOAUTH|WRONGPASS")
def redis_wants_a_password(evidence, error):
    if "without any password configured" in error.message:
        return Explanation(
            "This Redis has no password, and the address gives one. Remove it: "
            "redis://127.0.0.1:6379",
            evidence.project.where_set(NAME),
        )
    return Explanation(
        "Redis wants a password, or another one. Put it into the address: "
        "redis://:password@127.0.0.1:6379",
        evidence.project.where_set(NAME),
    )


@rule
def redis_address_malformed(evidence):
    found = evidence.error(
        r"^ValueError: (Port could not be cast|Port out of range|Invalid IPv6 URL)"
    )
    if found and _in_redis(found):
        return Explanation(
            f"The address of Redis cannot be read: {found.message}. It looks like this: "
            "redis://127.0.0.1:6379, or with the number of a database redis://127.0.0.1:6379/1.",
            evidence.project.where_set(NAME),
        )


@rule(raised=r"ResponseError: (DB index is out of range|invalid DB index)")
def redis_has_no_such_database(evidence, error, name):
    return Explanation(
        "Redis has no database of that number: they count from 0, and there are 16 unless its "
        "configuration says otherwise. The number stands at the end of the address.",
        evidence.project.where_set(NAME),
    )


@rule(advises=True)
def layer_key_not_read(evidence):
    """The first key of a layer that Channels does not look at: it reads BACKEND, CONFIG and
    TEST_CONFIG (channels.layers.ChannelLayerManager). A check fails by it where Redis was asked for
    at the address that is taken when none is given."""
    default = evidence.error(r"Error \S+ connecting to localhost:6379")
    setting = evidence.project.setting(NAME)
    if evidence.failure and not default:
        return None
    for layer in getattr(getattr(setting, "value", None), "values", ()):
        keys = [key for key in getattr(layer, "keys", ()) if isinstance(key, ast.Constant)]
        if "BACKEND" not in [key.value for key in keys]:
            continue
        for key in keys:
            if key.value in ("BACKEND", "CONFIG", "TEST_CONFIG"):
                continue
            like = str(key.value).upper() in ("CONFIG", "CONFIGS", "OPTIONS")
            advice = 'Call it "CONFIG".' if like else f'Put it into "CONFIG": {{"{key.value}": …}}.'
            return Explanation(
                f'Nobody reads "{key.value}" here: of a layer Channels takes "BACKEND" and '
                f'"CONFIG" alone. {advice}',
                evidence.project.where_set(NAME, key),
            )


@rule
def layer_flushed(evidence):
    """flush() closes the connections that others are waiting on."""
    if not evidence.saw(Refused, Closed, Silent, Crashed) or not evidence.errors:
        return None
    for consumer in evidence.consumers:
        for call in consumer.calls("flush"):
            return Explanation(
                "flush() empties the channel layer for everybody, all groups included, and closes "
                "its connections: it is for tests. To leave one group, call group_discard().",
                consumer.where(call),
            )


@rule(needs="groups", advises=True)
def layer_option_too_small(evidence):
    """Events that the layer lets go: too many for it, or too old, before anybody reads them. How
    many wait is a matter of luck, unless a server is held up; so it is said after a pass, too."""
    setting = evidence.project.setting(NAME)
    lost = evidence.saw(Silent) and not evidence.errors and evidence.layer_calls("group_send")
    if (evidence.failure and not lost) or setting is None:
        return None
    for option, least, what in (
        ("capacity", 20, "how many events may wait at once; more are lost, and nobody is told"),
        ("expiry", 2, "for how many seconds an event may wait; what is older is lost"),
    ):
        node = value_of(setting, option)
        value = getattr(node, "value", None)
        if isinstance(value, int | float) and value < least:
            return Explanation(
                f'"{option}" is {what}. {value} is too small.',
                evidence.project.where_set(NAME, node),
            )


@rule
def redis_does_not_answer(evidence):
    if any(consumer.calls("flush") for consumer in evidence.consumers):
        return None  # it closed the connections by itself
    found = evidence.error(
        r"ConnectionError: (Error \S+ connecting to|Connection closed by server|Connection reset)"
        r"|redis\S*TimeoutError: Timeout connecting"
    )
    # redis-py lets the operating system's own word through when it was just writing.
    cut = evidence.error(r"^(ConnectionResetError|BrokenPipeError)")
    found = found or (cut if cut and _in_redis(cut) else None)
    if found is None:
        return None
    where = re.search(r"connecting to (\S+?)\.? ", found.message + " ")
    address = f" at {where[1].rstrip('.')}" if where else ""
    setting = evidence.project.setting(NAME)
    named = setting and value_of(setting, "hosts")
    compare = (
        'compare the address with "hosts" in settings.py'
        if named
        else f'name its address in {NAME}: "CONFIG": {{"hosts": […]}}'
    )
    return Explanation(
        f"The channel layer asked for Redis{address}, and none answers there. Start it with "
        f"`python3 -m workshop`, and {compare}.",
        evidence.project.where_set(NAME),
    )


@rule
def redis_reading_timed_out(evidence):
    if evidence.error(r"TimeoutError: Timeout reading from"):
        setting = evidence.project.setting(NAME)
        if setting and "socket_timeout" in ast.dump(setting):
            advice = 'Take the "socket_timeout" away, or let it be longer than 5 s.'
        else:
            advice = (
                "Version 8 of redis-py gives up after 5 s by itself (channels_redis issue 422). "
                'Type: pip install "redis<8"'
            )
        return Explanation(
            "The layer waits up to 5 s at a time for messages from Redis; the connection gave up "
            f"earlier, which closes every quiet WebSocket. {advice}",
            evidence.project.where_set(NAME),
        )


def value_of(node, key):
    """The value that stands under `key` in a dictionary somewhere in `node`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Dict):
            for k, value in zip(child.keys, child.values, strict=True):
                if isinstance(k, ast.Constant) and k.value == key:
                    return value
    return None
