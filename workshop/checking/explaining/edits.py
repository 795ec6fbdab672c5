"""The changes that an edit of the learner's lines is made of (suggestion.py)."""

import ast
import re
import textwrap
from collections.abc import Iterable

from workshop.checking.explaining.broken import TOKEN
from workshop.checking.explaining.source import Source
from workshop.checking.explaining.suggestion import Change

GOES = (ast.If, ast.For, ast.AsyncFor, ast.While)  # with the only statement in it


def instead(node: ast.AST, code: str) -> Change:
    """The code takes the node's place."""
    return _begin(node), _end(node), code


def instead_of_both(first: ast.AST, last: ast.AST, code: str) -> Change:
    """The code takes the place of two nodes and of all between them."""
    return _begin(first), _end(last), code


def before(node: ast.AST, code: str) -> Change:
    """The code goes right before the node, on its line."""
    return _begin(node), _begin(node), code


def after(node: ast.AST, code: str) -> Change:
    """The same right after the node."""
    return _end(node), _end(node), code


def left_out(node: ast.AST, others: Iterable[ast.AST]) -> Change:
    """One of several arguments, bases or entries is removed, with the comma between it and the
    next, or the one before it: `others` are all of them."""
    others = sorted(others, key=lambda other: (other.lineno, other.col_offset))
    begin, end = _begin(node), _end(node)
    number = others.index(node)
    if number + 1 < len(others):
        end = _begin(others[number + 1])
    elif number:
        begin = _end(others[number - 1])
    return begin, end, ""


def around(node: ast.AST, left: str, right: str) -> list[Change]:
    """The code goes before and after the node: around(routes, "URLRouter(", ")")."""
    return [before(node, left), after(node, right)]


def undecorated(decorator: ast.expr) -> Change:
    """The decorator's lines are removed."""
    return (decorator.lineno, 0), (decorator.end_lineno + 1, 0), ""


def instead_of_all(statements: list[ast.stmt], code: str) -> Change:
    """The code takes the place of these statements, which follow one another, at the same
    indentation."""
    first, last = statements[0], statements[-1]
    return instead_of_both(first, last, _block(first, code).strip())


def unwrapped(source: Source, block: ast.With | ast.AsyncWith | ast.If | ast.For) -> Change:
    """The statements of the block take its place."""
    first, last = block.body[0], block.body[-1]
    if first.lineno == block.lineno:  # all on one line
        return instead(block, "; ".join(map(source.code, block.body)))
    lines = source.text.split("\n")[first.lineno - 1 : last.end_lineno]
    return instead_of_all([block], "\n".join(lines))


def whole_line(source: Source, number: int, code: str) -> Change:
    """The line, counted from 1, is this one, its indentation included."""
    line = source.text.split("\n")[number - 1]
    return (number, 0), (number, len(line.encode())), code


def above(statement: ast.stmt, code: str) -> Change:
    """The code goes above the statement and its decorators, at the same indentation."""
    place = (_first_line(statement), 0)
    return place, place, _block(statement, code)


def below(statement: ast.stmt, code: str) -> Change:
    """The same below the statement."""
    place = (statement.end_lineno + 1, 0)
    return place, place, _block(statement, code)


def without(statement: ast.stmt) -> Change:
    """The statement's lines are removed."""
    return (_first_line(statement), 0), (statement.end_lineno + 1, 0), ""


def removed(source: Source, statement: ast.stmt) -> Change:
    """The statement is removed, with each `if` and loop that has nothing else in it; `pass` is left
    where another block would be empty."""
    for parent in source.nodes(ast.stmt, ast.ExceptHandler):
        for block in ("body", "orelse", "finalbody"):
            if getattr(parent, block, None) == [statement]:
                if block == "body" and isinstance(parent, GOES) and not parent.orelse:
                    return removed(source, parent)
                return instead(statement, "pass")
    return without(statement)


def indented(source: Source, statement: ast.stmt, column: int) -> Change:
    """The statement and its decorators begin at this column."""
    first = _first_line(statement)
    code = textwrap.dedent("\n".join(source.text.split("\n")[first - 1 : statement.end_lineno]))
    end = (statement.end_lineno + 1, 0)
    return (first, 0), end, textwrap.indent(code, " " * column) + "\n"


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


def based_on(source: Source, definition: ast.ClassDef, base: str) -> Change:
    """The class is derived from this base too, which comes after its others."""
    if definition.bases:
        return instead(definition.bases[-1], f"{source.code(definition.bases[-1])}, {base}")
    (_, place, _), line = renamed(definition, ""), source.text.split("\n")[definition.lineno - 1]
    empty = re.match(r"\s*\(\s*\)", line.encode()[place[1] :].decode())
    return place, (place[0], place[1] + len(empty[0].encode() if empty else "")), f"({base})"


