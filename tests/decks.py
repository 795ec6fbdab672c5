"""The decks as they are read and as they are built, once for all tests of one process."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from workshop.building import deck, slides


@cache
def every_deck() -> list[deck.Deck]:
    return deck.decks()


@cache
def built() -> list[Path]:
    folder = Path(tempfile.mkdtemp(prefix="decks"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return slides.build(folder)
