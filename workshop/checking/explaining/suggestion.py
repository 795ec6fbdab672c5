"""An edit of the learner's own lines, where a rule is certain of it:

    suggest(source, instead(call, f"await {source.code(call)}"), above(first, "import json"))

Each change is made to the text as it stands, so that what is not changed stays as it was written.
A rule has it from `evidence.suggest(where, …)`, of the file that it names.
"""

import ast
import re
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
    """The statement goes, with each `if` that has nothing else in it; `pass` is left where another
    block would be empty."""
    for parent in source.nodes(ast.stmt, ast.ExceptHandler):
        for block in ("body", "orelse", "finalbody"):
            if getattr(parent, block, None) == [statement]:
                if isinstance(parent, ast.If) and block == "body" and not parent.orelse:
                    return removed(source, parent)
                return instead(statement, "pass")
    return without(statement)


def moved(source: Source, definition: ast.stmt, owner: ast.ClassDef) -> list[Change]:
    """The function becomes the last of the class's methods."""
    lines = source.text.split("\n")[_first_line(definition) - 1 : definition.end_lineno]
    place, code, _ = below(owner.body[-1], "pass")
    method = _block(owner.body[-1], "\n".join(lines))
    return [without(definition), (place, code, "\n" + method)]


def under(source: Source, statement: ast.stmt, condition: str) -> Change:
    """The statement becomes all that is in an `if` with this condition."""
    lines = source.text.split("\n")[statement.lineno - 1 : statement.end_lineno]
    inside = textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")
    start, _, code = above(statement, f"if {condition}:\n{inside}")
    return start, (statement.end_lineno + 1, 0), code


def unwrapped(source: Source, statement: ast.If) -> Change:
    """What is in the `if` takes its place."""
    lines = source.text.split("\n")[statement.body[0].lineno - 1 : statement.end_lineno]
    start, _, code = above(statement, "\n".join(lines))
    return start, (statement.end_lineno + 1, 0), code


def based_on(source: Source, definition: ast.ClassDef, base: str) -> Change:
    """The class is derived from this base too, which comes after its others."""
    if definition.bases:
        return instead(definition.bases[-1], f"{source.code(definition.bases[-1])}, {base}")
    (_, place, _), line = renamed(definition, ""), source.text.split("\n")[definition.lineno - 1]
    empty = re.match(r"\s*\(\s*\)", line.encode()[place[1] :].decode())
    return place, (place[0], place[1] + len(empty[0].encode() if empty else "")), f"({base})"


def with_parameters(
    source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef, names: str
) -> Change:
    """The function takes these, "self, event", in place of all that it takes."""
    _, place, _ = renamed(function, "")
    ends = [(n.end_lineno, n.end_col_offset) for n in ast.walk(function.args) if _has_place(n)]
    line, column = max(ends, default=(place[0], place[1] + 1))
    lines = source.text.encode().split(b"\n")
    while b")" not in lines[line - 1][column:]:
        line, column = line + 1, 0
    end = line, lines[line - 1].index(b")", column)
    return (place[0], place[1] + 1), end, names


def _has_place(node: ast.AST) -> bool:
    return hasattr(node, "end_col_offset")


def without_key(dictionary: ast.Dict, key: ast.expr) -> Change:
    """The key goes from the dictionary, with its value."""
    place, keys = dictionary.keys.index(key), dictionary.keys
    begin, end = instead(key, "")[0], instead(dictionary.values[place], "")[1]
    if place + 1 < len(keys) and keys[place + 1]:
        end = instead(keys[place + 1], "")[0]
    elif place:
        begin = instead(dictionary.values[place - 1], "")[1]
    return begin, end, ""


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
