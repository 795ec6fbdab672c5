"""Passwords in what is shown: an exception's message, or a line of the project, may quote a URL."""

import re

# The part of an address between the colon and the last @ of a word; and what urllib.parse says of a
# password that ends the address early because it has a # or / in it: it mistakes it for the port.
# "password" is what a message writes in its place, to say where it goes.
SECRETS = (
    (re.compile(r"(\b\w+://[^\s:/@\"']*:)(?!\*\*\*|password@)[^\s\"']+(?=@)"), r"\1***"),
    (re.compile(r"(\b\w+://)[^\s:/@\"'*]+(?=@)"), r"\1***"),
    (re.compile(r"([?&]password=)[^\s\"'&]+"), r"\1***"),
    (
        re.compile(r"(Port could not be cast to integer value as )(?!'\d{1,5}(?:\s|,|redis))'.*?'"),
        r"\1'***'",
    ),
)


def masked(text: str) -> str:
    """The text with *** for each password that can be recognized."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text
