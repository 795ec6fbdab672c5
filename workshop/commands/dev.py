"""`dev`: `new` makes the skeleton of the next step, `check` says what is missing of one, `record`
records anew what one shows of other steps' checks, `pins` makes the files of pins/."""

from ..console import say
from ..environment import COMMAND
from ..folders import shown
from ..manifest import find


def run(what: str, step: str | None = None, apart: bool = False) -> int:
    if what == "pins":
        return pin()
    if what == "record":
        return record(step)
    return make(step, apart) if what == "new" else check(step)


def make(name: str, apart: bool) -> int:
    from ..developing import new

    try:
        written = new.make(name, continues=not apart)
    except new.NotMade as error:
        say(str(error))
        return 2
    for file in written:
        say(shown(file))
    say(f"\nNext: {COMMAND} dev check {name.partition('_')[0]}")
    return 0


def check(name: str | None) -> int:
    from ..developing.check import problems, problems_of

    found = list(problems_of(find(name)) if name else problems())
    for problem in found:
        say(str(problem))
    if found:
        say(f"\n{len(found)} to do.")
        return 1
    say("Nothing is missing.")
    return 0


def record(name: str) -> int:
    """By the step's own recording.py, for only the step knows what it shows."""
    from ..checking.command import recording_of

    recording = recording_of(find(name))
    if recording is None:
        say(f"{name} shows nothing that is recorded: it has no recording.py in checks/.")
        return 2
    try:
        written = recording.record()
    except recording.NotSeen as error:
        say(str(error))
        return 1
    say(shown(written))
    return 0


def pin() -> int:
    from ..developing import pins
    from ..kit import KitError

    try:
        written = pins.make()
        lacking = pins.lacking()
    except (pins.NotPinned, KitError) as error:
        say(str(error))
        return 1
    for file in written:
        say(shown(file))
    for sentence in lacking:
        say(f"No wheel: {sentence}. Set an upper limit in requirements.txt, with its reason.")
    return 1 if lacking else 0
