"""The channel layer: groups, their messages and handlers, Redis and its settings."""

import ast
import difflib
import re

from workshop.checking.diagnosing import Catalogue
from workshop.checking.failures import Closed, Heard, Silent, StillInGroup
from workshop.checking.source import last_name

catalogue = Catalogue()
diagnosis, error = catalogue.diagnosis, catalogue.error


# The setting


@diagnosis("channel-layers-missing")
def _(evidence):
    found = evidence.error(
        r"'NoneType' object has no attribute '(group_\w+|send|receive|new_channel)'"
    )
    if found is None:
        return None
    project = evidence.project
    settings = project.settings
    setting = project.setting("CHANNEL_LAYERS")
    asked = "self.channel_layer is None: no channel layer is configured."
    if setting is None:
        near = project.setting("CHANNEL_LAYER")
        if near:
            return (
                f"{asked} The setting is called CHANNEL_LAYERS, with an S.",
                settings.where(near),
            )
        return (
            f"{asked} settings.py needs\n"
            '    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer",\n'
            '                                  "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}',
            settings.where() if settings else None,
        )
    if isinstance(setting.value, ast.Dict):
        keys = [key.value for key in setting.value.keys if isinstance(key, ast.Constant)]
        if "default" not in keys:
            return (
                'CHANNEL_LAYERS has no layer called "default", the one consumers use (its keys: '
                f'{", ".join(map(repr, keys))}). Put BACKEND and CONFIG under "default".',
                settings.where(setting),
            )


@diagnosis("backend-cannot-be-imported")
def _(evidence):
    found = evidence.error(r"Cannot import BACKEND '?(\S+?)'? specified for")
    if found is None:
        return None
    backend = re.search(r"BACKEND '?(\S+?)'? specified", found.message)[1]
    known = [
        "channels_redis.core.RedisChannelLayer",
        "channels_redis.pubsub.RedisPubSubChannelLayer",
        "channels.layers.InMemoryChannelLayer",
    ]
    near = difflib.get_close_matches(backend, known, 1, 0.3)
    settings = evidence.project.settings
    return (
        f"There is no channel layer {backend}. Did you mean {near[0] if near else known[0]}?",
        settings.where(evidence.project.setting("CHANNEL_LAYERS")) if settings else None,
    )


@diagnosis("unknown-layer-option")
def _(evidence):
    found = evidence.error(r"ChannelLayer\.__init__\(\) got an unexpected keyword argument '(\w+)'")
    if found is None:
        return None
    option = found.message.split("'")[1]
    advice = {
        "host": 'The option is called "hosts", with an S, and takes a list.',
        "db": 'The database goes into the address: "redis://127.0.0.1:6379/1".',
    }.get(option, "CONFIG holds the layer's own options only, such as hosts.")
    settings = evidence.project.settings
    return (
        f"The channel layer has no option {option!r}. {advice}",
        settings.where(evidence.project.setting("CHANNEL_LAYERS")) if settings else None,
    )


@diagnosis("hosts-malformed")
def _(evidence):
    found = evidence.error(
        r"Redis URL must specify one of the following schemes|'int' object has no attribute 'decode'"
        r"|too many values to unpack|You must pass a list of Redis hosts"
    )
    setting = evidence.project.setting("CHANNEL_LAYERS")
    if found and setting:
        return (
            'The layer cannot read "hosts". It is a list with one entry for each Redis: '
            '[("127.0.0.1", 6379)] or ["redis://127.0.0.1:6379"].',
            evidence.project.settings.where(_value_of(setting, "hosts") or setting),
        )


@diagnosis("redis-does-not-answer")
def _(evidence):
    found = evidence.error(
        r"ConnectionError: (Error \S+ connecting to|Connection closed by server|Connection reset)"
    ) or evidence.error(r"ConnectionRefusedError|redis.*TimeoutError: Timeout connecting")
    if found is None:
        return None
    if evidence.step == "step2":
        return None
    where = re.search(r"connecting to (\S+?)\.? ", found.message + " ")
    address = f" at {where[1].rstrip('.')}" if where else ""
    setting = evidence.project.setting("CHANNEL_LAYERS")
    return (
        f"The channel layer asked for Redis{address}, and none answers there. Start it with "
        '`python3 -m workshop`, and compare the address with "hosts" in settings.py.',
        evidence.project.settings.where(setting) if setting else None,
    )


