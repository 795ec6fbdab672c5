"""Indentation: tabs and spaces, and blocks that begin or end where they cannot."""

import ast
import itertools
import re

from workshop.checking.explaining.edits import below, without
from workshop.checking.explaining.rules import Explanation, rule


@rule
def tabs_and_spaces_mixed(evidence):
    """Python compares indentations as they are written (reference, section 2.1.8)."""
    broken = evidence.broken
    if broken is None:
        return None
    indented = [_indentation(line) for line in broken.lines if line.strip()]
    both = any("\t" in one for one in indented) and any(" " in one for one in indented)
    about = re.search("inconsistent use of tabs|indent", broken.message)
    here = _indentation(broken.line)
    if not about or not both or not here:
        return None
    of_this, of_others = ("a tab", "spaces") if "\t" in here else ("spaces", "tabs")
    return Explanation(
        f"This line is indented with {of_this}, and others in this file "
        f"with {of_others}: to Python, that is not the same. "
        "Indent it with 4 spaces for each level. "
        "In VS Code, for the whole file: F1, Convert Indentation to Spaces.",
        broken.where(),
        _with_spaces(broken),
    )


def _with_spaces(broken):
    """The edit that makes spaces of each tab before code, where Python can then read the file."""
    for each in (4, 8):
        spaces = [
            _indentation(line).replace("\t", " " * each) + line.lstrip(" \t")
            for line in broken.lines
        ]
        if broken.reads_as("\n".join(spaces)):
            return broken.suggest("\n".join(spaces))
    return None


def _indentation(line):
    return line[: len(line) - len(line.lstrip(" \t"))]


@rule
def block_is_empty(evidence):
    broken = evidence.broken
    found = broken and re.search(
        r"expected an indented block(?: after (?:.*?)on line (\d+))?", broken.message
    )
    if not found:
        return None
    number = int(found[1] or broken.number)
    head, deep = broken.lines[number - 1].strip(), broken.indented(number) + 4
    block = _block_below(broken, number)
    if block:
        line = broken.lines[block[0] - 1].strip()
        shallow = [other for other in block if broken.indented(other) < deep]
        edit = _moved(broken, block, deep) or _moved(broken, shallow, deep)
        advice = f"Indent the code that belongs to it by {deep} spaces:\n{' ' * (deep + 4)}{line}"
    else:
        edit = None
        advice = (
            f"Write what it should do there, indented by {deep} spaces. "
            "A comment alone is not enough: if there is nothing to do, write pass."
        )
    message = f"Nothing is indented under this line: `{head}`\n{advice}"
    return Explanation(message, broken.where(number), edit)


def _block_below(broken, number):
    """The lines directly below the head that belong in its block and are not indented deep enough.
    Of a function, those up to the next; of anything else, only one is sure."""
    head, found = broken.lines[number - 1], []
    if not all(line.strip() for line in broken.lines[number : broken.number]):
        return []
    for other in range(broken.number, len(broken.lines) + 1):
        code = broken.lines[other - 1].strip()
        if not code or re.match(
            r"#|(async\s+)?def\b|class\b|@|elif\b|else\b|except\b|finally\b", code
        ):
            break
        if broken.indented(other) < broken.indented(number):
            break
        found.append(other)
    is_function = re.match(r"\s*(async\s+)?def\b", head)
    return found if is_function or len(found) == 1 else []


def _moved(broken, numbers, deep):
    """The edit that indents the first of these lines so deep, and the others along with it; where
    Python can then read the file."""
    lines, by = list(broken.lines), deep - broken.indented(numbers[0])
    for number in numbers:
        line = lines[number - 1]
        lines[number - 1] = line and " " * max(broken.indented(number) + by, 0) + line.lstrip()
    text = "\n".join(lines)
    return broken.tried(text)


@rule
def indented_too_far(evidence):
    broken = evidence.broken
    if broken is None or broken.message != "unexpected indent":
        return None
    before = [n for n in range(1, broken.number) if broken.lines[n - 1].strip()]
    begun = [n for n in before if not _is_inside_brackets(broken, n)]
    deep = broken.indented(begun[-1]) if begun else 0
    return Explanation(
        "This line is indented further than the one above, which does not begin a block. "
        f"Indent it by {deep} spaces, like that one.",
        broken.where(),
        _moved(broken, _as_deep(broken), deep),
    )


def _is_inside_brackets(broken, number):
    """Whether the line goes on with what a bracket of a line above has begun."""
    return bool(broken.left_open(sum(len(line) + 1 for line in broken.lines[: number - 1])))


def _as_deep(broken):
    """The line where Python stopped and those below it that are indented as deep, or deeper."""
    deep, last = broken.indented(broken.number), broken.number
    for number in range(broken.number + 1, len(broken.lines) + 1):
        if broken.lines[number - 1].strip():
            if broken.indented(number) < deep:
                break
            last = number
    return list(range(broken.number, last + 1))


@rule
def indentation_of_no_block(evidence):
    broken = evidence.broken
    if broken is None or not broken.message.startswith("unindent does not match"):
        return None
    before = {broken.indented(n) for n in range(1, broken.number) if broken.lines[n - 1].strip()}
    *widths, last = map(str, sorted(before))
    valid = [deep for deep in sorted(before) if _compiles_with(broken, deep)]
    advice = "Indent it like the block that it belongs to."
    if len(valid) == 1:
        advice = f"Indent it by {valid[0]} spaces."
    return Explanation(
        f"This line is indented by {broken.indented(broken.number)} spaces, but the lines above it "
        f"by {', '.join(widths)} or {last}. {advice}",
        broken.where(),
        _moved(broken, [broken.number], valid[0]) if len(valid) == 1 else None,
    )


def _compiles_with(broken, deep):
    """Whether the file is valid with this line indented so deep: `await`, for one, is only valid in
    functions."""
    try:
        compile(broken.with_line(" " * deep + broken.line.strip()), "", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


@rule
def try_without_except(evidence):
    broken = evidence.broken
    if broken is None or "expected 'except' or 'finally' block" not in broken.message:
        return None
    before = [n for n in range(1, broken.number) if re.match(r"\s*try\s*:", broken.lines[n - 1])]
    if before:
        return Explanation(
            "This try: has no except below its block. Write one, with the exception that you "
            "expect, or delete try: and indent its lines one level less.",
            broken.where(before[-1]),
        )


@rule(raised=r"^SyntaxError: '(return|yield|yield from)' outside function")
def return_outside_of_a_function(evidence, error, word):
    where = evidence.where(error)
    return Explanation(
        f"This {word} is not inside a function: judging by its "
        "indentation, the function has ended above it. "
        "Indent it like the lines of the function.",
        where,
        _into_the_block_above(evidence, where, ast.FunctionDef, ast.AsyncFunctionDef),
    )


def _into_the_block_above(evidence, where, *kinds):
    """The edit that makes the statement at the place the last one of the block above it."""
    source = evidence.project.source_at(where)
    for owner in source.nodes(ast.Module, ast.ClassDef) if source else ():
        for block, statement in itertools.pairwise(owner.body):
            if statement.lineno == where.line and isinstance(block, kinds):
                code = source.code(statement)
                return evidence.suggest(where, without(statement), below(block.body[-1], code))
    return None


@rule(raised=r"^SyntaxError: '(break|continue)' (?:outside loop|not properly in loop)")
def break_outside_of_a_loop(evidence, error, word):
    return Explanation(
        f"This {word} is not inside a loop: judging by its "
        "indentation, the loop has ended above it. "
        "Indent it like the lines of the loop, or remove it.",
        evidence.where(error),
    )
