"""`slides`: a deck in the browser, or the timetable of the workshop."""

import webbrowser
from datetime import datetime, timedelta

from ..building import timetable
from ..building.deck import BadDeck, Deck, decks
from ..console import say
from ..environment import COMMAND
from ..manifest import ROOT, find, steps, track


def run(step: str | None, plan: bool, start: datetime) -> int:
    try:
        return show_plan(start) if plan else show(deck_of(step, decks()))
    except BadDeck as error:
        say(str(error))
        return 2


def deck_of(step: str | None, every: list[Deck]) -> Deck:
    """The deck that prepares a step; without a step, the first. Raises UnknownStep and BadDeck."""
    if step is None:
        return every[0]
    for deck in every:
        if deck.step == find(step):
            return deck
    raise BadDeck(f"No slides come before {step}. Its task: steps/{find(step).name}/README.md")


def show(deck: Deck) -> int:
    from ..building import slides  # here, because the timetable needs no notebook to be run

    page = ROOT / "build" / "slides" / f"{deck.name}.html"
    if not slides.is_current(page):
        say("The slides are built: their code is run, which takes about 20 seconds.")
        slides.build(ROOT / "build")
    say(f"{deck.title}: {page.as_uri()}")
    say("S opens the speaker's view with notes and clock, F fills the screen, ? lists the keys.")
    if not webbrowser.open(page.as_uri()):
        say("No browser was found here: open the address above in yours.")
    return 0


def show_plan(start: datetime) -> int:
    """Prints the timetable of the core, then the steps for afterwards; 1 if there is more of the
    core than time. Raises BadDeck."""
    core, every = track("core"), decks("core")
    for row in timetable.rows(every, start):
        say(f"{row.start:%H:%M}  {row.minutes:3g} min  {row.what}")
    whole = timetable.total(every)
    say(f"{start + timedelta(minutes=whole):%H:%M}  {whole:3g} min in all")
    for late in timetable.LATE:
        show_cuts(every, late)
    show_take_home()
    if whole > core.minutes:
        say(f"\nThat is {whole - core.minutes:g} min more than {core.minutes}.")
        say('Give slides in slides/*.md fewer "minutes", or steps in workshop.toml.')
        return 1
    say(f"\nOne slide after the other, with notes: {COMMAND} slides")
    return 0


def show_cuts(every: list[Deck], late: int) -> None:
    out = timetable.left_out(every, late)
    say(f"\n{late} minutes late? This gains {sum(slide.saves for slide in out):g}:")
    for slide in out:
        say(f"  {slide.saves:3g} min  {slide.title}: {timetable.instead(slide)}")


def show_take_home() -> None:
    """The steps that are not part of the timetable, if there are any."""
    afterwards = track("take-home")
    if rows := steps(afterwards.name):
        say(f"\n{afterwards.title}:")
        for step in rows:
            say(f"  {step.minutes:3g} min  {step.title} ({step.short})")
