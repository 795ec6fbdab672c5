"""One style for everything that attendees read."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import own_files
from workshop import manifest

# What reads as translated, or is spelled as in Britain, and what to write: regular expressions, for
# whole words, in lower case. Only what has no right use anywhere in the repository.
BETTER = {
    # Spelling, as in Django's documentation and in Python
    r"(colour|behaviour|neighbour|favour|honour|flavour|rumour)\w*": "-or: color, behavior",
    r"programmes?": "program",
    r"(cancel|travel|label|model|signal|fuel)l(ed|ing)(?!\()": "one l: canceled",
    r"grey": "gray",
    r"licences?": "license",
    r"(cent|met|theat)res?": "-er: center",
    r"(initial|normal|serial|synchron|organ|recogn|summar|optim|minim|maxim|real|general|special|"
    r"custom|author|final|util|visual|capital|categor|emphas|apolog)is(e[ds]?|ing|ation)": "-ize",
    r"(analys|paralys)(e[ds]?|ing)": "-yze",
    r"learnt|spelt|burnt|whilst|amongst|artefacts?|judgements?|defence|offence": "learned, while …",
    # Turns of phrase
    r"for ever": "forever",
    r"look whether": "check whether",
    r"belongs? into": "belongs in",
    r"mended|to mend": "fixed",
    r"goes with neither": "cannot be combined with",
    r"laborator(y|ies)": "notebook",
    r"preflight": "doctor",
    r"(?<!there\s)is no (name|function|list|mistake|channel|consumer|value|part|number|"
    r"dictionary|string|text|child|copy|clone|class|object|method|module|file|header|line|step)": (
        "is not a …"
    ),
    r"take (it|this|that|them) away": "remove",
    r"nobody (reads|asks for|tells)": "a passive with a subject: it is ignored",
    r"(no exception|nothing else) tells why": "says why",
    r"its last words|the last words": "its last output",
    r"letter by letter, and": "exactly",
    r"has turned to other things": "moved on",
    r"(the )?(99th|95th) of a hundred": "99th percentile (p99)",
    r"who left hears": "someone who has left gets",
    r"disturbs nobody": "doesn't affect anyone else",
    r"hears nothing of it": "doesn't receive it",
    r"standard library alone": "only the standard library",
    r"(http|wsgi) alone": "only",
    r"rungs?": "level",
}
TEXTS = (".py", ".md", ".toml", ".html", ".js", ".css", ".ipynb", ".j2", ".yml", ".svg", ".json")


@pytest.mark.parametrize("how", [["check"], ["format", "--check"]])
def test_ruff_finds_nothing(how):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *how, "--no-cache", "."],
        cwd=manifest.ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def whole(words: str) -> str:
    """They may go on in the next line, which in a comment begins with its mark."""
    return rf"(?<![a-z])(?:{words})(?![a-z])".replace(" ", r"[\s#*]+")


ANY = re.compile(whole("|".join(BETTER)))


def found_in(text: str) -> list[str]:
    """Each wrong phrase of a text, and what to write."""
    text = text.lower()  # ignoring the case takes much longer
    found = []
    for wrong, better in BETTER.items() if ANY.search(text) else ():
        for at in re.finditer(whole(wrong), text):
            line = text.count("\n", 0, at.start()) + 1
            found.append(f"{line}: {at[0]!r}: write {better}")
    return found


def texts() -> Iterator[Path]:
    """The text files of the repository, except this one."""
    return (file for file in own_files() if file.suffix in TEXTS and file != Path(__file__))


def test_every_text_is_in_plain_american_english():
    found = [
        f"{file.relative_to(manifest.ROOT)}:{one}"
        for file in texts()
        for one in found_in(file.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "The colours are grey.",
        "def test_the_colours_alone():",
        "# It waits for\n# ever.",
        "This is no name for it, and it is cancelled.",
    ],
)
def test_what_is_not_is_found(text):
    assert found_in(text)


@pytest.mark.parametrize(
    "text",
    ["There is no name for it.", "future.cancelled()", "CancelledError", "is_no_name, otherwise"],
)
def test_what_is_right_is_not_found(text):
    assert not found_in(text)


READS_TEXT = {"open": 3, "fdopen": 3, "read_text": 0, "write_text": 1}  # where its encoding may be


def without_encoding(source: str) -> Iterator[int]:
    """The lines that open something as text, and leave its encoding to the machine.

    `python -X warn_default_encoding` finds what is run; this finds all of it.
    """
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", None) or getattr(call.func, "id", None)
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        of_a_module = isinstance(getattr(call.func, "value", None), ast.Name)
        if name == "open" and isinstance(call.func, ast.Attribute):
            reads = False  # of a browser, a room, webbrowser …; paths are opened by read_text here
        elif name in READS_TEXT:
            mode = given.get("mode") or (call.args[1:2] or [ast.Constant("r")])[0]
            binary = "open" in name and isinstance(mode, ast.Constant) and "b" in str(mode.value)
            reads = not binary and len(call.args) <= READS_TEXT[name]
        else:
            text = given.get("text") or given.get("universal_newlines")
            reads = of_a_module and isinstance(text, ast.Constant) and text.value is True
        if reads and "encoding" not in given:
            yield call.lineno


def test_whatever_is_opened_names_its_encoding():
    """That of the machine is another one on Windows."""
    scripts = [manifest.ROOT / "checks" / step.short for step in manifest.steps()]
    sources = [file for file in texts() if file.suffix == ".py"]
    found = [
        f"{file.relative_to(manifest.ROOT)}:{line}"
        for file in [*scripts, *sources]
        if file != manifest.ROOT / "workshop" / "oldest.py"  # Python 2.7 knows no encoding there
        for line in without_encoding(file.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("open('a')", [1]),
        ("open('a', 'w')\nopen('a', 'rb')\nopen('a', mode='rb')", [1]),
        ("file.read_text()\nfile.read_text('utf-8')\nfile.read_text(encoding='utf-8')", [1]),
        ("file.write_text('a')\nfile.write_text('a', 'utf-8')", [1]),
        ("subprocess.run(a, text=True)\nsubprocess.run(a, text=True, encoding='utf-8')", [1]),
        ("page.open('a')", []),
    ],
)
def test_what_names_no_encoding_is_found(code, lines):
    assert list(without_encoding(code)) == lines
