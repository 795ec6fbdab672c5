"""What is under "hosts" in the settings: as it arrived in the layer, and as it is written."""

import ast
import re

from checks.diagnoses.layer import NAME, written
from workshop.checking.explaining.edits import instead
from workshop.checking.explaining.nodes import value_of


def entries(evidence) -> list:
    """What arrived in "hosts", one for each Redis; empty where that is not a list."""
    hosts = evidence.layer_hosts
    return list(hosts) if isinstance(hosts, list | tuple) else []


def texts(evidence) -> list[str]:
    """The strings in it that name a place: addresses, and the hosts and ports of pairs."""
    found = []
    for entry in entries(evidence):
        if isinstance(entry, dict):
            found += [entry.get("address"), entry.get("host"), entry.get("port")]
        else:
            found += entry if isinstance(entry, list | tuple) else [entry]
    return [text for text in found if isinstance(text, str)]


def first(evidence, pattern: str) -> str | None:
    """The first of them in which the regular expression is found."""
    return next((text for text in texts(evidence) if re.search(pattern, text)), None)


def where_hosts(evidence):
    setting = evidence.project.setting(NAME)
    return evidence.project.where_set(NAME, value_of(setting, "hosts") if setting else None)


def hosts_node(evidence):
    """The value of "hosts" as it is written, and its file; None where it is not there."""
    value, where = written(evidence, "hosts")[2:]
    return value, evidence.project.source_at(where)


def strings_in(evidence, pattern: str):
    """The strings that are written out in "hosts" and in which the regular expression is found,
    f-strings as a whole: each with its code."""
    value, source = hosts_node(evidence)
    inside = set()
    for node in ast.walk(value) if value else ():
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
        text = isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", 0), str)
        if text and id(node) not in inside and re.search(pattern, source.code(node)):
            yield node, source.code(node)


def rewritten(evidence, pattern: str, new: str):
    """The edit that puts the new text in the place of what the regular expression finds in those
    strings."""
    found = strings_in(evidence, pattern)
    edits = [instead(node, re.sub(pattern, new, code)) for node, code in found]
    return evidence.suggest(where_hosts(evidence), *edits)


def hosts_instead(evidence, code: str):
    """The edit that writes the code as the value of "hosts"."""
    value, _ = hosts_node(evidence)
    return evidence.suggest(where_hosts(evidence), instead(value, code)) if value else None


def of_redis(error) -> bool:
    last = error.frames[-1].function if error.frames else ""
    waiting = last == "await_many_dispatch"  # of the layer's messages; its task has those frames
    return waiting or error.came_through("redis", "channels_redis")