error(
    "redis-wants-a-password",
    r"AuthenticationError|NOAUTH",
    "Redis wants a password. Put it into the address: redis://:password@127.0.0.1:6379",
)

error(
    "redis-py-8",
    r"TimeoutError: Timeout reading from",
    "The layer waits 5 s for messages, and this version of redis-py gives up after 5 s, which "
    'closes every quiet WebSocket (channels_redis issue 422). Type: pip install "redis<8"',
)


# Groups


@diagnosis("type-collides")
def _(evidence):
    """A type that names a method of the consumer's own machinery, which gets the event."""
    if not evidence.saw(Closed) or not evidence.errors:
        return None
    for kind in _sent_types(evidence):
        if kind.replace(".", "_") in (
            "send",
            "receive",
            "accept",
            "close",
            "connect",
            "disconnect",
        ):
            return (
                f'A message of type "{kind}" goes to the method {kind.replace(".", "_")}, which '
                "Channels uses for something else. Take a type of your own, such as "
                '"chat.message", and write chat_message for it.',
                _type_at(evidence, kind),
            )


error(
    "type-not-text",
    r"AttributeError: '(int|float|list|dict|tuple)' object has no attribute '(?:replace|startswith)'",
    'The "type" of a message to the group is a text such as "chat.message"; here it is of type {0}.',
)

error(
    "group-name-invalid",
    r"Group name must be (?s:.*)",
    "That is no name for a group. It takes letters, digits, hyphens, underscores and full stops, "
    "fewer than 100 of them, and comes before the channel's name: group_add(group, channel).",
)


@diagnosis("room-group-name-lost")
def _(evidence):
    found = evidence.error(
        r"AttributeError: '\w+' object has no attribute '(\w*(?:group|room)\w*)'"
    )
    if found is None:
        return None
    name = found.message.split("'")[3]
    return (
        f"self.{name} is not there: it was never set, or set without self. in front, and then it "
        f"is gone when connect() ends. In connect(), write self.{name} = …",
        evidence.where(found),
    )


@diagnosis("handler-missing")
def _(evidence):
    found = evidence.error(r"No handler for message type (.+)")
    if found is None:
        return None
    kind = found.message.removeprefix("No handler for message type ").rstrip(".")
    if kind in ("websocket.connect", "websocket.receive", "websocket.disconnect"):
        return None  # the class is no WebSocket consumer: see consumer.py
    if kind.startswith("websocket."):
        return (
            f'The message to the group has the type "{kind}", which is a name of ASGI\'s own. Give '
            'it a name of yours, such as "chat.message", and write a method chat_message for it.',
            _type_at(evidence, kind),
        )
    wanted = kind.replace(".", "_")
    if not wanted.isidentifier():
        return (
            f'No method can be called "{wanted}": Channels makes the handler\'s name from the '
            f'type "{kind}" and turns only dots into underscores. Write "chat.message".',
            _type_at(evidence, kind),
        )
    for consumer in evidence.project.consumers:
        near = difflib.get_close_matches(
            wanted, set(consumer.methods) - {"connect", "receive", "disconnect"}, 1, 0.5
        )
        words = [
            n
            for n in consumer.methods
            if sorted(re.findall(r"[a-z]+", _snake(n))) == sorted(wanted.split("_"))
        ]
        name = (words or near or [None])[0]
        if name:
            return (
                f'A message of type "{kind}" goes to a method called {wanted}; yours is called '
                f"{name}. Make the two agree.",
                consumer.where(consumer.methods[name]),
            )
    return (
        f'The group got a message of type "{kind}", and no consumer has the method that takes it: '
        f"{wanted}. Write `async def {wanted}(self, event)`, and let it send to its own browser.",
        _type_at(evidence, kind),
    )


