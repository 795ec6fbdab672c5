"""The timetable of decks in a row, from the minutes of the slides and workshop.toml."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workshop.building.deck import Deck, Slide

LATE = (15, 30)  # minutes, for which it is planned what is left out


@dataclass(frozen=True)
class Row:
    """What is done from one clock time to the next."""

    start: datetime
    minutes: float
    what: str

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


def rows(decks: list[Deck], start: datetime) -> list[Row]:
    """Slides that follow each other in a deck are one row; each exercise, debrief and break has its
    own."""
    found: list[Row] = []
    for deck in decks:
        talk: list[Slide] = []
        for slide in deck.slides:
            if is_apart(slide):
                found += [_talk(deck, talk), Row(start, slide.minutes, _name(slide))]
                talk = []
            else:
                talk.append(slide)
        found.append(_talk(deck, talk))
    return list(_on_the_clock([row for row in found if row], start))


def slide_by_slide(deck: Deck, start: datetime) -> list[Row]:
    """A row for each slide of one deck."""
    slides = [Row(start, slide.minutes, _name(slide)) for slide in deck.slides]
    return list(_on_the_clock(slides, start))


def is_apart(slide: Slide) -> bool:
    return bool(slide.step or slide.debriefs or slide.is_break)


def _talk(deck: Deck, slides: list[Slide]) -> Row | None:
    if not slides:
        return None
    begins = slides[0] is deck.slides[0]
    what = deck.title if begins else slides[0].title
    if questions := sum(slide.is_question for slide in slides):
        what += f" · {questions} question{'s' if questions > 1 else ''}"
    return Row(datetime.min, sum(slide.minutes for slide in slides), what)


def _name(slide: Slide) -> str:
    if slide.step:
        return f"{slide.title} ({slide.step.short})"
    return f"Debrief: {slide.title}" if slide.debriefs else slide.title


def _on_the_clock(found: list[Row], start: datetime):
    for row in found:
        yield Row(start, row.minutes, row.what)
        start += timedelta(minutes=row.minutes)


def total(decks: list[Deck]) -> float:
    """Minutes, from the first slide to the last."""
    return sum(deck.minutes for deck in decks)


def breaks(decks: list[Deck]) -> list[Slide]:
    """Where an instructor has the time to look at the clock and to plan anew."""
    return [slide for deck in decks for slide in deck.slides if slide.is_break]


def left_out(decks: list[Deck], late: int, at: Slide | None = None) -> list[Slide]:
    """What whoever is `late` minutes late leaves out, in the order in which it would come: from the
    beginning, or from the slide `at` on."""
    slides = [slide for deck in decks for slide in deck.slides]
    if at:
        slides = slides[next(i for i, slide in enumerate(slides) if slide is at) :]
    return [slide for slide in slides if slide.late and slide.late <= late]


def instead(slide: Slide) -> str:
    """What to do in place of a slide that is left out, from its notes or from workshop.toml."""
    if slide.step:
        return slide.step.cut
    return next(note for note in slide.notes if note.startswith("*If late*")).removeprefix(
        "*If late* "
    )
