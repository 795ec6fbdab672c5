"""What goes wrong between the layer and the browsers of a process."""

import ast

from checks.step5_people.diagnoses.seen import calls, methods, names_in
from checks.step7_scale.diagnoses.seen import functions, loops_around, of_the_layer, takes
from checks.step7_scale.failures import EncodedTwice, TakenAgain
from workshop.checking.explaining.edits import above, instead, instead_of_all, removed
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.failures import Closed, Silent

JOIN = "await self.layer.group_add(self.room_group_name, self.channel)"
LISTEN = """

    while True:
        event = await self.layer.receive(self.channel)
        await self.handle(event)
"""


@rule
def relay_does_not_listen(evidence):
    """Nothing takes what comes to the relay's channel."""
    if not evidence.saw_only(Silent) or takes(evidence) or of_the_layer(evidence, "receive"):
        return None
    found = functions(evidence, "listen") or functions(evidence, "run")
    source, function = found[0] if found else (None, None)
    return Explanation(
        "What is sent to the room's group comes to the relay's channel, and nothing takes it from "
        f"there. Once it is in the group (`{JOIN}`), take one event after another:{LISTEN}",
        source.where(function) if source else None,
    )


@rule
def relay_not_in_the_group(evidence):
    """It listens, and nobody has added its channel."""
    if not evidence.saw_only(Silent) or takes(evidence) or evidence.layer_calls("group_add"):
        return None
    if not of_the_layer(evidence, "receive"):
        return None
    for source, function in functions(evidence, "run"):
        for call in calls(function, "newest_id", "listen"):
            statement = evidence.statement_at(source.where(call))
            return Explanation(
                "The relay listens at its channel, and the channel is in no group: nothing is sent "
                f"to it. Join before anything is read: `{JOIN}`",
                source.where(function),
                evidence.suggest(source.where(function), above(statement, JOIN)),
            )
    return None


@rule
def relay_with_a_prefix_of_its_own(evidence):
    """new_channel("relay") with the core layer: its lock is held by those who have another one."""
    layers = getattr(evidence.settings_read, "channel_layers", None) or {}
    core = "channels_redis.core" in str(layers.get("default"))
    if not evidence.saw_only(Silent) or not core:
        return None
    for source, _, call in of_the_layer(evidence, "new_channel"):
        if call.args or call.keywords:
            where = source.where(call)
            changed = f"{source.code(call.func)}()"
            return Explanation(
                "With RedisChannelLayer, all who wait in a process share a lock: whoever has it "
                "takes only the events of its own prefix. While a consumer has it, a channel with "
                f"another prefix gets nothing. Write `{changed}`.",
                where,
                evidence.suggest(where, instead(call, changed)),
            )
    return None


@rule
def relay_takes_one_event(evidence):
    """receive() without a loop."""
    if not evidence.saw(Silent, Closed) or not evidence.layer_calls("receive"):
        return None
    for source, function, call in of_the_layer(evidence, "receive"):
        if loops_around(function, call) or function.name in ("receive", "__call__"):
            continue
        where, body = source.where(call), function.body
        first = next(number for number, one in enumerate(body) if call in ast.walk(one))
        code = "\n".join(f"    {line}" for one in body[first:] for line in _lines(source, one))
        return Explanation(
            "This takes one event, and then the relay is done: the next one is taken by nobody. "
            "Take them in a loop: `while True:`",
            where,
            evidence.suggest(where, instead_of_all(body[first:], f"while True:\n{code}")),
        )
    return None


def _lines(source, statement):
    lines = source.text.split("\n")[statement.lineno - 1 : statement.end_lineno]
    return [line[statement.col_offset :] for line in lines]


@rule
def relay_ends_at_once(evidence):
    """asyncio.create_task(self.listen()): run() goes on, and leaves the group."""
    if not evidence.saw_only(Silent):
        return None
    for source, function in functions(evidence, "run"):
        for call in calls(function, "create_task", "ensure_future"):
            if not calls(call, "listen"):
                continue
            where, listens = source.where(call), source.code(call.args[0])
            return Explanation(
                "run() is a task already. It starts another one here, comes to its end, and leaves "
                f"the group, so nothing is sent to the relay any more. Write `await {listens}`.",
                where,
                evidence.suggest(where, instead(call, f"await {listens}")),
            )
    return None


@rule
def relay_in_another_group(evidence):
    """It joins a group to which nobody sends."""
    if not evidence.saw_only(Silent) or takes(evidence):
        return None
    sent = {call.group for call in evidence.layer_calls("group_send")}
    for call in evidence.layer_calls("group_add"):
        where = evidence.place(call)
        if call.group in sent or not sent or where is None:
            continue
        for written in evidence.nodes_at(where, ast.Call):
            if calls(written, "group_add") and written.args:
                return Explanation(
                    f"The relay joins the group '{call.group}', and messages are sent to "
                    f"'{min(sent)}'. Write `self.room_group_name`.",
                    where,
                    evidence.suggest(where, instead(written.args[0], "self.room_group_name")),
                )
    return None


