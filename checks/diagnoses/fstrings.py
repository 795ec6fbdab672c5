"""f-strings: what they may have inside their braces depends on Python's version."""

import ast
import re
import sys

from workshop.checking.explaining.edits import imported, instead
from workshop.checking.explaining.rules import Explanation, rule

# Since 3.12 an f-string may have the same quotes inside, and backslashes (PEP 701).
RUNNING = ".".join(map(str, sys.version_info[:2]))
BEGINS = re.compile(r"(?<!\w)[rR]?[fF][rR]?(\"(?!\"\")|'(?!''))")


@rule
def same_quotes_in_an_f_string(evidence):
    """Python's words are "unmatched '['", "expecting '}'", "invalid syntax" … : what counts is
    that the line can be read with other quotes inside."""
    broken = evidence.broken
    line = other_quotes_inside(broken.line) if broken else ""
    if broken and line != broken.line and broken.reads_with(line):
        return Explanation(
            "This f-string contains the same quotes that it begins with. "
            f"Before Python 3.12 (this is {RUNNING}) they end it. "
            "Use the other quotes inside:\n"
            f"    {line.strip()}",
            broken.where(),
            broken.suggest_line(line),
        )


def other_quotes_inside(line):
    """The line with the quotes inside an f-string's braces changed to the others, where they are
    those of the f-string itself."""
    characters, end = list(line), 0
    while found := BEGINS.search(line, end):
        quote, depth, place = found[1], 0, found.end()
        while place < len(line) and (depth or line[place] != quote):
            if line[place] == quote:
                characters[place] = "'" if quote == '"' else '"'
            if depth == 0 and line[place : place + 2] in ("{{", "}}"):
                place += 1
            else:
                depth += (line[place] == "{") - (line[place] == "}")
            place += 1
        end = place + 1
    return "".join(characters)


@rule
def backslash_in_an_f_string(evidence):
    broken = evidence.broken
    if broken and "f-string expression part cannot include a backslash" in broken.message:
        return Explanation(
            "Before Python 3.12 there can be no backslash inside the braces of an f-string "
            f"(this is {RUNNING}). Assign what is inside to a variable "
            "on the line before, and put the variable in the braces.",
            broken.where(),
        )


@rule
def braces_in_an_f_string(evidence):
    broken = evidence.broken
    found = broken and re.search(
        r"f-string: (expecting '}'|single '}' is not allowed"
        r"|empty expression not allowed|valid expression required before '}')",
        broken.message,
    )
    if not found:
        return None
    line = _with_the_brace(broken) if found[1].startswith("expecting") else None
    if line:
        message = f"A {{ in this f-string is never closed. Write:\n    {line.strip()}"
        return Explanation(message, broken.where(), broken.suggest_line(line))
    what = {"e": "a { is never closed", "s": "a } has no { before it"}.get(found[1][0])
    if "expression" in found[1]:
        what = "there is nothing between { and }"
    return Explanation(
        f"In this f-string, {what}. "
        "Python replaces { and } with the value of what is between them. "
        "To show a brace itself, double it: {{ or }}.",
        broken.where(),
    )


def _with_the_brace(broken):
    """The line with the first open brace closed after the name that follows it, where the text of
    the string goes on after that."""
    line = re.sub(
        r"(?<!\{)(\{\w+(?:\.\w+)*)(?=[.,;'\"]| (?!if\b|for\b|and\b|or\b|in\b|is\b|not\b)\w)",
        r"\1}",
        broken.line,
        count=1,
    )
    return line if line != broken.line and broken.reads_with(line) else None


@rule(raised=r"^ValueError: Invalid format specifier")
def json_written_as_an_f_string(evidence, error):
    """f'{"message": "{text}"}': what comes after the colon is taken as a format."""
    where = evidence.where(error)
    if evidence.raised_by_them(error) and re.search(
        r"""[fF](?:'\{\s*"|"\{\s*'|["']\{\s*\w+\s*:\s*["'{])""", evidence.line_at(where)
    ):
        source = evidence.project.source_at(where)
        strings = evidence.nodes_at(where, ast.JoinedStr)
        made = next(((node, code) for node in strings if (code := _as_json(source, node))), None)
        written = made[1] if made else 'json.dumps({"message": message})'
        changes = [instead(*made), *imported(source, "import json")] if made else []
        return Explanation(
            "In an f-string, { begins an expression, and a colon after it begins a format. "
            "Do not write JSON by hand. "
            "Write:\n"
            f"    {written}",
            where,
            evidence.suggest(where, *changes) if made else None,
        )


def _as_json(source, string):
    """json.dumps() of the one key and the one value that the f-string has; else None."""
    match string:
        case ast.JoinedStr([ast.FormattedValue(ast.Constant(str(key)), _, ast.JoinedStr(parts))]):
            values = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
            texts = {part.value.strip() for part in parts if isinstance(part, ast.Constant)}
            if len(values) == 1 and texts == {'"'}:
                return f'json.dumps({{"{key}": {source.code(values[0])}}})'
    return None
