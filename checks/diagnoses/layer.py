"""The channel layer: whether there is one, and of which class."""

import ast
import difflib
import textwrap

from checks.diagnoses.packages import is_installed
from workshop.checking.events import LayerMade
from workshop.checking.explaining.edits import before, below, instead
from workshop.checking.explaining.rules import Explanation, rule

NAME = "CHANNEL_LAYERS"
REDIS = "channels_redis.core.RedisChannelLayer"
LAYERS = [
    REDIS,
    "channels_redis.pubsub.RedisPubSubChannelLayer",
    "channels.layers.InMemoryChannelLayer",
]
LAYER = f"""\
CHANNEL_LAYERS = {{
    "default": {{
        "BACKEND": "{REDIS}",
        "CONFIG": {{"hosts": [("127.0.0.1", 6379)]}},
    }}
}}"""


def written(evidence, name):
    """A key of the dictionaries in the setting: the dictionary, the key and its value as they are
    written, and the key's place. Without such a key, that of the setting."""
    setting = evidence.project.setting(NAME)
    for node in ast.walk(setting) if setting else ():
        for key, value in zip(getattr(node, "keys", ()), getattr(node, "values", ()), strict=False):
            if isinstance(key, ast.Constant) and key.value == name:
                return node, key, value, evidence.project.where_set(NAME, key)
    return None, None, None, evidence.project.where_set(NAME)


def in_its_place(evidence, name, code):
    """The place of that key, and the edit that writes the code as its value."""
    _, _, value, where = written(evidence, name)
    return where, evidence.suggest(where, instead(value, code)) if value else None


@rule(raised=r"AttributeError: 'NoneType' object has no attribute '(?:group_\w+|send|receive)'")
def layer_of_another_name(evidence, error):
    """get_channel_layer("chat") returns None where no layer is called that."""
    node, *_ = written(evidence, "default")
    names = [getattr(key, "value", None) for key in getattr(node, "keys", ())]
    for source in evidence.project.sources:
        for call in source.nodes(ast.Call):
            given = getattr(call.args[0], "value", None) if call.args else None
            asks = isinstance(call.func, ast.Name) and call.func.id == "get_channel_layer"
            if asks and names and isinstance(given, str) and given not in names:
                where = source.where(call)
                return Explanation(
                    f'{NAME} has no layer called "{given}", so get_channel_layer() returns None. '
                    "A group is not named here, but where something is sent to it. Write "
                    "`get_channel_layer()`, or in a consumer `self.channel_layer`.",
                    where,
                    evidence.suggest(where, instead(call, "get_channel_layer()")),
                )
    return None


# There is none


def _missed(evidence):
    """What the learner's code missed, in a sentence, where no channel layer was made."""
    if evidence.events(LayerMade):
        return None
    if evidence.error(
        r"'NoneType' object has no attribute '(group_\w+|send|receive|new_channel)'"
        r"|InvalidChannelLayerError: BACKEND is unconfigured or doesn't support groups"
    ):
        return "self.channel_layer is None: no channel layer is configured."
    # Without a layer there is no channel either (channels.consumer); in __init__ there never is.
    nameless = evidence.error(r"AttributeError: '\w+' object has no attribute 'channel_name'")
    if nameless and nameless.frames and nameless.frames[-1].function != "__init__":
        return "Without a channel layer there is no self.channel_name, and none is configured."
    return None


@rule
def channel_layers_misspelled(evidence):
    project, missed = evidence.project, _missed(evidence)
    if missed is None or project.setting(NAME):
        return None
    for source in project.settings_files:
        for node in source.nodes(ast.Assign):
            name = getattr(node.targets[0], "id", "")
            if difflib.SequenceMatcher(None, name.upper(), NAME).ratio() > 0.8:
                where = source.where(node)
                return Explanation(
                    f"{missed} The setting must be called exactly {NAME}; here it is {name}.",
                    where,
                    evidence.suggest(where, instead(node.targets[0], NAME)),
                )


@rule
def channel_layers_in_another_file(evidence):
    project, missed = evidence.project, _missed(evidence)
    if missed is None or project.setting(NAME):
        return None
    for source in project.sources:
        for node in source.nodes(ast.Assign, ast.AnnAssign):
            target = getattr(node, "target", None) or node.targets[0]
            if getattr(target, "id", "") != NAME or source in project.settings_files:
                continue
            within = source.module.removeprefix(f"{project.settings.module}.")
            if within == source.module:
                return Explanation(
                    f"{missed} {NAME} is in a file that is not the settings, where Django never "
                    f"looks for it. Move it to {project.settings.path.name}.",
                    source.where(node),
                )
            line, where = f"from .{within} import *  # noqa: F403", project.settings.where()
            return Explanation(
                f"{missed} {NAME} is in {source.path.name}, which the settings do not import. "
                f"Write in {project.settings.path.name}: {line.partition('  #')[0]}",
                where,
                evidence.suggest(where, below(project.settings.tree.body[-1], line)),
            )


