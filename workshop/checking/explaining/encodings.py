"""Files that are not UTF-8, as Python and Django read them: which, where, and what they are."""

import codecs
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop.checking.explaining.project import FILES_READ, NOT_THEIRS
from workshop.checking.explaining.source import Where

# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
READ_AS_TEXT = {".html", ".txt", ".json", ".env", ".toml", ".ini", ".cfg", ".yml", ".yaml", ".css"}
LARGEST = 1_000_000  # bytes: larger files are not read


@dataclass(frozen=True)
class Misread:
    """A file that cannot be read as UTF-8."""

    where: Where
    encoding: str | None  # a guess; None for a file that has null bytes and is otherwise UTF-8
    byte: int  # the first that does not belong there …
    position: int  # … and its place in the file

    @property
    def character(self) -> str:
        """What the byte is in Windows-1252, which has what Latin-1 has; empty for none."""
        return bytes([self.byte]).decode("cp1252", errors="ignore")


def misread_in(folder: Path, *, python: bool) -> Iterator[Misread]:
    """The Python files of the project in `folder` that Python cannot decode; or its other texts
    that are not UTF-8."""
    for file in sorted(folder.rglob("*"))[: 10 * FILES_READ]:
        parts = file.relative_to(folder).parts
        hidden = any(part in NOT_THEIRS or part.startswith(".") for part in parts[:-1])
        wanted = file.suffix == ".py" if python else _is_text(file)
        if wanted and not hidden and file.is_file() and file.stat().st_size < LARGEST:
            if found := misread(file):
                yield found


def _is_text(file: Path) -> bool:
    return file.suffix in READ_AS_TEXT or file.name.startswith(".env")


def misread(file: Path) -> Misread | None:
    data = file.read_bytes()
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return Misread(Where(file, 1), encoding, data[0], 0)
    if (null := data.find(0)) >= 0:
        wide = data.count(0) > len(data) / 4
        return Misread(_place(file, data, null), "UTF-16" if wide else None, 0, null)
    try:
        data.decode(_declared(file))
    except UnicodeDecodeError as error:
        at = error.start
        old = "Windows-1252" if any(0x80 <= byte < 0xA0 for byte in data) else "Latin-1"
        return Misread(_place(file, data, at), old, data[at], at)
    except LookupError:  # an encoding that does not exist: Python says so itself
        pass
    return None


def _declared(file: Path) -> str:
    """The encoding of a Python file's first lines (PEP 263); UTF-8 where none is declared."""
    if file.suffix != ".py":
        return "utf-8"
    try:
        with file.open("rb") as opened:
            return tokenize.detect_encoding(opened.readline)[0]
    except SyntaxError:
        return "utf-8"


def _place(file: Path, data: bytes, position: int) -> Where:
    return Where(file, data.count(b"\n", 0, position) + 1)
