"""The query string and the headers of a connection: bytes, and often empty."""

import ast
import re

from checks.diagnoses.scope import PARSE_QS
from workshop.checking.explaining.edits import around, imported, instead
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
            read = _read_in_function(evidence, where, part) if part == QUERY else []
            code = f"{ast.unparse(read[0])}.decode()".replace("'", '"') if read else ".decode()"
            return Explanation(
                f"The {name} is bytes, but is used here together with a string. Decode it first: "
                f"{'write' if read else 'add'} `{code}`.",
                where,
                evidence.suggest(where, *around(read[0], "", ".decode()")) if read else None,
            )


def _read_in_function(evidence, where, key):
    """The one place in the function that reads this key; empty where there are more."""
    function = evidence.project.function_at(where)
    nodes = ast.walk(function) if function else ()
    read = [n for n in nodes if isinstance(n, ast.Subscript)]
    read = [node for node in read if getattr(node.slice, "value", None) == key]
    return read if len(read) == 1 else []


@rule(raised=NOTHING)
def query_string_empty(evidence, error):
    where = evidence.where(error)
    origin = evidence.origin(where)
    if QUERY not in origin or "['kwargs']" in evidence.asked(error)[1]:
        return None
    if _is_the_scopes_own_key(evidence, error):
        return None
    name = re.search(r"(?:\.get\(|\[)'(\w+)'|'(\w+)='", origin.replace(f"['{QUERY}']", ""))
    name = (name[1] or name[2]) if name else "token"
    scope = re.search(r"((?:self\.)?scope)\['query_string'\]", origin)
    parsed = PARSED.format(name=name, scope=scope[1] if scope else "self.scope")
    source = evidence.project.source_at(where)
    read = _read(evidence, error, where)
    if isinstance(getattr(read, "value", None), ast.Subscript) and "parse_qs" in origin:
        parsed = f'{source.code(read.value.value)}.get("{name}", [""])[0]'
    needed = "" if "parse_qs" in source.imports else f", with `{PARSE_QS}`"
    return Explanation(
        "The page opens its WebSocket without a query string, so "
        f"there is no {name!r}. Allow for that{needed}:\n    {parsed}",
        where,
        evidence.suggest(where, instead(read, parsed), *imported(source, PARSE_QS))
        if read
        else None,
    )


def _read(evidence, error, where):
    """What reads the first value, `query["key"][0]` or `text.split("key=")[1]`: all that the line
    gives a name to."""
    for step in evidence.nodes_at(where, ast.Assign):
        value = step.value
        if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            if isinstance(value.slice.value, int):
                return value
    return None


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
        asked = evidence.nodes_at(where, ast.Subscript)
        asked = [node for node in asked if isinstance(node.slice, ast.Constant)]
        asked = [node for node in asked if isinstance(node.slice.value, str | bytes)]
        name, headers = "cookie", 'self.scope["headers"]'
        certain = bool(asked) and ast.unparse(asked[0].value).endswith("['headers']")
        if certain:
            name, headers = asked[0].slice.value, ast.unparse(asked[0].value).replace("'", '"')
            name = name if isinstance(name, str) else name.decode()
        code = f'dict({headers}).get(b"{name.lower()}", b"").decode()'
        return Explanation(
            "The scope's headers are a list of pairs, names and values as bytes. "
            "Turn them into a dictionary:\n"
            f"    {code}",
            where,
            evidence.suggest(where, instead(asked[0], code)) if certain else None,
        )


@rule(raised=r"^KeyError: (b?)'([^']+)'")
def header_not_there(evidence, error, is_bytes, name):
    if HEADERS not in evidence.asked(error)[1]:
        return None
    right, asked, where = f'b"{name.lower()}"', evidence.lookup(error), evidence.where(error)
    code = f'{evidence.asked(error)[0]}.get({right}, b"")'
    if not is_bytes or name != name.lower():
        why = f"The names of headers are bytes in lower case: {right}."
    else:
        why = (
            f"The browser sent no header {name!r}. "
            "A page cannot set headers for its WebSocket: it only has the address and its cookies."
        )
    return Explanation(
        f"{why} Allow for a browser that sends none:\n    {code}",
        where,
        evidence.suggest(where, instead(asked, code)),
    )


@rule(raised=r"^(?:AttributeError|TypeError): 'NoneType' object (?:has no|is not)")
def header_is_none(evidence, error):
    where = evidence.where(error)
    name = re.search(r"\['headers'\]\)\.get\((b?)['\"]([\w-]+)['\"]", evidence.origin(where))
    if name is None:
        return None
    arguments = f'b"{name[2].lower()}", b""'
    if not name[1] or name[2] != name[2].lower():
        why = f"There is no header {name[2]!r}: header names are lowercase bytes."
    else:
        why = f"The browser sent no header {name[2]!r}, so get() returned None."
    return Explanation(
        f"{why} Write `.get({arguments})`.",
        where,
        _with_default(evidence, where, name[2], arguments),
    )


def _with_default(evidence, where, name, arguments):
    """The edit that gives get() these arguments, where it is called once in the function."""
    function = evidence.project.function_at(where)
    calls = [node for node in ast.walk(function or ast.Pass()) if isinstance(node, ast.Call)]
    for call in calls:
        asked = call.args[0] if len(call.args) == 1 and not call.keywords else None
        if getattr(asked, "value", None) in (name, name.encode()):
            return evidence.suggest(where, instead(asked, arguments))
    return None
