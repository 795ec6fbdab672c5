"""The query string and the headers of a connection: bytes, and often empty."""

import re

from workshop.checking.explaining.rules import Explanation, rule

QUERY, HEADERS = "query_string", "['headers']"
NOTHING = (
    r"^KeyError: '"
    r"|^IndexError: list index out of range"
    r"|^ValueError: (?:not enough values|dictionary update sequence|invalid literal for int)"
    r"|^AttributeError: 'NoneType' object has no attribute"
    r"|^TypeError: (?:'NoneType' object is not|can only concatenate str \(not \"NoneType)"
    r"|^TypeError: \w+\(\) argument must be .* not 'NoneType'"
    r"|JSONDecodeError: Expecting value"
)
PARSED = 'parse_qs({scope}["query_string"].decode()).get("{name}", [""])[0]'


def comes_from(evidence, where, what):
    """Whether what is used at a place comes from that part of the scope."""
    return what in evidence.origin(where)


@rule(
    raised=r"^TypeError: (?:a bytes-like object is required, not 'str'|can't concat str to bytes"
    r"|can only concatenate str \(not \"bytes\"\)|\w+ first arg must be bytes)"
)
def bytes_not_decoded(evidence, error):
    where = evidence.where(error)
    for part in (QUERY, HEADERS):
        if comes_from(evidence, where, part):
            name = "query string" if part == QUERY else "value of a header"
            return Explanation(
                f"The {name} is bytes, and is used here together with a string. Decode it first: "
                f"add .decode() to it.",
                where,
            )


@rule(raised=NOTHING)
def query_string_empty(evidence, error):
    where = evidence.where(error)
    origin = evidence.origin(where)
    if QUERY not in origin or "['kwargs']" in evidence.asked(error)[1]:
        return None
    if _is_the_scopes_own_key(evidence, error):
        return None
    name = re.search(r"(?:\.get\(|\[)'(\w+)'", origin.replace(f"['{QUERY}']", ""))
    name = name[1] if name else "token"
    scope = re.search(r"((?:self\.)?scope)\['query_string'\]", origin)
    parsed = PARSED.format(name=name, scope=scope[1] if scope else "self.scope")
    return Explanation(
        "The page opens its WebSocket without a query string, so nothing is after the ? and "
        f"there is no {name!r}. Read it so that this is allowed, with parse_qs from urllib.parse: "
        f"{parsed}",
        where,
    )


def _is_the_scopes_own_key(evidence, error):
    return evidence.asked(error)[1].endswith("scope")


# Headers: a list of pairs of bytes, the names in lower case (ASGI specification)


@rule(
    raised=r"^TypeError: list indices must be integers or slices, not (?:str|bytes)"
    r"|^AttributeError: 'list' object has no attribute '(?:get|items|keys|values)'"
)
def headers_are_pairs(evidence, error):
    where = evidence.where(error)
    if evidence.raised_by_them(error) and comes_from(evidence, where, HEADERS):
        return Explanation(
            "The scope's headers are a list of pairs, names and values as bytes. Make a dictionary "
            'of them: dict(self.scope["headers"]).get(b"cookie")',
            where,
        )


@rule(raised=r"^KeyError: (b?)'([^']+)'")
def header_not_there(evidence, error, is_bytes, name):
    if HEADERS not in evidence.asked(error)[1]:
        return None
    right = f'b"{name.lower()}"'
    if not is_bytes or name != name.lower():
        why = f"The names of headers are bytes in lower case: {right}."
    else:
        why = (
            f"The browser sent no header {name!r}. A page cannot set headers for its WebSocket: "
            "it has the address and its cookies."
        )
    return Explanation(f"{why} Ask so that it may be missing: .get({right})", evidence.where(error))


@rule(raised=r"^(?:AttributeError|TypeError): 'NoneType' object (?:has no|is not)")
def header_is_none(evidence, error):
    where = evidence.where(error)
    name = re.search(r"\['headers'\]\)\.get\((b?)['\"]([\w-]+)['\"]", evidence.origin(where))
    if name and (not name[1] or name[2] != name[2].lower()):
        return Explanation(
            f"There is no header {name[2]!r}: their names are bytes in lower case. Write "
            f'.get(b"{name[2].lower()}", b"").',
            where,
        )
    if name:
        return Explanation(
            f"The browser sent no header {name[2]!r}, so .get() answered None. Give it something "
            f'for that: .get(b"{name[2]}", b"")',
            where,
        )
