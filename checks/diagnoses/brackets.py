"""A dictionary without its braces, a bracket that is not closed, an = in the place of a colon."""

import re

from workshop.checking.explaining.broken import CLOSES, CLOSING, OPENING
from workshop.checking.explaining.rules import Explanation, rule

STATEMENTS = ("async", "def", "class", "return", "import", "from", "await", "if", "for", "@")


def _written(broken, start, end, text):
    """The file's text with a part of it replaced."""
    return broken.source.text[:start] + text + broken.source.text[end:]


@rule
def braces_of_a_dictionary_missing(evidence):
    """json.dumps("message": message), or square brackets around it."""
    broken = evidence.broken
    for key, colon in broken.pairs() if broken else ():
        inside = broken.open_before(key)
        if key.kind != "string" or colon.text != ":" or not inside or inside[-1].text == "{":
            continue
        opening, closing = inside[-1], broken.closing(inside[-1])
        if closing is None:
            return None
        entries = broken.source.text[key.start : closing.start].rstrip()
        start, end = key.start, key.start + len(entries)
        if opening.text == "[":
            start, end = opening.start, closing.start + 1
        text = _written(broken, start, end, f"{{{entries}}}")
        if broken.reads_as(text):
            shown = text.split("\n")[broken.number - 1].strip()
            code = f" Write:\n    {shown}" if "\n" not in entries else ""
            return Explanation(
                f"{key.text}: starts a dictionary, and a dictionary "
                f"is written in braces, {{ and }}.{code}",
                broken.where(),
                broken.suggest(text),
            )


@rule
def dictionary_with_equals_signs(evidence):
    broken = evidence.broken
    for key, sign in broken.pairs() if broken else ():
        inside = broken.open_before(key)
        if key.kind == "string" and sign.text == "=" and inside and inside[-1].text == "{":
            line = _all_equals_as_colons(broken, inside[-1])
            if line:
                return Explanation(
                    "In a dictionary, the key is followed by a colon, not =. "
                    "Write:\n"
                    f"    {line.strip()}",
                    broken.where(),
                    broken.suggest_line(line),
                )


def _all_equals_as_colons(broken, opening):
    """The line with each `"key" =` of the dictionary written with a colon."""
    line = re.sub(r"((?:\"\w+\"|'\w+'))\s*=(?!=)", r"\1:", broken.line)
    return line if opening.line == broken.number and broken.reads_with(line) else None


@rule
def argument_with_a_colon(evidence):
    """send(text_data: message)"""
    broken = evidence.broken
    for name, colon in broken.pairs() if broken else ():
        inside = broken.open_before(name)
        if name.kind == "name" and colon.text == ":" and inside and inside[-1].text == "(":
            after = broken.source.text[colon.start + 1 :]
            value = colon.start + 1 + len(after) - len(after.lstrip(" "))
            text = _written(broken, colon.start, value, "=")
            if broken.reads_as(text):
                line = text.split("\n")[colon.line - 1].strip()
                return Explanation(
                    f"A keyword argument takes =, not a colon. Write:\n    {line}",
                    broken.where(),
                    broken.suggest(text),
                )


@rule
def bracket_not_closed(evidence):
    """Python names the line of the bracket, what comes where it had to be closed, or only the line
    after it."""
    broken = evidence.broken
    opening = _never_closed(broken) if broken else None
    if opening is None:
        return None
    closes = CLOSES[opening.text]
    if line := _closed(broken, opening):
        code, text = f" Write:\n    {line.strip()}", broken.with_line(line, opening.line)
    elif found := _closed_below(broken, opening):
        number, text = found
        closing = text.split("\n")[number].strip()
        code = f" Below line {number}, on a line of its own, write:\n    {closing}"
    else:
        code, text = " Look for the place where it should end, on this line or below.", None
    return Explanation(
        f"The {opening.text} on this line is never closed: a {closes} is missing.{code}",
        broken.where(opening.line),
        text and broken.suggest(text),
    )


