"""Files that are not what they should be, from the first byte on: another encoding than UTF-8, or
text around the code that is not Python."""

import re

from workshop.checking.explaining.encodings import misread_in
from workshop.checking.explaining.rules import Explanation, rule

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
            "PowerShell's > and some editors save files so. "
            f"{SAVE} Nothing is wrong with the file that reads it.",
            found.where,
        )


@rule(raised=ABOUT_BYTES)
def null_bytes_in_a_file(evidence, error, byte, position):
    found = _misread(evidence, byte, position)
    if found and found.encoding is None:
        return Explanation(
            f"{_name(evidence, found)} has null bytes, the first of them in this line. Most "
            "editors hide them; a program that was interrupted while saving leaves them. "
            "Delete the line and type it again.",
            found.where,
        )


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
    if broken and re.match(r"\s*(```|~~~)", broken.line):
        return Explanation(
            f"{broken.line.strip()} is how Markdown marks a block of code; it was copied along "
            "with the code. Delete this line, and the one that ends the block.",
            broken.where(),
        )


@rule
def prompt_in_the_code(evidence):
    broken = evidence.broken
    found = broken and re.match(r"\s*(>>> |\.\.\. |\$ |In \[\d+\]:)", broken.line)
    if found:
        return Explanation(
            f"{found[1].strip()} at the beginning of this line is a prompt that was copied "
            "along with the code. Delete it, here and in the lines below.",
            broken.where(),
        )


ENTITIES = {"&quot;": '"', "&#39;": "'", "&#x27;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


@rule
def html_entity_in_the_code(evidence):
    broken = evidence.broken
    for entity, character in ENTITIES.items() if broken else ():
        if entity in broken.line:
            line = broken.line
            for one, by in ENTITIES.items():
                line = line.replace(one, by)
            return Explanation(
                f"{entity} is how HTML writes {character}; it was copied from the source of a web "
                f"page. Write:\n    {line.strip()}",
                broken.where(),
            )
