"""`build`: the slides, the notebooks and the handout as HTML, under build/."""

import time

from ..console import say
from ..folders import shown
from ..manifest import ROOT


def run() -> int:
    from ..building import handout, notebooks, slides

    for builder in (slides, notebooks, handout):
        began = time.monotonic()
        try:
            files = builder.build(ROOT / "build")
        except (slides.BadDeck, notebooks.BadNotebook) as error:
            say(str(error))
            return 1
        for file in files:
            say(f"{shown(file)}  {file.stat().st_size / 1e6:.1f} MB")
        say(f"in {time.monotonic() - began:.0f} s\n")
    return 0