def _snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@diagnosis("handler-signature")
def _(evidence):
    found = evidence.error(
        r"TypeError: \w+\.(?!connect|receive|disconnect)\w+\(\) (takes 1 positional argument but 2"
        r"|missing \d+ required positional)"
    )
    if found is None or not _sent_types(evidence):
        return None
    name = found.message.split("(")[0].rpartition(".")[2]
    for consumer in evidence.project.consumers:
        if name in consumer.methods and name in {
            t.replace(".", "_") for t in _sent_types(evidence)
        }:
            return (
                "A group's message reaches its handler as one dictionary. Write it as "
                f"{name}(self, event).",
                consumer.where(consumer.methods[name]),
            )


error(
    "async-to-sync-in-async-code",
    r"You cannot use AsyncToSync in the same thread as an async event loop",
    "async_to_sync is for synchronous code. This consumer is asynchronous: take async_to_sync "
    "away and write await.",
)

error(
    "group-send-arguments",
    r"group_(add|send|discard)\(\) (missing|takes|got an unexpected)",
    "group_add and group_discard take the group's name and self.channel_name; group_send takes the "
    'group\'s name and one dictionary with a "type".',
)

error(
    "message-without-type",
    r"(ValueError: Incoming message has no 'type' attribute|KeyError: 'type')",
    'A message to the group needs a "type", which names the method that takes it: '
    '{{"type": "chat.message", "message": message}}',
)

error(
    "message-not-serializable",
    r"TypeError: can not serialize '(\w+)' object",
    "Redis cannot carry a {0}. Put only text, numbers, lists and dictionaries into a message for "
    "the group.",
)


# Who hears what


@diagnosis("echo-instead-of-group")
def _(evidence):
    """The sender heard it, the others did not: self.send() where group_send() belongs."""
    if not evidence.saw(Silent) or evidence.step != "step3" or evidence.errors:
        return None
    if evidence.check != "test_everyone_in_the_room_hears_it":
        return None
    consumers = evidence.project.consumers
    if any(consumer.calls("group_send") for consumer in consumers):
        return None
    for consumer in consumers:
        for method in ("receive", "receive_json"):
            for name in ("send", "send_json"):
                for call in consumer.calls(name, method):
                    joins = any(last_name(n) == "group_add" for n in ast.walk(consumer.node))
                    join = "" if joins else "join its group in connect(), with group_add(…), and "
                    return (
                        "self.send() reaches one browser: the one this consumer belongs to. To "
                        f"reach the room, {join}send to its group through the channel layer: "
                        "self.channel_layer.group_send(…)",
                        consumer.where(call),
                    )


@diagnosis("group-add-missing")
def _(evidence):
    """Messages go to a group that nobody has joined."""
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for consumer in evidence.project.consumers:
        sends = consumer.calls("group_send")
        joins = [n for n in ast.walk(consumer.node) if last_name(n) == "group_add"]
        groups = [
            n
            for n in consumer.node.body
            if isinstance(n, ast.Assign) and any(last_name(t) == "groups" for t in n.targets)
        ]
        groups += [
            n
            for n in ast.walk(consumer.node)
            if isinstance(n, ast.Attribute) and n.attr == "groups"
        ]
        if sends and not joins and not groups:
            return (
                "The consumer sends to a group that no consumer has joined. In connect(), add its "
                "channel: await self.channel_layer.group_add(self.room_group_name, "
                "self.channel_name)",
                consumer.where(consumer.methods.get("connect")),
            )


@diagnosis("group-names-differ")
def _(evidence):
    if not evidence.saw(Silent) or evidence.errors:
        return None
    for consumer in evidence.project.consumers:
        add, send = consumer.calls("group_add"), consumer.calls("group_send")
        if add and send and add[0].args and send[0].args:
            joined, sent = (ast.unparse(call.args[0]) for call in (add[0], send[0]))
            if joined != sent:
                return (
                    f"The consumer joins the group {joined} and sends to the group {sent}. Use the "
                    "same name for both, such as self.room_group_name.",
                    consumer.where(send[0]),
                )


