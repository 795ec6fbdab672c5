"""What in a project's folder hides a module of Python's or of a package's, or a file beside it.

Python looks in the folder of the program first (sys.path[0]); there, a folder with an __init__.py
goes before a file of the same name (importlib.machinery.FileFinder).
"""

import importlib.machinery
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop.checking.explaining.project import NOT_THEIRS

# Names that nothing else has.
HARMLESS = {"test", "tests", "this", "antigravity", "__main__", "__init__", "conftest"}
# The packages that a server of the workshop imports.
SERVERS = {
    "asgiref",
    "attr",
    "autobahn",
    "channels",
    "channels_redis",
    "daphne",
    "django",
    "msgpack",
    "redis",
    "sqlparse",
    "twisted",
    "txaio",
    "zope",
}


@dataclass(frozen=True)
class Shadow:
    """A file or folder at the top of the project that has the name of a module."""

    path: Path
    of_python: bool  # the module is one of Python's own, not of an installed package

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    @property
    def what(self) -> str:
        return f"Python's module {self.name}" if self.of_python else f"the package {self.name}"

    @property
    def file(self) -> Path:
        """The file that is run when the module is imported."""
        return self.path / "__init__.py" if self.is_folder else self.path

    @property
    def is_imported_by_all(self) -> bool:
        """Whether it hides what a program such as this one imports."""
        return self.name in sys.modules or not self.of_python


def shadows_in(folder: Path) -> Iterator[Shadow]:
    """What hides a module in the project in `folder`."""
    for path in sorted(folder.iterdir()):
        is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
        if not is_module or path.stem in HARMLESS or _found_earlier(path.stem):
            continue
        if path.stem in sys.stdlib_module_names:
            yield Shadow(path, of_python=True)
        elif path.stem in SERVERS:
            yield Shadow(path, of_python=False)


def _found_earlier(name: str) -> bool:
    """Whether the module is built into Python."""
    frozen = importlib.machinery.FrozenImporter.find_spec(name) is not None
    return name in sys.builtin_module_names or frozen


def hidden_files(folder: Path) -> Iterator[Path]:
    """The Python files that have a package of the same name beside them."""
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).parts
        if any(part in NOT_THEIRS or part.startswith(".") for part in parts):
            continue
        if (file.with_suffix("") / "__init__.py").is_file():
            yield file
