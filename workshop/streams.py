"""Standard output and error, so that whatever is printed arrives: in any terminal and in any pipe.

Imports only the standard library: this runs before anything is installed.
"""

import codecs
import sys

# For a terminal without these characters: what passed must still look different from what failed.
PLAIN = {
    "✓": "v",
    "✗": "x",
    "▶": ">",
    "◀": "<",
    "─": "-",
    "·": "-",
    "×": "x",
    "…": "...",
    "–": "-",
    "“": '"',
    "”": '"',
    "’": "'",
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """For codecs: what is printed in place of what the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(PLAIN.get(character, "?") for character in missing), error.end


codecs.register_error("workshop.plain", _plain)


def prepare() -> None:
    """Whatever reads a pipe or a file gets UTF-8, on Windows too. A terminal gets what it can show:
    on Windows that is everything (PEP 528)."""
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            stream.reconfigure(errors="workshop.plain")
        else:
            stream.reconfigure(encoding="utf-8", errors="replace")