@rule
def channel_layers_missing(evidence):
    missed, settings = _missed(evidence), evidence.project.settings
    if missed is None or evidence.project.setting(NAME) or settings is None:
        return None
    used = evidence.mention("channel_name")
    if used and not evidence.teaches("groups"):
        return Explanation(
            "Without a channel layer there is no self.channel_name, "
            "but this step does not need a layer: remove it.",
            used,
        )
    where = evidence.project.where_set(NAME)
    return Explanation(
        f"{missed} {settings.path.name} needs\n{textwrap.indent(LAYER, '    ')}",
        where,
        evidence.suggest(where, below(settings.tree.body[-1], LAYER)),
    )


@rule
def default_layer_missing(evidence):
    missed, setting = _missed(evidence), evidence.project.setting(NAME)
    if missed is None or setting is None:
        return None
    keys = [key for key in getattr(setting.value, "keys", ()) if isinstance(key, ast.Constant)]
    names, where = [key.value for key in keys], evidence.project.where_set(NAME)
    if not names or "default" in names:
        message = f'{missed} Look at {NAME}: it needs a layer called "default".'
        return Explanation(message, where)
    said = f'{NAME} has no layer called "default", which is the one that consumers use'
    if "BACKEND" in names:
        whole = ast.get_source_segment(evidence.project.source_at(where).text, setting.value)
        edit = instead(setting.value, f'{{"default": {whole}}}')
        cure = 'Put everything in it into another dictionary: {"default": {"BACKEND": …}}'
    else:
        edit = instead(keys[0], '"default"') if len(keys) == 1 else None
        cure = f'Rename "{names[0]}" to "default".' if edit else f"(It has {', '.join(names)}.)"
    return Explanation(f"{said}. {cure}", where, evidence.suggest(where, edit) if edit else None)


@rule(raised=r"'function' object has no attribute '(?:group_\w+|send|new_channel)'")
def get_channel_layer_not_called(evidence, error):
    where = evidence.where(error)
    named = [n for n in evidence.nodes_at(where, ast.Name) if n.id == "get_channel_layer"]
    return Explanation(
        "get_channel_layer is a function that returns the layer: call it, get_channel_layer(). "
        "In a consumer, the layer is already there: self.channel_layer.",
        where,
        evidence.suggest(where, *[instead(node, "get_channel_layer()") for node in named]),
    )


# Its class


@rule(raised=r"Cannot import BACKEND '?(\S+?)'? specified for")
def backend_cannot_be_imported(evidence, error, backend):
    near = difflib.get_close_matches(backend, LAYERS, 1, 0.3) or [REDIS]
    if backend == near[0]:  # something that it imports is not there
        return None
    package = backend.partition(".")[0]
    if not is_installed(package) and not evidence.project.source(package):
        return _redis_instead(
            evidence,
            f"The channel layer {backend} cannot be imported: "
            f"the package {package} is not installed.",
        )
    if written(evidence, "hosts")[1]:  # a layer in memory takes none
        return _redis_instead(evidence, f"There is no channel layer {backend}.")
    where, edit = in_its_place(evidence, "BACKEND", f'"{near[0]}"')
    return Explanation(f"There is no channel layer {backend}. Did you mean {near[0]}?", where, edit)


def _redis_instead(evidence, said):
    where, edit = in_its_place(evidence, "BACKEND", f'"{REDIS}"')
    return Explanation(f'{said} Write "BACKEND": "{REDIS}".', where, edit)


@rule(raised=r"InvalidChannelLayerError: No BACKEND specified for")
def backend_not_named(evidence, error):
    setting = evidence.project.setting(NAME)
    for node in ast.walk(setting) if setting else ():
        for key in getattr(node, "keys", ()):
            name = str(getattr(key, "value", ""))
            if name.upper() == "BACKEND":
                where = evidence.project.where_set(NAME, key)
                return Explanation(
                    f'Channels looks for the class of a layer under "BACKEND"; here it is "{name}".'
                    ' Write "BACKEND", in capitals.',
                    where,
                    evidence.suggest(where, instead(key, '"BACKEND"')),
                )
    layer, where = written(evidence, "default")[2:]
    code = f'"BACKEND": "{REDIS}"'
    first = next(iter(layer.keys), None) if isinstance(layer, ast.Dict) else None
    return Explanation(
        f"The layer in {NAME} does not name its class: `{code}`.",
        where,
        evidence.suggest(where, before(first, f"{code}, ")) if first else None,
    )


@rule(raised=r"'(\w+)' object has no attribute 'new_channel'")
def backend_is_no_layer(evidence, error, class_name):
    """A class was found and made, and lacks what Channels asks a layer for first."""
    made = [event.name for event in evidence.events(LayerMade)]
    if made and made[-1].rpartition(".")[2] == class_name:
        return _redis_instead(evidence, f"{made[-1]} is not a channel layer.")


@rule(raised=r"TypeError: (\w*Cache)\.__init__\(\)")
def backend_is_a_cache(evidence, error, name):
    return _redis_instead(evidence, f"{name} is one of Django's caches, not a channel layer.")
