"""The consumer as Channels sees it: its base class and its methods."""

import ast
import difflib

from workshop.checking.events import Handles
from workshop.checking.explaining.consumer import handler_name
from workshop.checking.explaining.edits import above, imported, instead, renamed, taking, without
from workshop.checking.explaining.rules import Explanation, advice, rule

SIGNATURES = {
    "connect": "self",
    "receive": "self, text_data=None, bytes_data=None",
    "disconnect": "self, close_code",
    "receive_json": "self, content, **kwargs",
    "websocket_connect": "self, message",
    "websocket_receive": "self, message",
    "websocket_disconnect": "self, message",
}
GIVEN = {
    "connect": "self and nothing else",
    "receive": "self and what the browser sent, as text_data or bytes_data",
    "disconnect": "self and the close code",
    "receive_json": "self and the decoded message",
}
CALLED_BY_CHANNELS = ("connect", "disconnect", "receive", "receive_json")


@advice(needs="chat")
def browsers_code_is_run(evidence):
    """eval() of what was received."""
    for consumer in evidence.consumers:
        for call in (*consumer.calls("eval"), *consumer.calls("exec")):
            where = consumer.where(call)
            code = f"json.loads({evidence.code_at(where, call.args[0])})" if call.args else ""
            if isinstance(call.func, ast.Name) and code:
                return Explanation(
                    f"{call.func.id}() runs what it is given as Python: any browser can make your "
                    f"server do anything. JSON is read with `{code}`.",
                    where,
                )
    return None


@rule(raised=r"No handler for message type websocket\.(connect|receive|disconnect)")
def wrong_base_class(evidence, error, kind):
    consumer = evidence.consumer
    if consumer and any(name.startswith("websocket_") for name in consumer.methods):
        return Explanation(
            f"Channels found no method websocket_{kind} in {consumer.name}, which handles the "
            "WebSocket's events itself. "
            f"Write it, or derive the class from {consumer.base}, which has it.",
            consumer.where(),
        )
    base = consumer.base if consumer else "AsyncWebsocketConsumer"
    line = f"from channels.generic.websocket import {base}"
    bases = (
        [b for b in consumer.node.bases if ast.unparse(b).endswith("Consumer")] if consumer else []
    )
    edits = [instead(bases[0], base), *imported(consumer.source, line)] if len(bases) == 1 else []
    return Explanation(
        f"Channels found no method websocket_{kind}. Derive the class from {base}, which has it "
        f"and calls your connect, receive and disconnect. Import it with\n    {line}",
        consumer.where() if consumer else None,
        evidence.suggest(consumer.where(), *edits) if edits else None,
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
    if consumer is None:
        return Explanation(
            f"Channels could not call {name}: {error.message.split('. Did you')[0]}. "
            f"Write `{name}({SIGNATURES[name]})`.",
            evidence.where(error),
        )
    method = consumer.methods[name]
    where = consumer.where(method)
    right = "receive_json" if name == "receive" and consumer.is_json else name
    if right == name:
        why = f"Channels could not call {name}(): it passes {GIVEN.get(name, 'self and an event')}."
    else:
        why = "A Json consumer decodes what the browser sent, and calls receive_json() with it."
    change, also = _taking(evidence, where, method, SIGNATURES[right])
    word = "async def" if isinstance(method, ast.AsyncFunctionDef) else "def"
    if right != name:
        change = change and [*change, renamed(method, right)]
    return Explanation(
        f"{why} Write\n    {word} {right}({SIGNATURES[right]}):{also}",
        where,
        evidence.suggest(where, *change),
    )


def _taking(evidence, where, method, signature):
    """The changes that make the method take these arguments, and what to say of the names in it.
    What it takes under another name gets the right one; none where it takes and uses more."""
    source = evidence.project.source_at(where)
    wanted = [word.partition("=")[0].strip("* ") for word in signature.split(",")]
    every = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
    others = [argument.arg for argument in every if argument.arg not in wanted]
    used = [n for n in ast.walk(method) if isinstance(n, ast.Name) and n.id in others]
    new = next((n for n in wanted[1:2] if all(argument.arg != n for argument in every)), None)
    change = [taking(source, method, signature)]
    if not used:
        return change, ""
    if len(others) > 1 or new is None or method.args.vararg:
        return [], ""
    renames = [instead(node, new) for node in used]
    return [*change, *renames], f"\nand {new} instead of {others[0]} below."


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
            return _without_init(evidence, consumer, init)


def _without_init(evidence, consumer, init):
    source, where = evidence.project.source_at(consumer.where(init)), consumer.where(init)
    calls_super = "super().__init__(" in ast.unparse(init)
    does = [line for line in init.body if "super().__init__(" not in ast.unparse(line)]
    if not does:
        return Explanation(
            f"Channels calls the __init__ of {consumer.name} without these arguments. "
            "What a consumer is given is available from connect() on. "
            "Remove __init__.",
            where,
            evidence.suggest(where, without(init)),
        )
    why = (
        "which runs before Channels has given the object its scope, channel_name and channel_layer"
    )
    if not calls_super:
        why = "which does not call super().__init__(), so the object lacks what its base class sets"
    connect = consumer.methods.get("connect")
    taken = {argument.arg for argument in init.args.args[1:]}
    uses = any(getattr(n, "id", None) in taken for line in does for n in ast.walk(line))
    lines = source.text.split("\n")
    moved = "\n".join("\n".join(lines[n.lineno - 1 : n.end_lineno]) for n in does)
    certain = connect and not uses and evidence.project.source_at(consumer.where(connect)) is source
    return Explanation(
        f"{consumer.name} has an __init__, {why}. "
        "Remove __init__, and move what it does to the beginning of connect().",
        where,
        evidence.suggest(where, without(init), above(connect.body[0], moved)) if certain else None,
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
                        f"{name}() is never called: Channels calls a method named exactly "
                        f"{near[0]}, so the one of the base class was called instead.",
                        consumer.where(method),
                    )
