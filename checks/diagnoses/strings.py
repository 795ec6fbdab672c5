"""Strings that do not end, and backslashes in the wrong place."""

import re

from checks.diagnoses.lines import told
from workshop.checking.explaining.rules import Explanation, rule


@rule
def string_not_closed(evidence):
    broken = evidence.broken
    found = broken and re.match(
        r"unterminated (triple-quoted )?(f-)?string literal", broken.message
    )
    if found and found[1]:
        return Explanation(
            "The string that begins on this line, with three quotes, is never closed.",
            broken.where(),
        )
    if found and (line := _with_the_quote(broken)):
        return told(
            broken, "A string on this line does not end with the quote that it begins with.", line
        )
    if found:
        return Explanation(
            "A string begins on this line but does not end on it. "
            "Look at the quotes: a string ends with the same one that it begins with.",
            broken.where(),
        )


def _with_the_quote(broken):
    """The line with the string closed, where there is only one place that makes it readable."""
    line, begin = broken.line, max(broken.range[0] - 1, 0)
    quote = next((character for character in line[begin:] if character in "\"'"), None)
    if quote is None:
        return None
    begin = line.index(quote, begin)
    other = "'" if quote == '"' else '"'
    if other in line[begin:]:  # it was to end the string, as it seems
        line = line[:begin] + line[begin:].replace(other, quote, 1)
        return line if broken.reads_with(line) else None
    places = range(begin + 1, len(line) + 1)
    closed = [f"{line[:place]}{quote}{line[place:]}" for place in places]
    readable = [other for other in closed if broken.reads_with(other)]
    return readable[0] if len(readable) == 1 else None


@rule
def backslash_outside_of_a_string(evidence):
    broken = evidence.broken
    if broken is None or "line continuation" not in broken.message:
        return None
    bare = broken.line.rstrip()
    if bare.endswith("\\") and bare != broken.line and broken.reads_with(bare):
        return Explanation(
            "There is a space after the backslash at the end of this line. "
            "Delete the space: a backslash only continues a line if it is the last character.",
            broken.where(),
            broken.suggest_line(bare),
        )
    why = r"There is a backslash outside a string on this line; \n and the like belong in quotes."
    text = broken.outside_strings(lambda code: re.sub(r" *\\(?:[nrt]\b|(?!\n))", "", code))
    line = text.split("\n")[broken.number - 1]
    if broken.reads_with(line):
        return told(broken, why, line)
    return Explanation(f"{why} Remove it.", broken.where())


@rule
def path_with_backslashes(evidence):
    broken = evidence.broken
    if broken is None or "unicodeescape" not in broken.message:
        return None
    why = r"In a string, \U and \N begin an escape, so a path with backslashes needs"
    line = re.sub(r"""(?<!\w)(["'])(?=[^"']*\\[UNux])""", r"r\1", broken.line)
    if broken.reads_with(line):
        return told(broken, f"{why} an r before its quotes.", line)
    return Explanation(
        f'{why} an r before its quotes, r"…". Or write / for each backslash.', broken.where()
    )
