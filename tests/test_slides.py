"""The slides: their rules, their code, their timetable, and the pages that are built from them."""

import dataclasses
import os
import re
import webbrowser
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import psutil
import pytest
import segno
from bs4 import BeautifulSoup

from workshop import cli, manifest
from workshop.building import deck, event, markdown, slides, timetable, typed
from workshop.checking.command import rules_for
from workshop.checking.reporting.hints import NoSuchCode, quoted
from workshop.commands import slides as command

from .decks import built, every_deck

ROOT = manifest.ROOT
TRACKS = {track.name: track for track in manifest.tracks()}
NINE = datetime(2000, 1, 1, 9)
LARGEST = 3_000_000  # bytes of a deck
LONGEST_CODE = 12  # lines on a slide
HEADER = (
    "---\ntitle: A deck\njupytext: {text_representation: {extension: .md, format_name: myst}}\n"
)
HEADER += "kernelspec: {display_name: Python 3, language: python, name: python3}\n---\n"


def every_slide():
    return [
        pytest.param(slide, id=f"{one.name}: {slide.title}")
        for one in every_deck()
        for slide in one.slides
    ]


@pytest.fixture
def write(tmp_path):
    """Writes a deck of one slide with this text, and returns what reads it."""

    def write(text: str) -> deck.Deck:
        file = tmp_path / "small.md"
        file.write_text(f'{HEADER}\n+++ {{"minutes": 1}}\n\n{text}\n', encoding="utf-8")
        return deck.read(file)

    return write


@pytest.fixture
def writer():
    return markdown.Writer(deck.FOLDER)


def page_of(one: deck.Deck) -> str:
    slides.execute(one)
    return slides.page_of(one)


# What every slide has


@pytest.mark.parametrize("slide", every_slide())
def test_a_slide_has_minutes_and_short_notes(slide):
    assert 0 < slide.minutes
    assert slide.notes, "no speaker's notes"
    for note in slide.notes:
        assert re.match(r"\*(Ask|Show|Say|If late)\* ", note), note
        assert len(note) < 200, f"long for a glance: {note}"
    assert any(note.startswith("*Say*") for note in slide.notes)
    if slide.late:
        assert slide.late in timetable.LATE
        assert slide.saves <= slide.minutes
        assert timetable.instead(slide)


def test_every_text_in_the_folder_is_a_deck_that_is_shown():
    there = {file.stem for file in deck.FOLDER.glob("*.md")} - {"README"}
    assert sorted(there) == sorted(deck.names())


def test_a_deck_that_is_listed_and_not_there_is_named(tmp_path):
    with pytest.raises(deck.BadDeck, match="names the deck gone"):
        deck.read(tmp_path / "gone.md")


def test_each_core_step_has_one_deck_and_one_exercise_slide_in_its_order():
    core = list(manifest.steps("core"))
    decks = deck.decks("core")
    assert [one.step for one in decks if one.step] == core
    exercises = [slide for one in decks for slide in one.slides if slide.step]
    assert [slide.step for slide in exercises] == core
    for slide in exercises:
        text = slide.cells[0].source
        assert f"steps/{slide.step.name}/README.md" in text
        for file in slide.step.files:
            assert f"`{file}`" in text, f"{file} is edited, and the task does not name it"


def test_code_of_the_solutions_is_quoted_and_not_typed():
    fences = re.compile(r"^```(\S*)", re.MULTILINE)
    for one in every_deck():
        kinds = {kind for kind in fences.findall(one.file.read_text(encoding="utf-8")) if kind}
        assert kinds <= {"{code-cell}", markdown.QUOTE, markdown.EVENT, "http", "sh"}, one.name


def test_a_slide_without_minutes_is_refused(tmp_path):
    file = tmp_path / "small.md"
    file.write_text(f"{HEADER}\n# Nobody knows how long\n", encoding="utf-8")
    with pytest.raises(deck.BadDeck, match="minutes"):
        deck.read(file)


# Quotes