def without_key(dictionary: ast.Dict, key: ast.expr) -> Change:
    """The key is removed from the dictionary, with its value."""
    place, keys = dictionary.keys.index(key), dictionary.keys
    begin, end = _begin(key), _end(dictionary.values[place])
    if place + 1 < len(keys) and keys[place + 1]:
        end = _begin(keys[place + 1])
    elif place:
        begin = _end(dictionary.values[place - 1])
    return begin, end, ""


def made_async(statement: ast.FunctionDef | ast.With | ast.For) -> Change:
    """`async` is added before its `def`, `with` or `for`."""
    return before(statement, "async ")


def made_plain(statement: ast.AsyncFunctionDef | ast.AsyncWith | ast.AsyncFor) -> Change:
    """`async` is removed from before its `def`, `with` or `for`."""
    line, column = statement.lineno, statement.col_offset
    return (line, column), (line, column + len("async ")), ""


def renamed(definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str) -> Change:
    """The function or class has this name where it is defined."""
    words = {ast.FunctionDef: "def ", ast.AsyncFunctionDef: "async def ", ast.ClassDef: "class "}
    line, column = definition.lineno, definition.col_offset + len(words[type(definition)])
    return (line, column), (line, column + len(definition.name.encode())), name


def ended_with(function: ast.FunctionDef | ast.AsyncFunctionDef, code: str) -> list[Change]:
    """The code is what the function does last. No change where it may return or raise before."""
    last = function.body[-1]
    leaves = [node for node in ast.walk(function) if isinstance(node, ast.Return | ast.Raise)]
    if any(node is not last for node in leaves):
        return []
    if isinstance(last, ast.Pass) or getattr(getattr(last, "value", 0), "value", 0) is ...:
        return [instead(last, code)]
    return [above(last, code) if leaves else below(last, code)]


def taking(
    source: Source, function: ast.FunctionDef | ast.AsyncFunctionDef, arguments: str
) -> Change:
    """The function takes these arguments: "self, close_code"."""
    line, column = renamed(function, "")[1]
    lines = source.text.split("\n")[line - 1 :]
    rest = "\n".join([lines[0].encode()[column:].decode(), *lines[1:]])
    brackets = [match for match in TOKEN.finditer(rest) if match[0] in "()[]{}"]
    opening, depth = next(match.end() for match in brackets if match[0] == "("), 0
    for match in brackets:
        depth += 1 if match[0] in "([{" else -1
        if depth == 0 and match.start() >= opening:
            break

    def place(offset: int) -> tuple[int, int]:
        *above, last = rest[:offset].split("\n")
        return line + len(above), len(last.encode()) + (0 if above else column)

    return place(opening), place(match.start()), arguments


def first_in(display: ast.List | ast.Tuple | ast.Dict, code: str) -> Change:
    """The code is the first entry of the list, tuple or dictionary."""
    entries = display.keys if isinstance(display, ast.Dict) else display.elts
    if not entries or entries[0] is None:  # None: of **others
        place = (display.lineno, display.col_offset + 1)
        return place, place, f"{code}, " if entries else code
    first = entries[0]
    deep = f"\n{' ' * first.col_offset}" if first.lineno > display.lineno else " "
    return _begin(first), _begin(first), f"{code},{deep}"


def last_in(display: ast.List | ast.Tuple, code: str) -> Change:
    """The code is the last entry of the list or tuple."""
    if not display.elts:
        return first_in(display, code)
    last = display.elts[-1]
    deep = f"\n{' ' * last.col_offset}" if last.lineno > display.lineno else " "
    return _end(last), _end(last), f",{deep}{code}"


def _begin(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.AST) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def imported(source: Source, code: str) -> list[Change]:
    """The import goes below the file's others, unless the name is already there."""
    name = code.rpartition(" ")[2]
    imports = [n for n in source.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    if name in source.imports or not source.tree.body:
        return []
    return [below(imports[-1], code)] if imports else [above(source.tree.body[0], code)]


def _first_line(statement: ast.stmt) -> int:
    """The decorators of a function or class are above what ast calls its line."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _block(statement: ast.stmt, code: str) -> str:
    deep = " " * statement.col_offset
    return textwrap.indent(textwrap.dedent(code).strip("\n"), deep) + "\n"
