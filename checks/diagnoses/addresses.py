"""The address of Redis as it arrived in "hosts", from the environment or written out: what is in
it that only an environment puts there."""

import re

from checks.diagnoses.layer import NAME
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import value_of

UNREADABLE = r"ValueError: (?:Redis URL must specify|Port could not be cast|Invalid IPv6 URL)"
NO_NUMBER = (
    r"ValueError: invalid literal for int\(\) with base 10: |TypeError: int\(\) argument must"
)
CONNECTING = r"redis\S*ConnectionError: Error \S+ connecting to "


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


def of_redis(error) -> bool:
    return error.came_through("redis", "channels_redis")


def _arrived(evidence, what: str) -> Explanation:
    """What is wrong with the address that arrived; `what` begins with that address."""
    return Explanation(
        f'The address of Redis that arrived in "hosts" is {what}', where_hosts(evidence)
    )


# Values of the environment


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}none:")
def address_is_none(evidence, error):
    """A variable that is not set, whose value was used all the same."""
    missing = [entry for entry in entries(evidence) if entry is None or _has_none(entry)]
    if not of_redis(error) or not (missing or first(evidence, r"\bNone\b")):
        return None
    shown = repr(missing[0] if missing else first(evidence, r"\bNone\b"))
    variable = evidence.project.environment_variable(NAME)
    if variable:
        cure = (
            f"The environment has no {variable}, so reading it gives None. Set it, or give a "
            f'value for where it is not set: os.environ.get("{variable}", "…")'
        )
    else:
        cure = "Find out where that value comes from, and give it one."
    return _arrived(evidence, f"{shown}. {cure}")


def _has_none(entry):
    if isinstance(entry, dict):
        return any(entry.get(key, "") is None for key in ("address", "port"))
    return isinstance(entry, list | tuple) and None in entry


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}")
def address_in_quotes(evidence, error):
    text = first(evidence, r"""^\s*["'‘’“”]|["'‘’“”]\s*$""")
    if text and of_redis(error):
        return _arrived(
            evidence,
            f"{text}, and the quotes are part of it. Whoever reads a .env file by hand keeps them: "
            "write the value there without quotes, or remove them when it is read, with "
            ".strip('\"').",
        )


@rule(raised=rf"^{UNREADABLE}|^{NO_NUMBER}|{CONNECTING}")
def comment_in_the_address(evidence, error):
    text = first(evidence, r"\d\s+#|^#")
    if text and of_redis(error):
        return _arrived(
            evidence,
            f"{text!r}: the comment after it is part of the value. "
            "Move the comment to a line of its own.",
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
        f"The password in the address of Redis has a {mark} in it, which means something else in a "
        f"URL: {text} ends too early. In the password write %{ord(mark):02X} in its place, or give "
        'the parts by name: "hosts": [{"host": "127.0.0.1", "port": 6379, "password": …}]',
        where_hosts(evidence),
    )


@rule(raised=rf"^{UNREADABLE}")
def blank_in_the_address(evidence, error):
    text = first(evidence, r"^\s|\s$")
    if text and of_redis(error):
        return _arrived(
            evidence,
            f"{text!r}, with a blank at its end. "
            "Remove it where the value is set, or when it is read: .strip()",
        )


@rule(raised=rf"^{UNREADABLE}")
def variable_not_replaced(evidence, error):
    text = first(evidence, r"\$\{?\w+\}?|\{\w+\}|%\(\w+\)s|^\w+=")
    if text is None or not of_redis(error):
        return None
    if "=" in text:
        what = f'the name of the variable is part of it. Remove "{text.partition("=")[0]}=".'
    else:
        what = (
            "nothing was put in the place of the variable. Python does not read variables in a "
            'string; read it with os.environ.get("…"), or put an f before the quotes.'
        )
    return _arrived(evidence, f"{text!r}: {what}")