def test_a_quote_is_what_stands_in_the_solution(writer):
    html = writer.html(
        "```{literalinclude} ../solutions/step2_echo/chat/consumers.py\n"
        ":pyobject: ChatConsumer.receive\n"
        ":emphasize-lines: 2\n"
        "```"
    )
    page = BeautifulSoup(html, "html.parser")
    solution = manifest.find("step2").solution
    wanted = quoted(solution, "chat/consumers.py:ChatConsumer.receive")
    lines = page.code.get_text().splitlines()
    assert lines == [line.removeprefix("    ") for line in wanted.splitlines()]
    assert page.select_one(".hll").get_text().rstrip("\n") == lines[1]
    assert page.figcaption.get_text() == "chat/consumers.py"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```{literalinclude} ../solutions/step2_echo/gone.py\n```", markdown.BadText),
        (
            "```{literalinclude} ../solutions/step2_echo/chat/urls.py\n:pyobject: gone\n```",
            NoSuchCode,
        ),
        ("![A picture](diagrams/gone.svg)", markdown.BadText),
        ("```{note}\nno directive of ours\n```", markdown.BadText),
    ],
)
def test_what_is_gone_is_an_error(writer, text, error):
    with pytest.raises(error):
        writer.html(text)


def test_docstrings_are_left_out():
    code = """class A:
    '''Of a class.'''

    def f(self):
        '''Of
        a method.'''
        return "x"
"""
    kept = [line for line in code.splitlines() if "'''" not in line]
    assert markdown.without_docstrings(code).splitlines() == kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("## A\n\n```{literalinclude} ../solutions/step2_echo/chat/consumers.py\n"
         ":pyobject: ChatConsumer.whisper\n```", "ChatConsumer.whisper is not in"),
        ("## A\n\n```{code-cell}\n1 / 0\n```", "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_a_deck_that_quotes_or_runs_what_fails_is_not_built(write, text, says):
    with pytest.raises(deck.BadDeck, match=says) as failure:
        page_of(write(text))
    assert "small.md" in str(failure.value)


@pytest.mark.parametrize(
    ("slides_after", "says"),
    [
        ('+++ {"minutes": 4, "debrief": "step2"}\n\n## Too early', "after the exercise of its"),
        ('+++ {"exercise": "step1"}\n\n## One\n\n'
         '+++ {"minutes": 4, "debrief": "step2"}\n\n## Of another', "after the exercise of its"),
        ('+++ {"exercise": "step1"}\n\n## One\n\n'
         '+++ {"debrief": "step1"}\n\n## How long', "how many minutes"),
        ('+++ {"exercise": "step99"}\n\n## Of no step', "no step called 'step99'"),
    ],
)  # fmt: skip
def test_a_debrief_comes_after_its_exercise_and_lasts(write, slides_after, says):
    with pytest.raises(deck.BadDeck, match=says):
        write(f"## A\n\n{slides_after}")


def test_a_debrief_and_a_question_have_looks_of_their_own(write):
    one = write(
        '## A\n\n+++ {"exercise": "step1"}\n\n## B\n\n'
        '+++ {"minutes": 4, "debrief": "step1"}\n\n## C\n\n'
        '+++ {"minutes": 1, "class": "question"}\n\n## D\n\n1. This\n2. That'
    )
    page = BeautifulSoup(page_of(one), "html.parser")
    looks = [slide["class"][1:] for slide in page.select(".slide")]
    assert looks == [[], ["exercise"], ["debrief"], ["question"]]
    assert [slide.is_question for slide in one.slides] == [False, False, False, True]


def test_what_code_prints_is_on_the_slide_and_its_tags_are_obeyed(write):
    page = BeautifulSoup(
        page_of(
            write(
                "## A\n"
                "\n"
                "```{code-cell}\n"
                ":tags: [remove-input]\n"
                "print(6 * 7, '<b>')\n"
                "```\n"
                "\n"
                "```{code-cell}\n"
                ":tags: [remove-cell]\n"
                "print('hidden')\n"
                "```"
            )
        ),
        "html.parser",
    )
    assert page.select_one(".printed").get_text() == "42 <b>"
    assert not page.select(".code") and "hidden" not in page.select_one(".slides").get_text()


# The timetable


def test_the_workshop_fits_into_three_hours():
    core = manifest.track("core")
    assert core.minutes == 180 and core.buffer >= 12
    assert timetable.total(deck.decks("core")) + core.buffer <= core.minutes


def test_the_clock_times_follow_each_other_and_all_minutes_are_there():
    decks = deck.decks("core")
    rows = timetable.rows(decks, NINE)
    for row, after in zip(rows, rows[1:], strict=False):
        assert after.start == row.start + timedelta(minutes=row.minutes)
    assert sum(row.minutes for row in rows) == timetable.total(decks)
    exercises = {row.what: row.minutes for row in rows if "(step" in row.what}
    assert list(exercises.values()) == [step.minutes for step in manifest.steps("core")]
    assert sum(slide.is_break for one in decks for slide in one.slides) == 1


@pytest.mark.parametrize("late", timetable.LATE)
def test_who_is_late_can_catch_up(late):
    out = timetable.left_out(deck.decks("core"), late)
    assert sum(slide.saves for slide in out) >= late


@pytest.mark.parametrize("late", timetable.LATE)
def test_who_is_late_at_the_break_can_catch_up_after_it(late):
    decks, core = deck.decks("core"), manifest.track("core")
    (pause,) = timetable.breaks(decks)
    out = timetable.left_out(decks, late, pause)
    everything = [slide for one in decks for slide in one.slides]
    assert all(everything.index(slide) > everything.index(pause) for slide in out)
    spare = core.minutes - timetable.total(decks)
    assert sum(slide.saves for slide in out) + spare >= late


def test_the_plan_is_printed_with_clock_times(capsys):
    assert command.run(None, True, datetime(1900, 1, 1, 13, 30), None) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("13:30")
    for step in manifest.steps("core"):
        assert f"({step.short})" in printed
    for late in timetable.LATE:
        assert f"{late} minutes late at the beginning?" in printed
        assert f"{late} minutes late at “Break”?" in printed
    assert "16:30  180 min in all" in printed


def test_the_plan_of_one_deck_has_each_slide_at_its_time_of_the_day(capsys):
    assert command.run("step2", True, datetime(1900, 1, 1, 13, 30), None) == 0
    printed = capsys.readouterr().out
    before, of_step2 = deck.decks("core")[:2], deck.decks("core")[2]
    begins = datetime(1900, 1, 1, 13, 30) + timedelta(minutes=timetable.total(before))
    first, *rows = printed.splitlines()
    assert first == of_step2.title
    assert rows[0].startswith(f"{begins:%H:%M}") and rows[0].endswith(of_step2.slides[0].title)
    assert len(rows) == len(of_step2.slides) + 1


def test_the_plan_of_a_track_begins_with_its_own_decks(capsys):
    assert command.run(None, True, NINE, None, "take-home") == 0
    printed = capsys.readouterr().out
    first, *rows = printed.splitlines()
    assert first == manifest.track("take-home").title and rows[0].startswith("09:00")
    for step in manifest.steps():
        assert (f"({step.short})" in printed) == (step.track == "take-home")
    whole = timetable.total(deck.decks("take-home"))
    assert rows[-1].startswith(f"{NINE + timedelta(minutes=whole):%H:%M}")
    assert command.run("step4", True, NINE, None) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("09:00")


@pytest.mark.parametrize(
    ("step", "plan", "track"),
    [("step4", True, "take-home"), (None, False, "core"), (None, True, "x")],
)
def test_a_track_goes_with_the_plan_and_without_a_step(step, plan, track, capsys):
    assert command.run(step, plan, NINE, None, track) == 2
    assert "slides --plan --track take-home" in capsys.readouterr().out


def test_a_plan_that_is_too_long_fails(capsys, monkeypatch):
    whole = timetable.total(deck.decks("core"))
    core = dataclasses.replace(manifest.track("core"), minutes=whole + 11, buffer=12)
    monkeypatch.setattr(command, "track", {**TRACKS, "core": core}.get)
    assert command.run(None, True, NINE, None) == 1
    assert "are to be a buffer: 11 are left" in capsys.readouterr().out


def test_a_start_that_is_no_clock_time_is_told_its_form(capsys):
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["slides", "--start", "9"])
    assert "'9' is not a clock time" in (said := capsys.readouterr().err)
    assert "for example 9:00" in said


