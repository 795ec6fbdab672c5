"""`slides`: the day or one deck in the browser, or its timetable."""

import webbrowser
from datetime import datetime, timedelta
from pathlib import Path

from .. import manifest
from ..building import timetable
from ..building.deck import BadDeck, Deck, decks
from ..console import say
from ..environment import COMMAND
from ..manifest import ROOT, find, steps, track, tracks

DEFAULT_START = "9:00"


def run(
    step: str | None = None,
    plan: bool = False,
    start: datetime | None = None,
    address: str | None = None,
    track: str | None = None,
    no_browser: bool = False,
) -> int:
    names = [one.name for one in tracks()]
    if track and (step or not plan or track not in names):
        say(f"--track is for the timetable of a whole track: slides --plan --track {names[-1]}")
        return 2
    try:
        deck = deck_of(step, decks()) if step else None
        event = manifest.event()
        if address is not None:
            event["address"] = address
        if start:
            event["start"] = f"{start:%H:%M}"
        if not plan:
            return show(deck, event, no_browser)
        start = datetime.strptime(event["start"] or DEFAULT_START, "%H:%M")
        if track and track != names[0]:
            return show_track_plan(track, start)
        return show_deck_plan(deck, start) if deck else show_plan(start)
    except BadDeck as error:
        say(str(error))
        return 2


def deck_of(step: str, every: list[Deck]) -> Deck:
    """The deck that prepares a step. Raises UnknownStep and BadDeck."""
    for deck in every:
        if deck.step == find(step):
            return deck
    raise BadDeck(f"No slides come before {step}. Its task: steps/{find(step).name}/README.md")


def show(deck: Deck | None, event: dict, no_browser: bool) -> int:
    """Opens a deck, or the whole day."""
    from ..building import slides  # here, because the timetable needs no notebook to be run

    name, title = (deck.name, deck.title) if deck else (slides.DAY, track("core").title)
    page: Path = ROOT / "build" / "slides" / f"{name}.html"
    if not slides.is_current(page):
        say("The slides are built: their code is run, which takes about 20 seconds.")
        slides.build(ROOT / "build")
    slides.tell(page, event)
    say(f"{title}: {page.as_uri()}")
    say("S opens the speaker's view with notes and clock, F fills the screen, ? lists the keys.")
    if event["start"]:
        say(f"The speaker's view tells how late you are. The day begins at {event['start']}.")
    if not event["address"]:
        say("The first slide has a place for the workshop's address: add --address, or set it in")
        say("[event] in workshop.toml.")
    if not no_browser and not webbrowser.open(page.as_uri()):
        say("No browser was found here: open the address above in yours.")
    return 0


def show_plan(start: datetime) -> int:
    """Prints the timetable of the core, then the steps for afterwards; 1 if the core leaves less
    time over than its buffer. Raises BadDeck."""
    core, every = track("core"), decks("core")
    show_rows(timetable.rows(every, start))
    whole = timetable.total(every)
    spare = core.minutes - whole
    end = start + timedelta(minutes=core.minutes)
    say(f"{start + timedelta(minutes=whole):%H:%M}  {spare:3g} min  buffer: no slide needs it")
    say(f"{end:%H:%M}  {core.minutes:3g} min in all")
    for where, slide in [
        ("at the beginning", None),
        *((f"at “{slide.title}”", slide) for slide in timetable.breaks(every)),
    ]:
        for late in timetable.LATE:
            show_cuts(where, timetable.left_out(every, late, slide), late)
    say(f"\nThe buffer of {spare:g} min makes up for the rest.")
    show_take_home()
    if spare < core.buffer:
        say(f"\nOf {core.minutes} minutes, {core.buffer} are to be a buffer: {spare:g} are left.")
        say('Give slides in slides/*.md fewer "minutes", or steps in workshop.toml.')
        return 1
    say(f"\nOne slide after the other, with notes: {COMMAND} slides")
    return 0


def show_track_plan(name: str, start: datetime) -> int:
    """Prints the timetable of a track that has no limit: a second half day, say."""
    every = decks(name)
    say(track(name).title)
    show_rows(timetable.rows(every, start))
    whole = timetable.total(every)
    say(f"{start + timedelta(minutes=whole):%H:%M}  {whole:3g} min in all")
    return 0


def show_deck_plan(deck: Deck, start: datetime) -> int:
    """Prints one deck's slides, at the times at which they come when its track begins then."""
    (own,) = (one for one in tracks() if deck.name in one.decks)
    for before in decks(own.name):
        if before.name == deck.name:
            break
        start += timedelta(minutes=before.minutes)
    say(deck.title)
    show_rows(timetable.slide_by_slide(deck, start))
    say(f"{start + timedelta(minutes=deck.minutes):%H:%M}  {deck.minutes:3g} min in all")
    return 0


def show_rows(rows: list[timetable.Row]) -> None:
    for row in rows:
        say(f"{row.start:%H:%M}  {row.minutes:3g} min  {row.what}")


def show_cuts(where: str, out: list, late: int) -> None:
    gained = sum(slide.saves for slide in out)
    say(f"\n{late} minutes late {where}? Leaving these out saves {gained:g}:")
    for slide in out:
        say(f"  {slide.saves:3g} min  {slide.title}: {timetable.instead(slide)}")


def show_take_home() -> None:
    """The steps that are not part of the timetable, if there are any."""
    afterwards = track("take-home")
    if rows := steps(afterwards.name):
        say(f"\n{afterwards.title}:")
        for step in rows:
            say(f"  {step.minutes:3g} min  {step.title} ({step.short})")
