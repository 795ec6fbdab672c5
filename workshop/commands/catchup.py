"""`catchup`: the solution of the step before, so that the attendee stands where a step begins."""

from .. import folders
from ..console import say
from ..manifest import find


def run(step: str) -> int:
    chosen = find(step)
    before = chosen.previous
    if before is None:
        say(f"There is nothing before {chosen.short} to catch up with.")
        return 2
    # The README of a starter is its tasks, that of a solution says why it is written that way.
    saved = folders.put(before.solution, before.starter, exactly=False, leave=("README.md",))
    if saved:
        say(f"The solution of {before.short} is in steps/{before.name} now.")
        say(f"What was there is saved: {folders.shown(saved)}")
    else:
        say(f"Nothing to do: steps/{before.name} is as the solution of {before.short}.")
    say(f"To see that it works: {before.check_command}")
    say(f"Then go on with steps/{chosen.name}/README.md")
    return 0