def _never_closed(broken):
    """The innermost bracket that is open where something else begins, or at the file's end."""
    if "was never closed" in broken.message:
        if askew := broken.closed_askew():
            return askew
        there = [token for token in broken.on_the_line if token.text == broken.message[1]]
        return next((token for token in there if broken.closing(token) is None), None)
    stopped = broken.stopped_at
    before = broken.open_before(stopped) if stopped else []
    if before and (stopped.text == ":" or stopped.text.startswith(STATEMENTS)):
        return before[-1] if _closed(broken, before[-1]) else None
    return None


def _closed(broken, opening):
    """The line of the bracket with all that it leaves open closed, where Python can then read it,
    before what it stopped at or at the line's end."""
    stopped, last = broken.stopped_at, broken.last_on(opening.line)
    here = stopped and stopped.line == opening.line and stopped.text == ":"
    after = stopped.start if here else last.start + len(last.text)
    below = range(opening.line + 1, len(broken.lines) + 1)
    following = next((n for n in below if broken.lines[n - 1].strip()), opening.line)
    if last is opening and broken.indented(following) > broken.indented(opening.line):
        return None  # what belongs in it is on the lines below
    open_ = [token for token in broken.left_open(after) if token.line == opening.line]
    closes = "".join(CLOSES[token.text] for token in reversed(open_))
    text = _written(broken, after, after, closes)
    return text.split("\n")[opening.line - 1] if closes and broken.reads_as(text) else None


def _closed_below(broken, opening):
    """The text with the bracket closed in a line of its own, below the lines that are indented
    deeper than its own, where Python can then read it; and the number of the last of those."""
    deep, last = broken.indented(opening.line), opening.line
    for number in range(opening.line + 1, len(broken.lines) + 1):
        if broken.lines[number - 1].strip():
            if broken.indented(number) <= deep:
                break
            last = number
    if last == opening.line or broken.last_on(opening.line) is not opening:
        return None
    comma = "," if broken.open_before(opening) else ""
    lines = list(broken.lines)
    lines.insert(last, f"{' ' * deep}{CLOSES[opening.text]}{comma}")
    text = "\n".join(lines)
    return (last, text) if broken.reads_as(text) else None


@rule
def bracket_of_another_kind(evidence):
    broken = evidence.broken
    found = broken and re.search(
        r"closing parenthesis '(.)' does not match opening parenthesis '(.)'(?: on line (\d+))?",
        broken.message,
    )
    if not found:
        return None
    column, closes = broken.range[0] - 1, CLOSES[found[2]]
    before, after = broken.line[:column], broken.line[column:]
    missing = f"a {closes} is missing before the {found[1]}"
    line = f"{before}{closes}{after}"
    if not broken.reads_with(line):
        missing, line = (
            f"it ends with {closes}, not with {found[1]}",
            f"{before}{closes}{after[1:]}",
        )
    reads = broken.reads_with(line)
    if not reads:
        missing = f"a {closes} is missing before this {found[1]}, or in its place"
    return Explanation(
        f"The {found[2]} of {f'line {found[3]}' if found[3] else 'this line'} is not closed: "
        f"{missing}." + (f" Write:\n    {line.strip()}" if reads else ""),
        broken.where(),
        broken.suggest_line(line) if reads else None,
    )


@rule
def bracket_never_opened(evidence):
    broken = evidence.broken
    found = broken and re.search(r"^unmatched '(.)'", broken.message)
    if found:
        column = broken.range[0] - 1
        line = broken.line[:column] + broken.line[column + 1 :]
        reads = broken.reads_with(line)
        # In a line that has the other one elsewhere, this one is too many.
        opened = OPENING[CLOSING.index(found[1])] in line
        return Explanation(
            f"There is one {found[1]} too many on this line, or "
            "the bracket that it closes is missing."
            + (f" Without it:\n    {line.strip()}" if reads else ""),
            broken.where(),
            broken.suggest_line(line) if reads and opened else None,
        )
