"""A file that Python cannot read: where it stopped, what is there, and whether an edit would help.

Python's own words for a SyntaxError differ from version to version, and name what confused it. So
rules look at what is in the file, and try the edit that they are about to suggest.
"""

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from workshop.checking.explaining.source import Source, Where
from workshop.checking.explaining.suggestion import Suggestion, between

OPENING, CLOSING = "([{", ")]}"
CLOSES = dict(zip(OPENING, CLOSING, strict=True))
# What tells the parts of a line apart. A string that is not closed is an `other`: its quote.
TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>(?:\b[rbfuRBFU]{1,2})?(?:"
    r"\"\"\"(?:\\.|.)*?\"\"\"|'''(?:\\.|.)*?'''"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
    r"|(?P<name>\w+)"
    r"|(?P<other>\S)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str  # "string", "name" or "other"
    text: str
    start: int  # in the file's text
    line: int  # from 1


def _brackets(text: str) -> list[str]:
    return [character for character in text if character in OPENING + CLOSING]


class Broken:
    """A file with a syntax error, and the line that Python named."""

    def __init__(self, source: Source, error: SyntaxError):
        self.source = source
        self.message = error.msg or ""
        self.lines = source.text.split("\n")
        self.number = min(max(error.lineno or 1, 1), max(len(self.lines), 1))
        self.range = (error.offset or 0, error.end_offset or 0)  # columns, from 1

    @property
    def line(self) -> str:
        """The text of the line, as it is indented."""
        return self.lines[self.number - 1] if self.lines else ""

    def where(self, number: int | None = None) -> Where:
        return Where(self.source.path, number or self.number)

    def reads_as(self, text: str) -> bool:
        """Whether Python reads this text in place of the file's, or gets further in it than the
        line after the one where it stopped. An edit that moves a bracket and leaves another without
        its partner does not count: Python reports that one late."""
        try:
            ast.parse(text)
        except SyntaxError as error:
            if re.search("unmatched|never closed|does not match", error.msg):
                if _brackets(text) != _brackets(self.source.text):
                    return False
            return (error.lineno or 0) > self.number + 1
        except ValueError:
            return False
        return True

    def reads_with(self, line: str, number: int | None = None) -> bool:
        """The same with one line replaced: the one where it stopped, or another."""
        return self.reads_as(self.with_line(line, number))

    def with_line(self, line: str, number: int | None = None) -> str:
        """The file's text with that line."""
        lines = list(self.lines)
        lines[(number or self.number) - 1] = line
        return "\n".join(lines)

    def suggest(self, text: str) -> Suggestion:
        """The edit that turns the file's text into this one: one that a rule has tried with
        reads_as."""
        return between(self.source, text)

    def tried(self, text: str) -> Suggestion | None:
        """The same where Python reads this text; else None."""
        return self.suggest(text) if self.reads_as(text) else None

    def suggest_line(self, line: str, number: int | None = None) -> Suggestion:
        """The same of one line."""
        return self.suggest(self.with_line(line, number))

    def outside_strings(self, edited: Callable[[str], str]) -> str:
        """The file's text with all that is outside its strings and comments edited."""
        text, parts, last = self.source.text, [], 0
        for match in TOKEN.finditer(text):
            if match.lastgroup in ("comment", "string"):
                parts += [edited(text[last : match.start()]), match[0]]
                last = match.end()
        return "".join([*parts, edited(text[last:])])

    @cached_property
    def tokens(self) -> list[Token]:
        """The file's parts in order, except comments."""
        text, found, line, last = self.source.text, [], 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", last, match.start())
            last = match.start()
            if match.lastgroup != "comment":
                found.append(Token(match.lastgroup, match[0], match.start(), line))
        return found

    @property
    def on_the_line(self) -> list[Token]:
        return [token for token in self.tokens if token.line == self.number]

    @property
    def stopped_at(self) -> Token | None:
        """The part of the line at which Python stopped; None where it doesn't name one."""
        start = sum(len(line) + 1 for line in self.lines[: self.number - 1]) + self.range[0] - 1
        return next((t for t in self.on_the_line if t.start <= start < t.start + len(t.text)), None)

    def last_on(self, number: int) -> Token:
        """The last part of a line that has one."""
        return [token for token in self.tokens if token.line == number][-1]

    def open_before(self, token: Token) -> list[Token]:
        """The brackets that are open where the token begins, the innermost last."""
        return self.left_open(token.start)

    def left_open(self, place: int) -> list[Token]:
        """The brackets that are open at a place of the text, the innermost last."""
        stack: list[Token] = []
        for one in self.tokens:
            if one.start >= place:
                break
            if one.text in OPENING:
                stack.append(one)
            elif one.text in CLOSING and stack:
                stack.pop()
        return stack

    def closing(self, opening: Token) -> Token | None:
        """The bracket that closes this one."""
        depth = 0
        for one in self.tokens:
            if one.start >= opening.start:
                depth += (one.text in OPENING) - (one.text in CLOSING)
                if depth == 0:
                    return one
        return None

    def closed_askew(self) -> Token | None:
        """The first bracket at a line's end that is closed at the beginning of a line with another
        indentation: so one in between is missing."""
        stack: list[Token] = []
        for before, one in itertools.pairwise([None, *self.tokens]):
            if one.text in OPENING:
                stack.append(one)
            elif one.text in CLOSING and stack:
                opening = stack.pop()
                begins = before is None or before.line < one.line
                ends = self.last_on(opening.line) is opening
                if begins and ends and self.indented(opening.line) != self.indented(one.line):
                    return opening
        return None

    def indented(self, number: int) -> int:
        """By how many characters a line is indented."""
        line = self.lines[number - 1]
        return len(line) - len(line.lstrip())

    def pairs(self) -> Iterator[tuple[Token, Token]]:
        """Each part of the line with the one after it, which may be on the next line."""
        for one, following in zip(self.tokens, self.tokens[1:], strict=False):
            if one.line == self.number:
                yield one, following
