"""Which Redis the layer uses."""

import ast

from checks.step7_scale.failures import OneShard
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.rules import Explanation, rule


def _hosts(evidence):
    """(setting, value of its "hosts"); (setting, None) where it is not written there."""
    setting = evidence.project.setting("CHANNEL_LAYERS")
    for node in ast.walk(setting.value) if setting else ():
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if getattr(key, "value", None) == "hosts":
                    return setting, value
    return setting, None


def _addresses(evidence):
    """What arrived in the settings, as texts."""
    return [str(host) for host in evidence.layer_hosts or ()]


@rule
def layer_for_each_redis(evidence):
    """CHANNEL_LAYERS = {"default": …, "second": …}"""
    if not evidence.saw_only(OneShard):
        return None
    layers = getattr(evidence.settings_read, "channel_layers", None) or {}
    if len(layers) > 1 and len(_addresses(evidence)) == 1:
        others = ", ".join(repr(name) for name in layers if name != "default")
        return Explanation(
            f'Consumers and relays use the layer called "default"; nothing uses {others}. One '
            "layer distributes its groups over several Redis by itself: give it all of them, "
            '`"hosts": REDIS_URLS`.',
            evidence.project.where_set("CHANNEL_LAYERS"),
        )
    return None


@rule
def one_shard_only(evidence):
    if not evidence.saw_only(OneShard) or layer_for_each_redis.find(evidence):
        return None
    addresses, (_, value) = _addresses(evidence), _hosts(evidence)
    if len(set(addresses)) > 1:
        return None
    where = evidence.project.where_set("CHANNEL_LAYERS")
    twice = f"has the same address {len(addresses)} times" if addresses[1:] else "has one address"
    return Explanation(
        f'"hosts" {twice}, so all rooms are on one Redis. REDIS_URLS has all that there are: '
        '`"hosts": REDIS_URLS`',
        where,
        evidence.suggest(where, instead(value, "REDIS_URLS")) if value else None,
    )