# The command


@pytest.mark.parametrize(
    ("step", "name"),
    [(None, slides.DAY), *((step.short, step.name) for step in manifest.steps("core"))],
)
def test_the_deck_of_a_step_is_opened(monkeypatch, capsys, tmp_path, step, name):
    opened, made = [], []
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)

    def build(target):
        made.append(target)
        (target / "slides").mkdir(parents=True)
        for one in (name, "other"):
            page = "<!--event: start--><!--/event--><!--event: get--><!--/event-->"
            (target / "slides" / f"{one}.html").write_text(page, encoding="utf-8")

    monkeypatch.setattr(slides, "build", build)
    assert command.run(step, False, NINE, "https://example.org/workshop") == 0
    shown = (tmp_path / "build" / "slides" / f"{name}.html").read_text(encoding="utf-8")
    assert 'content="09:00"' in shown and "example.org/workshop" in shown
    assert f"/build/slides/{name}.html" in opened[0] and opened[0].startswith("file://")
    assert made == [tmp_path / "build"]
    assert opened[0] in capsys.readouterr().out


def test_a_current_deck_is_not_built_again_and_a_stale_one_is(tmp_path, monkeypatch):
    source = tmp_path / "slides"
    source.mkdir()
    (source / "a_deck.md").write_text("text", encoding="utf-8")
    monkeypatch.setattr(slides, "READ", (source,))
    page = tmp_path / "a_deck.html"
    assert not slides.is_current(page)
    page.write_text("page", encoding="utf-8")
    newest = max(source.joinpath("a_deck.md").stat().st_mtime, page.stat().st_mtime) + 10
    _set_time(page, newest)
    assert slides.is_current(page)
    _set_time(source / "a_deck.md", newest + 1)
    assert not slides.is_current(page)


