"""The consumer as Channels meets it: its base class and its methods."""

import difflib

from workshop.checking.events import Handles
from workshop.checking.explaining.rules import Explanation, advice, rule
from workshop.checking.explaining.source import handler_name

SIGNATURES = {
    "connect": "connect(self)",
    "receive": "receive(self, text_data=None, bytes_data=None)",
    "disconnect": "disconnect(self, close_code)",
    "receive_json": "receive_json(self, content, **kwargs)",
    "websocket_connect": "websocket_connect(self, message)",
    "websocket_receive": "websocket_receive(self, message)",
    "websocket_disconnect": "websocket_disconnect(self, message)",
}
CALLED_BY_CHANNELS = ("connect", "disconnect", "receive", "receive_json")


@rule(raised=r"No handler for message type websocket\.(connect|receive|disconnect)")
def wrong_base_class(evidence, error, kind):
    consumer = evidence.consumer
    if consumer and any(name.startswith("websocket_") for name in consumer.methods):
        return Explanation(
            f"Channels found no method websocket_{kind} in {consumer.name}, which handles the "
            "WebSocket's events by itself. "
            f"Write it, or derive the class from {consumer.base}, which has it.",
            consumer.where(),
        )
    base = consumer.base if consumer else "AsyncWebsocketConsumer"
    return Explanation(
        f"Channels found no method websocket_{kind}. "
        f"Derive the class from {base} (in channels.generic.websocket), "
        "which has it and calls your connect, receive and disconnect.",
        consumer.where() if consumer else None,
    )


@rule(
    raised=r"TypeError: (?:[\w.<>]+\.)?((?:websocket_)?(?:connect|receive|disconnect|receive_json))"
    r"\(\) (?:takes|got an unexpected keyword argument|missing|got multiple values)"
)
def wrong_signature(evidence, error, name):
    """A handler that cannot take what Channels gives it: Channels' own line could not call it."""
    if not error.frames or evidence.raised_by_them(error):
        return None
    consumer = evidence.consumer_with(name)
    if name == "receive" and consumer and consumer.is_json:
        advice = "A Json consumer decodes for you and calls receive_json(self, content): rename it."
    else:
        advice = f"Write it as {SIGNATURES[name]}."
    return Explanation(
        f"Channels could not call {name}: {error.message.split('. Did you')[0]}. {advice}",
        consumer.where(consumer.methods[name]) if consumer else evidence.where(error),
    )


@rule
def init_of_consumer(evidence):
    """__init__ runs before Channels has given the object anything."""
    error = (
        evidence.error(r"TypeError: 'NoneType' object is not iterable")
        or evidence.error(r"TypeError: [\w.]*__init__\(\) (missing|takes|got an unexpected)")
        or evidence.error(r"has no attribute '(scope|channel_layer|channel_name|base_send)'")
    )
    where = error and evidence.where(error)
    for consumer in evidence.consumers if error else ():
        init = consumer.methods.get("__init__")
        in_init = where and consumer.method_at(where) is init
        in_channels = "groups" in error.code
        if init and (in_init or in_channels or "__init__" in error.message):
            return Explanation(
                f"{consumer.name} has an __init__, which runs before Channels has given the object "
                "its scope, channel_name and channel_layer. Move what it does to connect().",
                consumer.where(init),
            )


@advice(needs="chat")
def method_never_called(evidence):
    """Almost the name of a method that Channels calls: the inherited one ran in its place."""
    handled = {handler_name(event.type) for event in evidence.events(Handles)}
    for consumer in evidence.consumers:
        skip = consumer.is_bare or consumer.finds_methods_by_name
        for name, method in () if skip else consumer.methods.items():
            near = difflib.get_close_matches(name.removeprefix("on_"), CALLED_BY_CHANNELS, 1, 0.8)
            called = name in handled or name in CALLED_BY_CHANNELS or consumer.is_named(name)
            if near and near[0] not in consumer.methods and not called:
                if not method.decorator_list:
                    return Explanation(
                        f"{name}() is never called: "
                        f"Channels calls a method named {near[0]}, letter by letter, "
                        "and the one of the base class was called in its place.",
                        consumer.where(method),
                    )
