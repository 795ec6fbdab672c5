"""`reset`: back to a step's untouched starter."""

from workshop.checking.reporting import progress

from .. import folders, starters
from ..console import say
from ..manifest import find


def run(step: str) -> int:
    chosen = find(step)
    try:
        source = starters.untouched(chosen)
    except starters.NoStarter as error:
        say(str(error))
        return 2
    saved = folders.put(source, chosen.starter, exactly=True)
    if not saved:
        say(f"Nothing to do: steps/{chosen.name} is the untouched starter.")
        return 0
    if progress.of(chosen):
        progress.update(chosen, passed=False)
    say(f"steps/{chosen.name} is the untouched starter again.")
    say(f"Your files are saved in {folders.shown(saved)}")
    return 0