@rule
def relay_listens_to_the_group(evidence):
    """receive(self.room_group_name)"""
    for source, _, call in of_the_layer(evidence, "receive"):
        if call.args and "group" in source.code(call.args[0]):
            where = source.where(call)
            return Explanation(
                "Events are received from a channel, not from a group: the layer has copied each "
                "of them to all channels that are in the group. Write `self.channel`.",
                where,
                evidence.suggest(where, instead(call.args[0], "self.channel")),
            )
    return None


@rule
def relay_gives_up(evidence):
    """A timeout around receive(): a quiet room ends it."""
    if not evidence.error(r"TimeoutError"):
        return None
    for source, _, call in of_the_layer(evidence, "receive"):
        for waits in evidence.nodes_at(source.where(call), ast.Call):
            if calls(waits, "wait_for") and call in waits.args:
                where = source.where(waits)
                return Explanation(
                    "It is normal that nobody speaks for a while, but here that ends the "
                    f"relay. Wait for as long as it takes: `await {source.code(call)}`",
                    where,
                    evidence.suggest(where, instead(waits, source.code(call))),
                )
    return None


@rule
def every_browser_is_a_member(evidence):
    """The consumers join the group, too."""
    unhandled = evidence.error(r"No handler for message type (?:chat|people)\.")
    if not evidence.saw(TakenAgain) and not unhandled:
        return None
    for consumer, method in methods(evidence, "connect"):
        for call in calls(method, "group_add"):
            where = consumer.where(call)
            return Explanation(
                "The relay is in the group for all browsers of this process. This adds each of "
                "them as well: every event is copied, sent and read for each. Remove this line.",
                where,
                evidence.suggest(where, removed(consumer.source, evidence.statement_at(where))),
            )
    return None


@rule
def relay_for_each_browser(evidence):
    """join() makes a new one for each."""
    if not evidence.saw_only(TakenAgain):
        return None
    for source, function in functions(evidence, "join"):
        if "rooms" not in names_in(function):
            makes = calls(function, "cls", "Relay")
            where = source.where(makes[0] if makes else function)
            changed = f"cls.rooms.get(room_name) or {source.code(makes[0])}" if makes else ""
            return Explanation(
                f"{evidence.failure} Each browser gets a relay of its own here. Look first for the "
                "one that the room has: `cls.rooms.get(room_name)`",
                where,
                evidence.suggest(where, instead(makes[0], changed)) if makes else None,
            )
    return None


@rule
def frame_not_encoded(evidence):
    """hand_over(message.as_frame()): a dictionary is not a text."""
    if not evidence.saw(Closed, Silent) or not evidence.logged("can be sent nothing more"):
        return None
    for source, function in functions(evidence, "chat_message"):
        for call in calls(function, "hand_over"):
            if calls(function, "dumps") and "dumps" not in names_in(call):
                encoded = [n.id for n in ast.walk(call) if isinstance(n, ast.Name)]
                if "text" in encoded:
                    continue
            where = source.where(call)
            return Explanation(
                "What is handed over here is not a text, and only texts can be sent: "
                "`text = json.dumps(message.as_frame())` before the loop, and then "
                "`consumer.hand_over(text, message.id)`.",
                where,
                evidence.suggest(where, *_encoded(source, function, call)),
            )
    return None


def _encoded(source, function, call):
    """The changes with which json.dumps() is called."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and calls(node.value, "as_frame"):
            if not calls(node.value, "dumps"):
                return [instead(node.value, f"json.dumps({source.code(node.value)})")]
    return [instead(call.args[0], "text")] if call.args else []


@rule
def encoded_for_each_browser(evidence):
    if not evidence.saw_only(EncodedTwice):
        return None
    for source in evidence.project.sources:
        if "relay" not in source.path.name and "consumers" not in source.path.name:
            continue
        for function in ast.walk(source.tree or ast.Pass()):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in calls(function, "dumps"):
                loops = [one for one in loops_around(function, call) if _over_browsers(one)]
                if not loops and function.name not in ("hand_over", "write", "send_message"):
                    continue
                return Explanation(
                    f"{evidence.failure} The text is the same for all of them: encode it once, "
                    "before the loop over the browsers, and hand over that text to each.",
                    source.where(call),
                    _once(evidence, source, loops[0], call) if loops else None,
                )
    return None


def _over_browsers(loop):
    return isinstance(loop, ast.For) and "browsers" in names_in(loop.iter)


def _once(evidence, source, loop, call):
    """The edit that encodes before the loop; None where the text depends on the browser."""
    if names_in(call) & names_in(loop.target):
        return None
    code = f"text = {source.code(call)}"
    return evidence.suggest(source.where(call), above(loop, code), instead(call, "text"))
