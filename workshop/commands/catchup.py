"""`catchup`: the solution of the step before replaces the attendee's, who goes on with the next."""

from .. import folders
from ..console import say
from ..manifest import find


def run(step: str) -> int:
    chosen = find(step)
    before = chosen.previous
    if before is None:
        say(f"There is nothing to catch up on: no step comes before {chosen.short}.")
        return 2
    # The README of a starter is its tasks, that of a solution says why it is written that way.
    saved = folders.put(before.solution, before.starter, exactly=False, leave=("README.md",))
    if saved:
        say(f"steps/{before.name} holds the solution of {before.short} now.")
        say(f"Your files are saved in {folders.shown(saved)}")
    else:
        say(f"Nothing to do: steps/{before.name} already holds the solution of {before.short}.")
    say(f"To see that it works: {before.check_command}")
    say(f"steps/{chosen.name} is as you left it. Go on with steps/{chosen.name}/README.md")
    return 0
