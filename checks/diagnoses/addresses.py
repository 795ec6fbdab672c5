"""The address of Redis as it arrived in "hosts", from the environment or written out: what in it
can only come from an environment."""

import ast
import re

from checks.diagnoses.hosts import (
    entries,
    first,
    hosts_node,
    of_redis,
    rewritten,
    strings_in,
    where_hosts,
)
from checks.diagnoses.layer import NAME
from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.nodes import variable_read
from workshop.checking.explaining.rules import Explanation, rule

UNREADABLE = r"ValueError: (?:Redis URL must specify|Port could not be cast|Invalid IPv6 URL)"
NO_NUMBER = (
    r"ValueError: invalid literal for int\(\) with base 10: |TypeError: int\(\) argument must"
)
CONNECTING = r"redis\S*ConnectionError: Error \S+ connecting to "


def _arrived(evidence, what: str, edit=None) -> Explanation:
    """What is wrong with the address that arrived; `what` begins with that address."""
    said = f'The address of Redis that arrived in "hosts" is {what}'
    return Explanation(said, where_hosts(evidence), edit)


# Values of the environment


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}none:")
def address_is_none(evidence, error):
    """A variable that is not set, but whose value was used anyway."""
    missing = [entry for entry in entries(evidence) if entry is None or _has_none(entry)]
    if not of_redis(error) or not (missing or first(evidence, r"\bNone\b")):
        return None
    arrived = missing[0] if missing else first(evidence, r"\bNone\b")
    variable = evidence.project.environment_variable(NAME)
    if not variable:
        cure = "Find out where that value comes from, and set it."
        return _arrived(evidence, f"{arrived!r}. {cure}")
    code, edit = _with_default(evidence, variable, _default(arrived))
    return _arrived(
        evidence,
        f"{arrived!r}: {variable} is not set in the environment. "
        f"Set it, or give a default: `{code}`",
        edit,
    )


def _with_default(evidence, variable: str, default: str):
    """The code that reads the variable with a default; and the edit."""
    where = where_hosts(evidence)
    source = evidence.project.source_at(where)
    for call in source.calls("get", "getenv") if source else ():
        if variable_read(call) == variable and len(call.args) == 1 and not call.keywords:
            code = f'{source.code(call.func)}("{variable}", {default})'
            return code, evidence.suggest(where, instead(call, code))
    return f'os.environ.get("{variable}", {default})', None


def _default(arrived) -> str:
    """The code for what is missing in an address: all of it, its host, or its port."""
    if arrived is None:
        return '"redis://127.0.0.1:6379"'
    if isinstance(arrived, str):
        return '"6379"' if re.search(r":None\b", arrived) else '"127.0.0.1"'
    if isinstance(arrived, dict):
        return '"6379"' if arrived.get("port", "") is None else '"redis://127.0.0.1:6379"'
    return '"6379"' if arrived[-1] is None else '"127.0.0.1"'


def _has_none(entry):
    if isinstance(entry, dict):
        return any(entry.get(key, "") is None for key in ("address", "port"))
    return isinstance(entry, list | tuple) and None in entry


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}")
def address_in_quotes(evidence, error):
    text = first(evidence, r"""^\s*["'‘’“”]|["'‘’“”]\s*$""")
    if text and of_redis(error):
        _, edit = _stripped(evidence, text, ".strip('\"')")
        return _arrived(
            evidence,
            f"{text}, and the quotes are part of it. A .env file that is read by hand keeps them: "
            "remove them there, or when the value is read, with .strip('\"').",
            edit,
        )


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}")
def comment_in_the_address(evidence, error):
    text = first(evidence, r"\d\s+#|^#")
    if text and of_redis(error):
        return _arrived(
            evidence,
            f"{text!r}: the comment after it is part of the value. "
            "Move the comment to a line of its own.",
            rewritten(evidence, r"(?<=\d)\s+#[^\"']*", ""),
        )


@rule(raised=rf"^{UNREADABLE}|AuthenticationError|{CONNECTING}")
def password_ends_the_address(evidence, error):
    """A password with a character that means something in a URL (RFC 3986, section 3.2). Of the
    password itself nothing else arrives here: see instrumented/settings.py."""
    text = first(evidence, r"^\w+://[^:/]*:[^@]*[#/?\[\]][^@]*@")
    if text is None or not of_redis(error):
        return None
    mark = re.search(r"[#/?\[\]]", text.partition("://")[2])[0]
    return Explanation(
        f"The password in the address of Redis contains a {mark}, which has "
        f"a meaning of its own in a URL: {text} ends too early. "
        f"In the password, write %{ord(mark):02X} instead, or give the parts by "
        'name: "hosts": [{"host": "127.0.0.1", "port": 6379, "password": …}]',
        where_hosts(evidence),
    )


@rule(raised=rf"^{UNREADABLE}")
def blank_in_the_address(evidence, error):
    text = first(evidence, r"^\s|\s$")
    if text and of_redis(error):
        literal, edit = _stripped(evidence, text, ".strip()")
        cure = "Remove it." if literal else "Remove it where the value is set, or here: .strip()"
        return _arrived(
            evidence,
            f"{text!r}, with a space at its {'end' if text[-1:].isspace() else 'start'}. {cure}",
            edit,
        )


def _stripped(evidence, text: str, ending: str):
    """Whether the entry that arrived as this text is written out as such; and the edit that makes
    it come without what is around it."""
    value, source = hosts_node(evidence)
    nodes = getattr(value, "elts", [])
    if len(nodes) != len(entries(evidence)) or text not in entries(evidence):
        return False, None
    node = nodes[entries(evidence).index(text)]
    if isinstance(node, ast.Constant):
        return True, rewritten(evidence, r"(?<=[\"'])\s+|\s+(?=[\"'])", "")
    if not isinstance(node, ast.Call | ast.Name | ast.Attribute | ast.Subscript):
        return False, None
    edit = instead(node, source.code(node) + ending)
    return False, evidence.suggest(where_hosts(evidence), edit)


@rule(raised=rf"^{UNREADABLE}")
def variable_not_replaced(evidence, error):
    text = first(evidence, r"\$\{?\w+\}?|\{\w+\}|%\(\w+\)s|^\w+=")
    if text is None or not of_redis(error):
        return None
    if "=" in text:
        name = text.partition("=")[0]
        return _arrived(
            evidence,
            f'{text!r}: the name of the variable is part of it. Remove "{name}=".',
            rewritten(evidence, rf"(?<=[\"']){name}=", ""),
        )
    said = f"{text!r}: Python does not replace variables in a string."
    if whole := re.fullmatch(r"\$\{?(\w+)\}?|%\((\w+)\)s", text):
        code = f'os.environ.get("{whole[1] or whole[2]}", "redis://127.0.0.1:6379")'
        where, source = where_hosts(evidence), hosts_node(evidence)[1]
        nodes = [node for node, _ in strings_in(evidence, re.escape(text))]
        edits = [instead(node, code) for node in nodes]
        edits += imported(source, "import os") if edits else []
        return _arrived(evidence, f"{said} Read it: `{code}`", evidence.suggest(where, *edits))
    cure = "Put an f before the quotes." if "$" not in text else 'Read it with os.environ.get("…").'
    return _arrived(evidence, f"{said} {cure}")
