"""An edit of the learner's own lines, where a rule is certain of it:

    suggest(source, instead(call, f"await {source.code(call)}"), above(first, "import json"))

Each change is made to the text as it stands, so that what is not changed stays as it was written.
A rule has it from `evidence.suggest(where, …)`, of the file that it names.
"""

import ast
import textwrap
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


def instead(node: ast.AST, code: str) -> Change:
    """The code takes the node's place."""
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), code


def above(statement: ast.stmt, code: str) -> Change:
    """The code stands above the statement and its decorators, indented as deep."""
    place = (_first_line(statement), 0)
    return place, place, _block(statement, code)


def below(statement: ast.stmt, code: str) -> Change:
    """The same below the statement."""
    place = (statement.end_lineno + 1, 0)
    return place, place, _block(statement, code)


def without(statement: ast.stmt) -> Change:
    """The statement's lines go."""
    return (_first_line(statement), 0), (statement.end_lineno + 1, 0), ""


def removed(source: Source, statement: ast.stmt) -> Change:
    """The statement's lines go, and with them an `if` or a loop that holds nothing else. What is
    left of a function or class without any other is `pass`."""
    for node in source.nodes(ast.stmt):
        if getattr(node, "body", None) == [statement] and not getattr(node, "orelse", None):
            if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
                return removed(source, node)
            return instead(statement, "pass")
    return without(statement)


def its_body(source: Source, statement: ast.If | ast.For | ast.AsyncFor | ast.While) -> Change:
    """What an `if` or a loop holds takes its place."""
    first, last = statement.body[0].lineno, statement.body[-1].end_lineno
    code = "\n".join(source.text.split("\n")[first - 1 : last])
    return (statement.lineno, 0), (statement.end_lineno + 1, 0), _block(statement, code)


def indented(source: Source, statement: ast.stmt, column: int) -> Change:
    """The statement and its decorators begin at this column."""
    first = _first_line(statement)
    code = "\n".join(source.text.split("\n")[first - 1 : statement.end_lineno])
    code = textwrap.indent(textwrap.dedent(code), " " * column) + "\n"
    return (first, 0), (statement.end_lineno + 1, 0), code


def made_async(function: ast.FunctionDef) -> Change:
    """`async` stands before its `def`."""
    place = (function.lineno, function.col_offset)
    return place, place, "async "


def made_plain(function: ast.AsyncFunctionDef) -> Change:
    """`async` goes from before its `def`."""
    line, column = function.lineno, function.col_offset
    return (line, column), (line, column + len("async ")), ""


def renamed(definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str) -> Change:
    """The function or class has this name where it is defined."""
    words = {ast.FunctionDef: "def ", ast.AsyncFunctionDef: "async def ", ast.ClassDef: "class "}
    line, column = definition.lineno, definition.col_offset + len(words[type(definition)])
    return (line, column), (line, column + len(definition.name.encode())), name


def imported(source: Source, code: str) -> list[Change]:
    """The import stands below the file's others, unless the name is there already."""
    name = code.rpartition(" ")[2]
    imports = [n for n in source.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    if name in source.imports or not source.tree.body:
        return []
    return [below(imports[-1], code)] if imports else [above(source.tree.body[0], code)]


def suggest(source: Source, *changes: Change) -> Suggestion | None:
    """The edit that makes all these changes, which may not overlap; None where the file would not
    be Python afterwards, or nothing would change."""
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
    """The smallest edit of whole lines that makes the text `new` of the file's."""
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


def _first_line(statement: ast.stmt) -> int:
    """The decorators of a function or class stand above what ast calls its line."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _block(statement: ast.stmt, code: str) -> str:
    deep = " " * statement.col_offset
    return textwrap.indent(textwrap.dedent(code).strip("\n"), deep) + "\n"
