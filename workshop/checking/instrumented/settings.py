"""The settings that the project runs with, wherever their values came from.

    {"event": "settings", "module": "mysite.settings", "allowed_hosts": "['localhost']",
     "channel_layers": "{'default': {…}}"}

The values are Python literals as text, so that a tuple stays one. Of passwords and keys, nothing is
reported but the characters that have a meaning in a URL: "redis://:***#***@127.0.0.1:6379". Imports
only the standard library.
"""

import functools
import re

from workshop.checking.instrumented import telling

PLAIN = (str, bytes, int, float, bool, type(None))
LONGEST = 4000  # characters of a value
SECRET = re.compile(r"passw|secret|token|\bkeys?\b|_keys?\b", re.IGNORECASE)
IN_A_URL = re.compile(r"(?P<before>\w+://[^:/?#@\s]*:)(?P<password>.*)(?P<after>@)", re.DOTALL)
# What was meant as a password, but lacks the colon before it.
LONE = re.compile(r"(?P<before>\w+://)(?P<password>[^:/?#@\s]+)(?P<after>@)")
IN_A_QUERY = re.compile(r"(?P<before>[?&]password=)(?P<password>[^&#]*)(?P<after>)")
NO_HOST = re.compile(r"(?P<before>\w+://[^:/?#@\s]*:)(?P<password>[^@\[\]]*)(?P<after>)$")
CONTENT = re.compile(r"[^#/?@:\[\]\s]+")


def masked(text):
    """The text without the passwords of the URLs in it."""
    text = IN_A_QUERY.sub(_without_password, text)
    if "@" in text:
        return LONE.sub(_without_password, IN_A_URL.sub(_without_password, text))
    # Without a host, a password is in the place of the port, which is a number.
    return NO_HOST.sub(lambda found: _without_password(found, unless=r"\d+\D?.*|None|"), text)


def _without_password(found, unless=None):
    if unless and re.fullmatch(unless, found["password"], re.DOTALL):
        return found[0]
    return found["before"] + CONTENT.sub("***", found["password"]) + found["after"]


def plain(value):
    """The value as a literal, without its secrets."""
    if isinstance(value, dict):
        return {
            plain(key): "***" if SECRET.search(str(key)) and inner is not None else plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, list | set | frozenset):
        return list(map(plain, value))
    if isinstance(value, str):
        return masked(str(value))
    if isinstance(value, bytes):
        return masked(value.decode(errors="replace")).encode()
    return value if isinstance(value, PLAIN) else f"<{type(value).__name__}>"


def tell_of_settings(conf):
    """`conf` is the module django.conf."""
    init = conf.Settings.__init__

    @functools.wraps(init)
    def init_and_tell(self, module):
        try:
            init(self, module)
        finally:  # of those that could not be read there is the name
            telling.tell(
                "settings",
                module=str(module),
                allowed_hosts=_told(self, "ALLOWED_HOSTS"),
                channel_layers=_told(self, "CHANNEL_LAYERS"),
            )

    conf.Settings.__init__ = init_and_tell


def _told(settings, name):
    try:
        text = repr(plain(getattr(settings, name, None)))
    except Exception:  # an object of the project's may do anything
        return "None"
    return text if len(text) <= LONGEST else "None"
