"""Whether groups are left, and shared by several servers."""

import ast

from checks.diagnoses.groups import shown
from workshop.checking.events import Handles, LayerCall, LayerMade
from workshop.checking.explaining.edits import (
    below,
    ended_with,
    first_in,
    imported,
    instead,
    renamed,
)
from workshop.checking.explaining.nodes import calls_in, last_name, value_of
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.spelling import nearest
from workshop.checking.failures import SilentElsewhere, StillInGroup

REDIS = '"channels_redis.core.RedisChannelLayer"'
HOSTS = '"hosts": [os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")]'


@rule
def group_discard_of_another_group(evidence):
    """The channel layer was told which group was joined, and that another one was left."""
    joined = [(call.group, call.channel) for call in evidence.layer_calls("group_add")]
    for call in evidence.layer_calls("group_discard") if joined else ():
        if evidence.saw(StillInGroup) and (call.group, call.channel) not in joined:
            where, first = evidence.where_called(call), evidence.layer_calls("group_add")[0]
            left = _arguments(evidence, where, "group_discard")
            added = _arguments(evidence, evidence.where_called(first), "group_add")
            written = [ast.unparse(argument) for argument in added]
            own = all(code.startswith("self.") for code in written) and len(left) == len(written)
            code = f"group_discard({', '.join(written)})"
            return Explanation(
                f"The consumer joined the group {shown(joined[0][0])} and left "
                f"{shown(call.group)}. group_discard() takes the same two arguments as "
                + (f"group_add():\n    {code}" if own and written else "group_add()."),
                where,
                evidence.suggest(where, *map(instead, left, written)) if own and written else None,
            )


def _arguments(evidence, where, name):
    """What the layer's method is called with at the place: directly, or through async_to_sync."""
    for call in evidence.nodes_at(where, ast.Call):
        inner = call.func.args[:1] if isinstance(call.func, ast.Call) else [call.func]
        if inner and last_name(inner[0]) == name and not call.keywords:
            return call.args
    return []


@rule
def group_discard_not_run(evidence):
    if not evidence.saw(StillInGroup) or evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        for node in consumer.mentions("group_discard"):
            where = consumer.where(node)
            method, own = consumer.method_at(where), consumer.methods.get("disconnect")
            name = method.name if method else ""
            names = [name.removeprefix("on_"), name]
            advice, edit = "Call it in disconnect(), when a browser has left.", None
            if method and own and len(method.args.args) == 1:
                at = consumer.where(own)
                call = evidence.call_for(at, f"self.{name}", "")
                advice = f"End disconnect() with\n    {call}"
                edit = evidence.suggest(at, *ended_with(own, call))
            elif own is None and ("disconnect" in names or nearest("disconnect", names)):
                advice = f"Channels never calls {name}(). Rename it to disconnect."
                edit = evidence.suggest(where, renamed(method, "disconnect"))
            return Explanation(
                "The consumer never left the group: group_discard is here, in "
                f"{name or 'no method'}(), but that did not run. "
                f"{advice}",
                where,
                edit,
            )


@rule
def group_discard_missing(evidence):
    if not evidence.saw(StillInGroup) or evidence.layer_calls("group_discard"):
        return None
    for consumer in evidence.consumers:
        if not consumer.mentions("group_discard"):
            method = consumer.methods.get("disconnect")
            where = consumer.where(method)
            discard = "self.channel_layer.group_discard"
            code = evidence.call_for(where, discard, f"{evidence.group}, self.channel_name")
            if method:
                change = ended_with(method, code)
            else:
                word = "async def" if consumer.is_async else "def"
                whole = f"{word} disconnect(self, close_code):\n    {code}"
                change = [below(consumer.node.body[-1], whole)]
            return Explanation(
                "The consumer joined the group with group_add() but never left it. "
                "In disconnect(self, close_code), write\n"
                f"    {code}",
                where,
                evidence.suggest(where, *change),
            )


# Several servers


