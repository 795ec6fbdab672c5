"""The channel layer: whether there is one, and of which class."""

import ast
import difflib

from checks.diagnoses.packages import is_installed
from workshop.checking.events import LayerMade
from workshop.checking.explaining.rules import Explanation, rule

NAME = "CHANNEL_LAYERS"
REDIS = "channels_redis.core.RedisChannelLayer"
LAYERS = [
    REDIS,
    "channels_redis.pubsub.RedisPubSubChannelLayer",
    "channels.layers.InMemoryChannelLayer",
]


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
                return Explanation(
                    f"{missed} The setting is called {NAME}, letter by letter; here it is {name}.",
                    project.where_set(name),
                )


@rule
def channel_layers_in_another_file(evidence):
    project, missed = evidence.project, _missed(evidence)
    if missed is None or project.setting(NAME):
        return None
    for source in project.sources:
        for node in source.nodes(ast.Assign):
            named = getattr(node.targets[0], "id", "") == NAME
            if named and source not in project.settings_files:
                return Explanation(
                    f"{missed} {NAME} is in a file that is not the settings, where Django never "
                    f"looks for it. Move it to {project.settings.path.name}.",
                    source.where(node),
                )


@rule
def channel_layers_missing(evidence):
    missed = _missed(evidence)
    if missed and evidence.project.setting(NAME) is None:
        return Explanation(
            f"{missed} settings.py needs\n"
            f'    CHANNEL_LAYERS = {{"default": {{"BACKEND": "{REDIS}",\n'
            '                                  "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}',
            evidence.project.where_set(NAME),
        )


@rule
def default_layer_missing(evidence):
    missed, setting = _missed(evidence), evidence.project.setting(NAME)
    if missed is None or setting is None:
        return None
    keys = [getattr(key, "value", None) for key in getattr(setting.value, "keys", ())]
    if keys and "default" not in keys:
        named = ", ".join(repr(key) for key in keys if key)
        message = (
            f'{NAME} has no layer called "default", which is the one that consumers use '
            f'(its keys: {named}). Put BACKEND and CONFIG under "default".'
        )
    else:
        message = f'{missed} Look at {NAME}: it needs a layer called "default".'
    return Explanation(message, evidence.project.where_set(NAME))


@rule(raised=r"'function' object has no attribute '(?:group_\w+|send|new_channel)'")
def get_channel_layer_not_called(evidence, error):
    return Explanation(
        "get_channel_layer is a function that returns the layer: call it, get_channel_layer(). "
        "In a consumer the layer is there already: self.channel_layer.",
        evidence.where(error),
    )


# Its class


@rule(raised=r"Cannot import BACKEND '?(\S+?)'? specified for")
def backend_cannot_be_imported(evidence, error, backend):
    near = difflib.get_close_matches(backend, LAYERS, 1, 0.3) or [REDIS]
    package = backend.partition(".")[0]
    message = f"There is no channel layer {backend}. Did you mean {near[0]}?"
    if backend == near[0]:  # something that it imports is not there
        return None
    if not is_installed(package) and not evidence.project.source(package):
        message = (
            f"The channel layer {backend} cannot be imported: the package {package} is not "
            f"installed. The workshop's layer is {REDIS}, with its hosts."
        )
    return Explanation(
        message,
        evidence.project.where_set(NAME),
    )


@rule(raised=r"InvalidChannelLayerError: No BACKEND specified for")
def backend_not_named(evidence, error):
    return Explanation(
        f'The layer in {NAME} does not name its class: "BACKEND": "{REDIS}".',
        evidence.project.where_set(NAME),
    )


@rule(raised=r"'(\w+)' object has no attribute 'new_channel'")
def backend_is_no_layer(evidence, error, class_name):
    """A class was found and made, and lacks what Channels asks a layer for first."""
    made = [event.name for event in evidence.events(LayerMade)]
    if made and made[-1].rpartition(".")[2] == class_name:
        return Explanation(
            f"{made[-1]} is not a channel layer. Write {REDIS!r} as the BACKEND.",
            evidence.project.where_set(NAME),
        )


@rule(raised=r"TypeError: (\w*Cache)\.__init__\(\)")
def backend_is_a_cache(evidence, error, name):
    return Explanation(
        f"{name} is one of Django's caches and not a channel layer. "
        f"Write {REDIS!r} as the BACKEND.",
        evidence.project.where_set(NAME),
    )