@diagnosis("heard-twice")
def _(evidence):
    if not evidence.saw(Heard) or "twice" not in evidence.failure.message:
        return None
    for consumer in evidence.project.consumers:
        if consumer.calls("group_send", "receive"):
            for call in consumer.calls("send", "receive") + consumer.calls("send_json", "receive"):
                return (
                    "The sender gets it twice: once from self.send() here, once from the group, "
                    "to which it belongs too. Take this self.send() away.",
                    consumer.where(call),
                )


@diagnosis("one-group-for-all-rooms")
def _(evidence):
    if not evidence.saw(Heard) or evidence.check != "test_another_room_hears_nothing":
        return None
    for consumer in evidence.project.consumers:
        for call in consumer.calls("group_add"):
            name = call.args[0] if call.args else None
            if isinstance(name, ast.Constant) or _constant_attribute(consumer, name):
                return (
                    "Every room joins the same group. Let its name contain the room's: "
                    'self.room_group_name = "chat_" + self.scope["url_route"]["kwargs"]["room_name"]',
                    consumer.where(call),
                )


def _constant_attribute(consumer, node):
    """Whether `self.x` or `x` is only ever set to a text that does not depend on the room."""
    name = last_name(node) if node is not None else None
    values = [
        n.value
        for n in ast.walk(consumer.source.tree)
        if isinstance(n, ast.Assign) and any(last_name(t) == name for t in n.targets)
    ]
    return bool(values) and all(isinstance(value, ast.Constant) for value in values)


@diagnosis("group-discard-missing")
def _(evidence):
    if not evidence.saw(StillInGroup):
        return None
    for consumer in evidence.project.consumers:
        leaves = [n for n in ast.walk(consumer.node) if last_name(n) == "group_discard"]
        if not leaves:
            return (
                "Everybody has left the room, and Redis still counts them as members: group_add "
                "without group_discard. In disconnect(), write: await self.channel_layer."
                "group_discard(self.room_group_name, self.channel_name)",
                consumer.where(consumer.methods.get("disconnect")),
            )
        where = consumer.where(leaves[0])
        return (
            "Everybody has left the room, and Redis still counts them as members: group_discard "
            "stands here, but it was not run for this group and this channel. It takes the same two "
            "arguments as group_add, and belongs into disconnect(self, close_code).",
            where,
        )


@diagnosis("memory-of-one-process")
def _(evidence):
    """One server's browsers hear each other, the other server's do not."""
    if not evidence.saw(Silent) or evidence.check != "test_two_servers_share_the_room":
        return None
    settings, setting = evidence.project.settings, evidence.project.setting("CHANNEL_LAYERS")
    in_memory = setting and "InMemoryChannelLayer" in ast.dump(setting.value)
    if in_memory:
        return (
            "Ana's server and Ben's are two processes, and InMemoryChannelLayer keeps groups in the "
            'memory of one. Let both use Redis: BACKEND "channels_redis.core.RedisChannelLayer".',
            settings.where(_value_of(setting, "BACKEND") or setting),
        )


def _sent_types(evidence):
    """The types of the messages that are sent to groups, where they are written out."""
    return {
        value.value
        for consumer in evidence.project.consumers
        for call in consumer.calls("group_send")
        for value in [_value_of(call, "type")]
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _type_at(evidence, kind):
    for consumer in evidence.project.consumers:
        for call in consumer.calls("group_send"):
            value = _value_of(call, "type")
            if isinstance(value, ast.Constant) and value.value == kind:
                return consumer.where(value)
    return None


def _value_of(node, key):
    """The value that stands under `key` in a dictionary somewhere in `node`."""
    for child in ast.walk(node):
        if isinstance(child, ast.Dict):
            for k, value in zip(child.keys, child.values, strict=True):
                if isinstance(k, ast.Constant) and k.value == key:
                    return value
    return None
