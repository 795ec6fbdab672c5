"""Characters that look like others: a word processor's quotes, spaces that are not spaces."""

import re
import unicodedata

from workshop.checking.explaining.edits import whole_line
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.source import Where

# What Python reads in the place of what word processors and web pages write.
PLAIN = {
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‘’‚‛′＇´", "'"),
    **dict.fromkeys("‐‑‒–—−", "-"),
    "…": "...",
    "×": "*",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
# Letters of the Cyrillic and the Greek alphabet that look like Latin ones, and those.
LOOKS_LIKE = dict(
    zip(
        "асеһіјорѕухԁАВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧαονρ",
        "acehijopsyxdABCEHIJKMOPSTXYABEZHIKMNOPTYXaovp",
        strict=True,
    )
)


def _invisible(character):
    """Whether it is invisible or looks like a space: all but the space, the tab and the line's
    end."""
    kind = unicodedata.category(character)
    return kind in ("Cf", "Zs", "Zl", "Zp", "Cc") and character not in " \t\n\r\f"


def _named(character):
    name = unicodedata.name(character, "a control character").lower()
    return f"{name} (U+{ord(character):04X})"


@rule
def invisible_character(evidence):
    broken = evidence.broken
    found = broken and re.search(
        r"invalid (?:non-printable )?character .*?U\+(\w+)", broken.message
    )
    character = chr(int(found[1], 16)) if found else "a"
    if not _invisible(character):
        return None
    others = [n for n, line in enumerate(broken.lines, 1) if character in line]
    others = [str(number) for number in others if number != broken.number]
    before, _, after = broken.line.partition(character)
    if before.strip():
        last, first = re.search(r"\S*$", before)[0], re.match(r"\S*", after)[0]
        place, what = f"after {before.strip()[-24:]}", f"Delete {last}{first} and type it again."
    else:
        place, what = "before its code", "Delete the line's indentation and type it again."
    also = f" It is also on line {', '.join(others)}." if others else ""
    return Explanation(
        f"On this line, {place}, there is an invisible character: {_named(character)}. "
        "It usually comes from copied text. "
        f"{what}{also}",
        broken.where(),
        _with_plain_characters(broken),
    )


def _with_plain_characters(broken):
    """The edit of all such characters outside strings, where Python can then read the file: copied
    code has them in many lines."""
    text = broken.outside_strings(lambda code: "".join(map(_typed, code)))
    return broken.tried(text)


def _typed(character):
    """What is typed in its place."""
    if _invisible(character):
        return " " if unicodedata.category(character) == "Zs" else ""
    return _plain(character) or character


@rule
def typographic_character(evidence):
    """Also where a string begins with a straight quote and was to end with a curly one."""
    broken = evidence.broken
    found = broken and re.search(r"invalid character .*?U\+(\w+)|unterminated", broken.message)
    if not found:
        return None
    odd = chr(int(found[1], 16)) if found[1] else next(filter(_plain, broken.line), "")
    plain = odd and _plain(odd)
    if not plain or _invisible(odd):
        return None
    line = "".join(_plain(character) or character for character in broken.line)
    edit = broken.suggest_line(line) if broken.reads_with(line) else _with_plain_characters(broken)
    code = f". Write:\n    {line.strip()}" if edit else ""
    return Explanation(
        f"This line has {odd} (U+{ord(odd):04X}), which word processors and web pages use. "
        f"Python only knows {plain}{code or '.'}",
        broken.where(),
        edit,
    )


def _plain(character):
    """What Python would read in its place; None for what needs no other."""
    if character in PLAIN:
        return PLAIN[character]
    wide = unicodedata.normalize("NFKC", character)
    return wide if wide != character and wide.isascii() and not wide.isalnum() else None


@rule
def character_outside_of_a_string(evidence):
    broken = evidence.broken
    found = broken and re.search(r"invalid character '(.)'", broken.message)
    if not found or _plain(found[1]):
        return None
    where = f"{found[1]} is only allowed in strings and comments, and here it is in neither."
    line = re.sub(f" *{found[1]}", "", broken.line)
    between_brackets = broken.stopped_at and broken.open_before(broken.stopped_at)
    if between_brackets or not broken.reads_with(line):
        return Explanation(f"{where} Delete it, or put it in quotes.", broken.where())
    return Explanation(
        f"{where} Delete it:\n    {line.strip()}", broken.where(), broken.suggest_line(line)
    )


# In a name, or in a string that is one


@rule(
    raised=r"^(?:ModuleNotFoundError: No module named|ImportError: cannot import name"
    r"|NameError: name|KeyError:|LookupError: No installed app with label) '(.+?)'"
)
def odd_character_in_a_name(evidence, error, quoted):
    name = (error.facts and error.facts.name) or quoted
    where = evidence.where(error)
    source = evidence.project.source_at(where)
    # The name that was not found, or another of the file that looks as it does.
    looks = [name, *_almost(name, source)] if error.name == "NameError" and source else [name]
    odd = next((c for one in looks for c in one if _invisible(c) or _looks_latin(c, one)), None)
    if odd is None:
        return None
    if where is None or odd not in evidence.line_at(where):
        where = _first_line_with(evidence, odd) or where
    what = "that cannot be seen" if _invisible(odd) else "that looks like another one"
    plain = "".join(map(_as_it_looks, next(one for one in looks if odd in one)))
    return Explanation(
        f"A name on this line, which looks like {plain}, "
        f"contains a character {what}: {_named(odd)}. "
        "It usually comes from copied text. "
        "Delete the name and type it again.",
        where,
        _with_the_name_typed(evidence, where, odd),
    )


def _with_the_name_typed(evidence, where, odd):
    """The edit of the line's names that have the character."""
    source = evidence.project.source_at(where)
    if source is None or where.line is None:
        return None
    line = source.text.split("\n")[where.line - 1]
    typed = re.sub(rf"\w*{odd}[\w{odd}]*", lambda name: "".join(map(_as_it_looks, name[0])), line)
    return (
        evidence.suggest(where, whole_line(source, where.line, typed)) if typed.isascii() else None
    )


def _as_it_looks(character):
    """The Latin letter that looks like it; nothing for what cannot be seen."""
    return "" if _invisible(character) else LOOKS_LIKE.get(character, character)


def _almost(name, source):
    """The names of a file that differ from this one only in characters outside ASCII."""
    pattern = "".join(rf"(?:{re.escape(c)}|[^\x00-\x7f])" for c in name)
    return [other for other in re.findall(rf"\b{pattern}\b", source.text) if other != name]


def _looks_latin(character, name):
    """Whether it is a letter of another alphabet in a name that is written in Latin ones."""
    other = unicodedata.name(character, "").startswith(("CYRILLIC", "GREEK"))
    return other and any("a" <= c.lower() <= "z" for c in name)


def _first_line_with(evidence, character):
    for source in evidence.project.sources:
        for number, line in enumerate(source.text.split("\n"), 1):
            if character in line:
                return Where(source.path, number)
    return None
