"""The code in a message: what is between backticks, and what is on indented lines.

It is Python that can be typed where the message says, or is quoted from the learner's file, or is a
command.
"""

import ast
import keyword
import re
import textwrap
from pathlib import Path

from workshop.checking.explaining.project import Project
from workshop.checking.explaining.source import Where

COMMANDS = re.compile(
    r"(?:\S*[/\\])?(?:python3?|py|uv|pip|docker|export|set|unset|Remove-Item|git|sudo) |--\w"
)
OUTPUT = re.compile(r"output was:\n(?: {4}.*\n?)+")
AWAITING = re.compile(r"\bawait\b|\basync (?:with|for)\b")
OTHER = r"async def|a coroutine calls|[Ii]n \w+\(\)"  # another function than that of the place
# Code that is not marked as such, so that a line may break inside it.
UNMARKED = re.compile(
    r"\bawait [\w.]+\(|\bawait \w+\.\w|\basync_to_sync\(\w|\bself\.[\w.]+\([^)\s]|\basync def \w+\("
)
# What a piece of code may be: statements, an argument, or the beginning or a part of a statement.
FORMS = (
    "{}",
    "x{}",
    "{}(): pass",
    "{}: pass",
    "{} pass",
    "{}\nclass C: pass",
    "f({})",
    "{{{}}}",
    "import {}",
    "class C:\n {}\n  pass",
    "if x: pass\n{} pass",
    "try: pass\n{} pass",
    "match x:\n {} pass",
)


def code_in(message: str) -> list[str]:
    """Each piece of code, in order."""
    message = OUTPUT.sub("", message)
    blocks = re.findall(r"(?:^ {4}.*\n?)+", message, re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", message) + [textwrap.dedent(block) for block in blocks]


def faults(message: str, file: str | None, is_plain: bool) -> list[str]:
    """What is wrong with the message's code; `is_plain`: whether it is meant for a plain `def`, if
    the message names no other function."""
    text = Path(file).read_text("utf-8", errors="replace") if file and Path(file).is_file() else ""
    found = []
    for code in code_in(message):
        if code.strip() in text or COMMANDS.match(code):
            continue  # a quotation, a command
        if not parses(code):
            found.append(f"not Python: {code}")
        elif AWAITING.search(code) and is_plain and not re.search(OTHER, message):
            found.append(f"meant for a plain function: {code}")
    plain = re.sub(r"`[^`]+`|^ {4}.*$", "", message, flags=re.MULTILINE)
    return found + [
        f"not marked as code: {plain[at.start() :][:40]}" for at in UNMARKED.finditer(plain)
    ]


def is_plain_at(folder: Path, failed: dict) -> bool:
    """Whether the place that the report names is in a plain `def`."""
    where = Where(Path(failed["file"]), failed["line"]) if failed["file"] else None
    return isinstance(Project(folder).function_at(where), ast.FunctionDef)


def parses(code: str) -> bool:
    """Whether it is Python in one of the FORMS; "…" is anything."""
    code = code.strip().replace("…", "...")
    if all(map(keyword.iskeyword, code.split())) or set(code) <= set("()[]{},"):
        return True  # a word of the language, such as `async def`
    for form in FORMS:
        inside = form.format(code).replace("\n", "\n ")
        try:
            ast.parse(f"async def f():\n {inside}\n")
        except (SyntaxError, ValueError):
            continue
        return True
    return False
