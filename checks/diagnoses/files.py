"""Files that are not what they should be, from the first byte on: another encoding than UTF-8, or
text around the code that is not Python."""

import ast
import re

from workshop.checking.explaining.encodings import misread_in
from workshop.checking.explaining.rules import Explanation, rule
from workshop.checking.explaining.suggestion import between

SAVE = (
    "Save it again as UTF-8. In VS Code: click the encoding in the status bar, then Save with "
    "Encoding, UTF-8."
)
ABOUT_BYTES = (
    r"^(?:SyntaxError|ValueError): .*(?:null bytes|unicode error|[Nn]on-UTF-8|utf-8)"
    r"|^UnicodeDecodeError: 'utf-8' codec can't decode byte (0x\w\w) in position (\d+)"
)


def _misread(evidence, byte, position):
    """The file that could not be read: a Python file, or the other text whose byte it was."""
    found = next(misread_in(evidence.project.folder, python=True), None)
    if found or byte is None:
        return found
    for other in misread_in(evidence.project.folder, python=False):
        if (other.byte, other.position) == (int(byte, 16), int(position)):
            return other
    return None


def _name(evidence, found):
    return found.where.file.relative_to(evidence.project.folder).as_posix()


@rule(raised=ABOUT_BYTES)
def file_in_utf_16(evidence, error, byte, position):
    """PowerShell 5.1 writes it: `>` and Out-File (about_Character_Encoding in its manual)."""
    found = _misread(evidence, byte, position)
    if found and found.encoding in ("UTF-16", "UTF-32"):
        return Explanation(
            f"{_name(evidence, found)} is saved as {found.encoding}, but it is read as UTF-8. "
            f"PowerShell's > and some editors save files this way. {SAVE}",
            found.where,
        )


@rule(raised=ABOUT_BYTES)
def null_bytes_in_a_file(evidence, error, byte, position):
    found = _misread(evidence, byte, position)
    if found and found.encoding is None:
        return Explanation(
            f"{_name(evidence, found)} has null bytes, the first of them on this line. "
            "Most editors hide them; a program that was interrupted while saving leaves them. "
            "Delete the line and type it again.",
            found.where,
            _without_null_bytes(evidence, found.where),
        )


def _without_null_bytes(evidence, where):
    """The edit that deletes them, where Python can then read the file."""
    source = evidence.project.source_at(where)
    if source is None:
        return None
    text = source.text.replace("\0", "")
    try:
        ast.parse(text)
    except SyntaxError:
        return None
    return between(source, text)


@rule(raised=ABOUT_BYTES)
def file_not_in_utf_8(evidence, error, byte, position):
    found = _misread(evidence, byte, position)
    if found and found.encoding in ("Latin-1", "Windows-1252"):
        character = f", {found.character} in that encoding" if found.character else ""
        return Explanation(
            f"{_name(evidence, found)} is not saved as UTF-8 but, it seems, as {found.encoding}: "
            f"this line has the byte 0x{found.byte:02x}{character}. Save it as UTF-8. In VS Code: "
            "click the encoding in the status bar, Reopen with Encoding, Western (Windows 1252); "
            "then again, Save with Encoding, UTF-8.",
            found.where,
        )


# Text around the code


@rule
def merge_markers_left(evidence):
    broken = evidence.broken
    for number, line in enumerate(broken.lines if broken else (), 1):
        if re.match(r"<{7}( |$)|>{7}( |$)|={7}$", line):
            return Explanation(
                "A merge left its conflict markers in this file: <<<<<<<, ======= and >>>>>>>. "
                "Keep one of the two sides between them, and delete the three lines with the "
                "markers. The first one is this line.",
                broken.where(number),
            )


@rule
def markdown_fence_in_the_code(evidence):
    """The fence around a code block (CommonMark 0.31, section 4.5), copied with the code."""
    broken = evidence.broken
    if broken is None or not re.match(FENCE, broken.line):
        return None
    fences = [n for n in _lines_of_code(broken) if re.match(FENCE, broken.lines[n - 1])]
    others = ", ".join(str(number) for number in fences if number != broken.number)
    lines = [line for n, line in enumerate(broken.lines, 1) if n not in fences]
    text = "\n".join(lines)
    return Explanation(
        f"{broken.line.strip()} is how Markdown marks a block of code; it was copied along "
        f"with the code. Delete this line{f', and line {others}' if others else ''}.",
        broken.where(),
        broken.tried(text),
    )


FENCE = r"\s*(```|~~~)"


def _lines_of_code(broken):
    """The numbers of the lines that begin outside strings."""
    inside = {
        number
        for token in broken.tokens
        for number in range(token.line + 1, token.line + 1 + token.text.count("\n"))
    }
    return [number for number in range(1, len(broken.lines) + 1) if number not in inside]


@rule
def prompt_in_the_code(evidence):
    broken = evidence.broken
    found = broken and re.match(PROMPT, broken.line)
    if not found:
        return None
    lines = list(broken.lines)
    for number in _lines_of_code(broken):
        lines[number - 1] = re.sub(PROMPT, r"\1", lines[number - 1])
    text = "\n".join(lines)
    others = sum(line != before for line, before in zip(lines, broken.lines, strict=True)) > 1
    return Explanation(
        f"{found[2].strip()} at the beginning of this line is a prompt that was copied "
        f"along with the code. Delete it{', here and in the lines below' if others else ''}.",
        broken.where(),
        broken.tried(text),
    )


PROMPT = r"(\s*)(>>> |\.\.\. |\$ |In \[\d+\]: ?)"

ENTITIES = {"&quot;": '"', "&#39;": "'", "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


@rule
def html_entity_in_the_code(evidence):
    broken = evidence.broken
    for entity, character in ENTITIES.items() if broken else ():
        if entity in broken.line:
            text = broken.outside_strings(_with_characters)
            line = text.split("\n")[broken.number - 1]
            return Explanation(
                f"{entity} is how HTML writes {character}; it was copied from the source of a web "
                f"page. Write:\n    {line.strip()}",
                broken.where(),
                broken.suggest(text),
            )


def _with_characters(code):
    """Code with the characters that HTML's entities mean."""
    for entity, character in ENTITIES.items():
        code = code.replace(entity, character)
    return code
