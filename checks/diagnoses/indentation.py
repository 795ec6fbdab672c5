"""Indentation: tabs and spaces, and blocks that begin or end where they cannot."""

import re

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
        f"This line is indented with {of_this}, and others of this file with {of_others}: to "
        "Python that is not the same. Indent it with 4 spaces for each level. "
        "In VS Code, for the whole file: F1, Convert Indentation to Spaces.",
        broken.where(),
    )


def _indentation(line):
    return line[: len(line) - len(line.lstrip(" \t"))]


@rule
def block_is_empty(evidence):
    broken = evidence.broken
    found = broken and re.search(
        r"expected an indented block(?: after (?:.*?)on line (\d+))?", broken.message
    )
    if found:
        number = int(found[1] or broken.number)
        head = broken.lines[number - 1].strip()
        return Explanation(
            f"Nothing is indented under this line: {head}\n"
            "Indent what belongs to it by 4 more spaces than the line itself. "
            "A comment alone is not enough: if there is nothing to do, write pass.",
            broken.where(number),
        )


@rule
def indented_too_far(evidence):
    broken = evidence.broken
    if broken and broken.message == "unexpected indent":
        return Explanation(
            "This line is indented further than the one above, which begins no block. "
            "Give both the same indentation.",
            broken.where(),
        )


@rule
def indentation_of_no_block(evidence):
    broken = evidence.broken
    if broken and broken.message.startswith("unindent does not match"):
        before = {len(_indentation(line)) for line in broken.lines[: broken.number - 1]}
        widths = ", ".join(map(str, sorted(before)))
        return Explanation(
            f"This line is indented by {len(_indentation(broken.line))} spaces, as no line above "
            f"it is ({widths}). Give it the indentation of the block that it belongs to.",
            broken.where(),
        )


@rule(raised=r"^SyntaxError: '(return|yield|yield from)' outside function")
def return_outside_of_a_function(evidence, error, word):
    return Explanation(
        f"This {word} is not inside a function: as it is indented, the function has ended "
        "above it. Indent it as the lines of the function are.",
        evidence.where(error),
    )


@rule(raised=r"^SyntaxError: '(break|continue)' (?:outside loop|not properly in loop)")
def break_outside_of_a_loop(evidence, error, word):
    return Explanation(
        f"This {word} is not inside a loop: as it is indented, the loop has ended above it. "
        "Indent it as the lines of the loop are, or remove it.",
        evidence.where(error),
    )
