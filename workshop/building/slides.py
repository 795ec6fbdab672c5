"""Builds the decks of slides/, each as one HTML file that needs nothing else: no network, no other
file. The core's decks are one deck besides, which is what the instructor opens: the whole day, with
one clock.

The code on the slides is run for it, so what it prints is what today's versions print, and a slide
whose code fails or quotes what is gone ends the build.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from html import escape
from importlib import resources
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from workshop.building import event, markdown, typed
from workshop.building.deck import FOLDER, BadDeck, Deck, Slide, decks, names
from workshop.building.markdown import embedded
from workshop.checking.reporting.hints import NoSuchCode
from workshop.manifest import ROOT, track
from workshop.manifest import event as of_the_manifest

THEME = FOLDER / "theme"
PALETTE = ROOT / "page" / "static" / "page" / "base.css"
ICON = ROOT / "page" / "static" / "page" / "icon.svg"
READ = (FOLDER, ROOT / "workshop" / "building", ROOT / "solutions", ROOT / "page", ROOT / "docs")
SOURCES = (".md", ".py", ".svg", ".png", ".css", ".js", ".j2", ".woff2")
LONGEST = 120  # seconds for the code of one cell, and for the start of its kernel
DAY = "00_the_day"  # all decks of the core in one page: the first in a folder's listing


def build(target: Path) -> list[Path]:
    """Builds every deck, and the day, into the folder `target`/slides. Raises BadDeck and builds no
    more."""
    folder = target / "slides"
    folder.mkdir(parents=True, exist_ok=True)
    every = decks()
    with ThreadPoolExecutor(max_workers=2) as workers:  # most of the time goes into their kernels
        list(workers.map(execute, every))
    core = [deck for deck in every if deck.name in names("core")]
    pages = {DAY: page_of_the_day(core)}
    begins = 0.0  # minutes of the day
    for deck in every:
        pages[deck.name] = page_of(deck, begins)
        begins += deck.minutes
    for old in folder.glob("*.html"):
        old.unlink()  # of a deck that has another name now
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return [folder / f"{name}.html" for name in pages]


def tell(file: Path, of_event: dict) -> None:
    """Makes a built page say what this event says of itself."""
    page = file.read_text(encoding="utf-8")
    file.write_text(event.told(page, of_event), encoding="utf-8")


def is_current(file: Path) -> bool:
    """Whether a built deck is younger than everything that decks are made of."""
    if not file.is_file():
        return False
    sources = [ROOT / "workshop.toml"]
    for folder in READ:
        sources += (path for path in folder.rglob("*") if path.suffix in SOURCES)
    return file.stat().st_mtime > max(path.stat().st_mtime for path in sources)


def execute(deck: Deck) -> None:
    """Runs the deck's code, and marks where its slides begin and end. Raises BadDeck."""
    try:
        run(deck)
        mark(deck)
    except CellExecutionError as error:
        raise BadDeck(f"{deck.file.name}: the code of a slide fails.\n{error}") from error


def page_of(deck: Deck, begins: float = 0) -> str:
    """An executed deck that begins at this minute of the day, as one HTML page. Raises BadDeck."""
    try:
        return converted(deck.notebook, begins)
    except (NoSuchCode, markdown.BadText) as error:
        raise BadDeck(f"{deck.file.name}: {error}") from error


def page_of_the_day(core: list[Deck]) -> str:
    """Executed decks as one page. Raises BadDeck."""
    day = nbformat.from_dict(core[0].notebook)
    day.metadata.title = track("core").title
    day.cells = [cell for deck in core for cell in deck.notebook.cells]
    return page_of(Deck(Path(DAY), day, []))


def run(deck: Deck) -> None:
    """Runs the deck's code in a kernel of its own that leaves nothing behind."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    NotebookClient(
        deck.notebook,
        timeout=LONGEST,
        startup_timeout=LONGEST,
        coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=["--HistoryManager.enabled=False"],
    ).execute(env=environment, stderr=subprocess.DEVNULL)  # what a kernel says at its end


def mark(deck: Deck) -> None:
    """Tells the template where slides begin and end, and what belongs at their ends."""
    for cell in deck.notebook.cells:
        cell.metadata.setdefault("tags", [])
    for slide in deck.slides:
        slide.cells[0].metadata.opens = {
            "class": escape(f"slide {slide.settings.get('class', '')} {kind(slide)}".strip()),
            "seconds": round(slide.minutes * 60),
        }
        section = f'<p class="section">{escape(deck.title)}</p>'
        slide.cells[-1].metadata.closes = task(slide) + section


def kind(slide: Slide) -> str:
    if slide.step:
        return "exercise"
    if slide.debriefs:
        return "debrief"
    return "break" if slide.is_break else ""


def task(slide: Slide) -> str:
    """What an exercise or a break has besides its text: what to type, and the countdown."""
    if not (slide.step or slide.is_break):
        return ""
    of_step = f' data-step="{slide.step.short}"' if slide.step else ""  # for the classroom
    return (
        f'<div class="task"{of_step}>{typed.table(slide.step) if slide.step else ""}'
        f'<button class="countdown" data-minutes="{slide.minutes}" '
        f'title="Starts and stops the countdown">{slide.minutes}:00</button></div>'
    )


def converted(notebook: NotebookNode, begins: float) -> str:
    writer = markdown.Writer(FOLDER)
    exporter = HTMLExporter(
        template_name=THEME.name,
        extra_template_basedirs=[str(FOLDER)],
        config=Config(
            TagRemovePreprocessor={
                "remove_input_tags": {"remove-input"},
                "remove_cell_tags": {"remove-cell"},
            }
        ),
        filters={
            "slide_text": writer.html,
            "slide_code": lambda code: markdown.colored(code, "python"),
            "slide_svg": markdown.inline_svg,
        },
    )
    carried = {"page": assets() | {"begins": round(begins * 60)}}
    page, _ = exporter.from_notebook_node(notebook, carried)
    return event.told(page, of_the_manifest())


def assets() -> dict[str, str]:
    """What every page carries: reveal.js with its speaker view, the theme, the icon."""
    reveal = resources.files("pyreveal") / "revealjs" / "dist"
    styles = [
        reveal / "reset.css",
        reveal / "reveal.css",
        THEME / "diagrams.css",
        THEME / "deck.css",
    ]
    scripts = [reveal / "reveal.js", reveal / "plugin" / "notes.js", THEME / "deck.js"]
    style = "\n".join([palette(), *map(_text, styles)])
    style = re.sub(r"^@import .+;$", "", style, flags=re.MULTILINE)
    script = "\n".join(map(_text, scripts))
    return {
        "style": re.sub(
            r"url\((fonts/.+?)\)", lambda font: f"url({embedded(THEME / font[1])})", style
        ),
        "script": script.replace("</script", r"<\/script"),  # the speaker view is a page in a text
        "icon": embedded(ICON),
    }


def palette() -> str:
    """The colors and the type of the chat page, which are those of the slides."""
    css = PALETTE.read_text(encoding="utf-8")
    start = css.index(":root")
    return css[start : css.index("}", start) + 1]


def _text(file) -> str:
    return file.read_text(encoding="utf-8")