def _set_time(file, seconds):
    os.utime(file, (seconds, seconds))


# The pages


@pytest.fixture(scope="module")
def pages():
    return {file.stem: BeautifulSoup(file.read_text("utf-8"), "html.parser") for file in built()}


def test_every_deck_is_one_small_file():
    files = built()
    assert [file.stem for file in files] == [slides.DAY, *(one.name for one in every_deck())]
    assert sorted(files[0].parent.iterdir()) == sorted(files)
    assert all(file.stat().st_size < LARGEST for file in files)


def test_no_page_asks_anybody_for_anything(pages):
    for name, page in pages.items():
        for element in page.select("[src], [href], [data-src], [srcset], [poster]"):
            address = element.get("src") or element.get("href") or element.get("data-src") or ""
            allowed = address.startswith("data:") or element.name == "a"
            assert allowed, f"{name}: {element}"
        assert not page.select("[srcset], [poster], iframe, object, embed")
        for style in page.select("style"):
            css = style.get_text()
            assert "@import" not in css, name
            assert all(url.startswith("data:") for url in re.findall(r"url\(['\"]?([^)]+)", css))


def test_links_lead_to_https_or_into_the_deck(pages):
    for page in pages.values():
        for link in page.select(".slides a[href]"):
            assert urlsplit(link["href"]).scheme == "https", link


def test_every_slide_is_there_with_its_notes_and_its_seconds(pages):
    for one in every_deck():
        sections = pages[one.name].select(".slides > section")
        assert len(sections) == len(one.slides)
        for section, slide in zip(sections, one.slides, strict=True):
            assert float(section["data-timing"]) == slide.minutes * 60
            assert len(section.select("aside.notes li")) == len(slide.notes)
            assert section.select_one("h1, h2")


def test_no_slide_has_more_code_than_can_be_read(pages):
    for name, page in pages.items():
        for section in page.select("section"):
            lines = sum(len(code.get_text().splitlines()) for code in section.select(".code code"))
            title = section.select_one("h1, h2").get_text()
            assert lines <= LONGEST_CODE, f"{name}, {title}: {lines} lines of code"


def test_exercises_show_what_to_type_and_a_countdown(pages):
    for step in manifest.steps("core"):
        section = pages[step.name].select_one("section:has(> .exercise)")
        rows = [
            tuple(code.get_text() for code in row.select("code"))
            for row in section.select(".commands tbody tr")
        ]
        assert rows == [(command, typed.on_windows(command)) for command in step.commands]
        assert (f"checks/{step.short}", f"py checks\\{step.short}") in rows
        assert section.select_one(".countdown")["data-minutes"] == str(step.minutes)


