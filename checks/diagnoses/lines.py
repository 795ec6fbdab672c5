"""A line that Python cannot read, said by what is wrong in it: a colon, a comma, a word."""

import difflib
import itertools
import keyword
import re

from workshop.checking.explaining.rules import Explanation, rule

KEYWORDS = [word for word in keyword.kwlist if len(word) > 3 or word == "def"]
# What other languages write, and Python's way: tried, and told only where the line can then be
# read.
ANOTHER_LANGUAGE = (
    (r"\belse\s?if\b|\belsif\b", "elif", "Python's word for “else if” is elif."),
    (r"^(\s*)(?:const|let|var)\s+", r"\1", "In Python, a variable has no const, let or var."),
    (r"\bfunction\b", "def", "Python's word for a function is def."),
    (r"//", "#", "In Python, a comment begins with #."),
    (r"\s*&&\s*", " and ", "Python's word for && is and."),
    (r"\s*\|\|\s*", " or ", "Python's word for || is or."),
    (r"!(?!=)\s*", "not ", "Python's word for ! is not."),
    (r"(\w+)\+\+", r"\1 += 1", "Python has no ++."),
    (r"\bnew\s+(?=\w+\()", "", "Python creates objects without the word new."),
    (
        r"\bprint\s+(?!\()(.+)$",
        r"print(\1)",
        "In Python 3, print() is a function.",
    ),
    (r"\s*\{\s*$", ":", "In Python, a block begins with a colon and is indented."),
)


def told(broken, why, line):
    message = f"{why} Write:\n    {line.strip()}"
    return Explanation(message, broken.where(), broken.suggest_line(line))


@rule
def colon_missing(evidence):
    broken = evidence.broken
    if broken is None:
        return None
    code, comment = _without_comment(broken)
    if code.rstrip().endswith(":"):
        return None
    line = f"{code.rstrip()}:{comment}"
    if _begins_a_block(code) and broken.reads_with(line):
        return told(broken, "A colon is missing at the end of this line.", line)


def _without_comment(broken):
    """The line in two: its code, and its comment with the spaces before it."""
    tokens = broken.on_the_line
    if not tokens:
        return broken.line, ""
    last = tokens[-1]
    before = broken.source.text.rfind("\n", 0, last.start) + 1
    end = last.start - before + len(last.text)
    return broken.line[:end], broken.line[end:]


def _begins_a_block(code):
    words = r"(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)"
    return re.match(rf"\s*{words}\b", code) or code.strip().startswith(")")


@rule
def parentheses_of_a_function_missing(evidence):
    broken = evidence.broken
    found = broken and re.fullmatch(r"(\s*(?:async\s+)?def\s+\w+)\s*:(.*)", broken.line)
    if found:
        given = "(self):" if found[1][:1].isspace() else "():"
        line = found[1] + given + found[2]
        if broken.reads_with(line):
            return told(broken, "A function's name is followed by parentheses.", line)


@rule
def def_forgotten(evidence):
    broken = evidence.broken
    found = broken and re.fullmatch(
        r"(\s*)(async\s+(?!def\b|with\b|for\b)|def\s+async\s+)(\w.*)", broken.line
    )
    if found and broken.reads_with(line := f"{found[1]}async def {found[3]}"):
        return told(broken, "A coroutine function begins with async def.", line)


@rule
def another_languages_word(evidence):
    broken = evidence.broken
    for pattern, by, why in ANOTHER_LANGUAGE if broken else ():
        line = re.sub(pattern, by, broken.line)
        if line != broken.line and broken.reads_with(line):
            return told(broken, why, line)


@rule
def keyword_misspelled(evidence):
    broken = evidence.broken
    for token in broken.on_the_line if broken else ():
        if token.kind != "name" or keyword.iskeyword(token.text):
            continue
        for word in difflib.get_close_matches(token.text.lower(), KEYWORDS, 2, 0.6):
            line = re.sub(rf"\b{re.escape(token.text)}\b", word, broken.line, count=1)
            if broken.reads_with(line):
                return told(broken, f"{token.text} is misspelled: Python's word is {word}.", line)


@rule
def equals_sign_in_a_condition(evidence):
    broken = evidence.broken
    if broken and re.match(r"\s*(?:if|elif|while|return|assert)\b", broken.line):
        line = re.sub(r"(?<![=!<>:])=(?!=)", "==", broken.line, count=1)
        if line != broken.line and broken.reads_with(line):
            return told(
                broken,
                "A single = assigns a value; a condition compares with ==.",
                line,
            )


@rule
def comma_missing(evidence):
    """Tried before what Python stopped at; where it names two things, between their parts."""
    broken = evidence.broken
    for one, following in _gaps(broken) if broken else ():
        end, text = one.start + len(one.text), broken.source.text
        text = f"{text[:end]},{text[end:]}"
        if not broken.open_before(following) or not broken.reads_as(text):
            continue
        between = f"between {_shown(one)} and {_shown(following)}"
        if not _begins_an_entry(broken, one, following):
            return Explanation(
                f"Something is missing {between}: a comma, or an operator such as +.",
                broken.where(one.line),
            )
        line = text.split("\n")[one.line - 1].strip()
        place = between if one.line == following.line else "at the end of this line"
        return Explanation(
            f"A comma is missing {place}. Write:\n    {line}",
            broken.where(one.line),
            broken.suggest(text),
        )


def _begins_an_entry(broken, one, following):
    """Whether a comma, and nothing else, is missing before it: a key of a dictionary, a named
    argument, or an item of a list on a line of its own."""
    after = next((t.text for t in broken.tokens if t.start > following.start), "")
    opening = broken.open_before(following)[-1].text
    if after == {"{": ":", "(": "="}.get(opening):
        return True
    return opening == "[" and one.line < following.line


def _gaps(broken):
    """Each two parts of the file between which a comma may be missing. In a dictionary Python stops
    at the colon after the second."""
    stopped = broken.stopped_at
    both = "forgot a comma" in broken.message
    for one, following in itertools.pairwise(broken.tokens):
        end = following.start + len(following.text)
        at_colon = stopped and stopped.text == ":" and stopped.start == end
        named = both and one.line == broken.number and one.start >= stopped.start
        if following is stopped or at_colon or named:
            yield one, following


def _shown(token):
    return token.text if len(token.text) <= 30 else f"{token.text[:28]}…{token.text[-1]}"
