"""`rehearse`: the instructor's dress rehearsal."""

import time

from .. import doctor
from ..console import say
from ..doctor import Finding


def run(seats: int) -> int:
    from ..rehearsing import decks, demonstrations, room, solving

    began = time.monotonic()
    found: list[Finding] = []
    for title, part in [
        ("The machine", doctor.full),
        ("The timetable", decks.plan),
        ("The slides", decks.walk),
        ("What you demonstrate", demonstrations.rehearse),
        ("The steps", solving.rehearse),
        (f"A room of {seats}", lambda: room.rehearse(seats)),
    ]:
        since = time.monotonic()
        say(f"\n{title}", style="bold")
        part_found = part()
        doctor.show(part_found)
        say(f"  in {time.monotonic() - since:.0f} s")
        found += part_found
    wrong = [one for one in found if one.advice and not one.only_a_note]
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    say(f"\nRehearsed in {minutes} min {seconds} s.")
    if not wrong:
        say("Nothing would have gone wrong today.", style="bold green")
        return 0
    say("What would have gone wrong today:", style="bold red")
    doctor.show(wrong)
    return 1
