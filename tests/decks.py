"""The decks as they are built, once for all tests of one process."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from workshop.building import slides


@cache
def built() -> list[Path]:
    folder = Path(tempfile.mkdtemp(prefix="decks"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return slides.build(folder)