@rule(needs="groups")
def memory_of_one_process(evidence):
    """One server's browsers hear each other, the other server's do not."""
    if not evidence.saw(SilentElsewhere):
        return None
    if _is_in_memory(evidence):
        return Explanation(
            "Ana's server and Ben's are two processes, and InMemoryChannelLayer keeps groups in "
            "the memory of one. Use Redis for both, with `import os` at the top of the file:\n"
            f'    "BACKEND": {REDIS},\n    "CONFIG": {{{HOSTS}}},',
            evidence.project.where_set("CHANNEL_LAYERS"),
            _in_redis(evidence),
        )


def _in_redis(evidence):
    """The edit that makes the default layer one in Redis."""
    where = evidence.project.where_set("CHANNEL_LAYERS")
    setting = evidence.project.setting("CHANNEL_LAYERS")
    layer = value_of(setting, "default") if setting else None
    backend = value_of(layer, "BACKEND") if isinstance(layer, ast.Dict) else None
    config = value_of(layer, "CONFIG") if backend else None
    if backend is None or config and not isinstance(config, ast.Dict):
        return None
    if config and value_of(config, "hosts"):
        return None
    code = REDIS if config else f'{REDIS}, "CONFIG": {{{HOSTS}}}'
    hosts = [first_in(config, HOSTS)] if config else []
    source = evidence.project.source_at(where)
    return evidence.suggest(where, instead(backend, code), *hosts, *imported(source, "import os"))


def _was_there(evidence):
    """Whether the one that heard nothing had opened the room before somebody spoke."""
    lines = [(line.who, line.direction, line.text) for line in evidence.timeline]
    spoke = max((n for n, (_, way, _) in enumerate(lines) if way == "out"), default=0)
    return (evidence.failure.who, "note", "open") in lines[:spoke]


@rule(needs="groups")
def layers_do_not_meet(evidence):
    """Both servers' consumers joined the group, and a message of one did not come to the other."""
    if not evidence.saw(SilentElsewhere):
        return None
    sent = evidence.layer_calls("group_send")
    if not sent or evidence.errors or _is_in_memory(evidence):
        return None
    group, kind = sent[-1].group, sent[-1].type
    joined, came = [], []
    for program in evidence.programs:
        if evidence.events_of(program, LayerCall):  # not what ran before the servers
            joined.append(evidence.events_of(program, LayerCall, call="group_add", group=group))
            came.append(evidence.events_of(program, Handles, type=kind))
    if len(joined) > 1 and all(joined) and sum(map(bool, came)) == 1 and _was_there(evidence):
        where = evidence.project.where_set("CHANNEL_LAYERS")
        prefix, code = _computed_prefix(evidence.project)
        advice = (
            'The options in CHANNEL_LAYERS, "hosts" and "prefix" '
            "above all, must be the same in every process."
        )
        return Explanation(
            f"Ana's server and Ben's both joined {shown(group)}, but what one of them sends to it "
            f"does not reach the other. {advice}"
            + (f' Write a prefix that is not computed:\n    "prefix": {code}' if prefix else ""),
            where,
            evidence.suggest(where, instead(prefix, code)) if prefix else None,
        )


def _computed_prefix(project):
    """The "prefix" of a layer that calls something in an f-string, and the same without that."""
    setting = project.setting("CHANNEL_LAYERS")
    prefix = value_of(setting, "prefix") if setting else None
    if not isinstance(prefix, ast.JoinedStr) or not any(calls_in(prefix)):
        return None, ""
    words = [part.value for part in prefix.values if isinstance(part, ast.Constant)]
    return prefix, f'"{"".join(words).strip("-_:.") or "chat"}"'


def _is_in_memory(evidence):
    """Whether a server made the layer that keeps its groups in its own memory."""
    made = [e for program in evidence.programs for e in program.events if isinstance(e, LayerMade)]
    return any(event.name == "channels.layers.InMemoryChannelLayer" for event in made)
