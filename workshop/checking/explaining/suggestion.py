"""An edit of the learner's own lines, where a rule is certain of it:

    suggest(source, instead(call, f"await {source.code(call)}"), above(first, "import json"))

Each change, such as those of edits.py, is applied to the text as it is, so that what is not changed
stays as it was written. A rule gets it from `evidence.suggest(where, …)`, for the file that it
names.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

from workshop.checking.explaining.source import Source


@dataclass(frozen=True)
class Suggestion:
    """Lines `line` to `end_line` of `file`, counted from 1 and both included, become `replacement`:
    whole lines, without a newline at the end. None deletes them."""

    file: Path
    line: int
    end_line: int
    replacement: str | None

    def applied_to(self, text: str) -> str:
        """The file's text after the edit. `text` is what it was when the suggestion was made."""
        lines = text.split("\n")
        new = [] if self.replacement is None else [self.replacement]
        return "\n".join([*lines[: self.line - 1], *new, *lines[self.end_line :]])


# Where a change begins and ends: lines from 1, columns in bytes of UTF-8 as ast counts them.
Change = tuple[tuple[int, int], tuple[int, int], str]


def suggest(source: Source, *changes: Change) -> Suggestion | None:
    """The edit that makes all these changes, which may not overlap; None where the file would no
    longer be Python, or nothing would change."""
    lines = [line + "\n" for line in source.text.split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    text = "".join(lines).encode()
    for (line, column), (end_line, end_column), code in sorted(changes, reverse=True):
        begin, end = starts[line - 1] + column, starts[end_line - 1] + end_column
        text = text[:begin] + code.encode() + text[end:]
    new = text.decode().removesuffix("\n")
    try:
        ast.parse(new)
    except (SyntaxError, ValueError):
        return None
    return None if new == source.text else between(source, new)


def between(source: Source, new: str) -> Suggestion:
    """The smallest edit of whole lines that turns the file's text into `new`."""
    old_lines, new_lines = source.text.split("\n"), new.split("\n")
    shorter = min(len(old_lines), len(new_lines))
    same = next((n for n in range(shorter) if old_lines[n] != new_lines[n]), shorter)
    tail = 0
    while tail < shorter - same and old_lines[-1 - tail] == new_lines[-1 - tail]:
        tail += 1
    if same == len(old_lines) - tail:  # lines come in between: the one below stays, and is named
        if tail:
            tail -= 1
        else:
            same -= 1
    replacement = new_lines[same : len(new_lines) - tail]
    return Suggestion(
        source.path,
        same + 1,
        len(old_lines) - tail,
        "\n".join(replacement) if replacement else None,
    )