@pytest.mark.parametrize(
    ("command", "on_windows"),
    [
        ("python3 -m workshop run step3 --port 8001", "py -m workshop run step3 --port 8001"),
        ("checks/step1 --hint", "py checks\\step1 --hint"),
        (".venv/bin/python steps/step1/a.py", ".venv\\Scripts\\python steps\\step1\\a.py"),
    ],
)
def test_a_command_has_a_form_for_windows(command, on_windows):
    assert typed.on_windows(command) == on_windows


EVENT = {
    "address": "https://example.org/workshop",
    "start": "9:00",
    "logistics": ["Coffee & exits"],
    "conduct": "https://example.org/conduct",
    "survey": "https://example.org/survey",
    "contact": "ana@example.org",
}


def test_the_first_and_the_last_slide_have_the_event_and_can_be_told_another(tmp_path):
    page = tmp_path / "day.html"
    page.write_text(
        next(file for file in built() if file.stem == slides.DAY).read_text("utf-8"),
        encoding="utf-8",
    )
    slides.tell(page, EVENT)
    told = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    first, *_, last = told.select(".slides > section")
    assert "example.org/workshop" in first.select_one(".qr figcaption").get_text()
    assert "Coffee & exits" in first.get_text() and "example.org/conduct" in first.get_text()
    assert "example.org/survey" in last.select_one(".qr svg")["aria-label"]
    assert "ana@example.org" in last.get_text()
    assert told.select_one("meta[name=start]")["content"] == "9:00"
    slides.tell(page, dict.fromkeys(EVENT, "") | {"logistics": []})
    told = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    assert not told.select(".qr") and "example.org" not in told.select_one(".slides").get_text()
    assert set(manifest.event()) == set(EVENT)


def test_the_qr_code_holds_the_address():
    """Each module of the drawing is one of the code that segno makes for this very address."""
    address = "https://example.org/workshop"
    page = BeautifulSoup(event.told("<!--event: get--><!--/event-->", EVENT), "html.parser")
    code = segno.make_qr(address, error="m")
    side = code.symbol_size()[0]
    assert page.svg["viewbox"] == f"0 0 {side} {side}"
    drawn = BeautifulSoup(code.svg_inline(omitsize=True), "html.parser").select("path")[-1]["d"]
    assert page.select("path")[-1]["d"] == drawn


def test_a_part_of_the_event_that_is_unknown_is_an_error(write):
    one = write("## A\n\n```{event} weather\n```")
    with pytest.raises(deck.BadDeck, match="small.md: {event} has the parts .* not weather"):
        page_of(one)


def test_drawings_can_be_heard(pages):
    """A drawing has a description for those who cannot see it, except for the one on a title
    slide."""
    for page in pages.values():
        for drawing in page.select(".slide:not(.title) svg"):
            assert drawing["role"] == "img" and len(drawing["aria-label"]) > 20
        assert all(picture["alt"] for picture in page.select("img"))


def test_drawings_have_the_palette_s_colors_alone():
    for file in (deck.FOLDER / "diagrams").glob("*.svg"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl|(?:fill|stroke)=", text), file.name


def test_building_leaves_no_process_and_no_file_behind(write):
    def there():
        files = {path for path in deck.FOLDER.rglob("*") if "__pycache__" not in path.parts}
        return files, {child.pid for child in psutil.Process().children(recursive=True)}

    before = there()
    page_of(write("## A\n\n```{code-cell}\nimport pictures\nprint(1)\n```"))
    assert there() == before


# The instructor's page


INSTRUCTORS = (deck.FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", [step.short for step in manifest.steps()])
def test_the_instructors_page_names_diagnoses_of_the_step(step):
    part = INSTRUCTORS.partition(f"### {step}")[2].partition("\n##")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE)
    known = {rule.id for rule in rules_for(manifest.find(step))}
    assert len(named) >= 4
    assert set(named) <= known, set(named) - known


def test_the_instructors_page_names_commands_and_files_that_are_there():
    commands = set(re.findall(r"python3 -m workshop ([a-z]+)", INSTRUCTORS))
    there = next(a.choices for a in cli.parser()._actions if a.dest == "command")
    assert commands <= set(there), commands - set(there)
    for path in re.findall(r"`((?:docs|steps|solutions|checks|slides)/[\w./-]+)`", INSTRUCTORS):
        assert (ROOT / path.replace("stepN", "step1")).exists(), path
