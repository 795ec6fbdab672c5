"""A step's entry in workshop.toml, and the files that it announces."""

import os
from collections.abc import Iterator

from workshop import manifest
from workshop.developing.problem import FILL_IN, Problem, line_of
from workshop.manifest import ROOT, Step

MANIFEST = ROOT / "workshop.toml"


def missing_folders(step: Step) -> Iterator[Problem]:
    entry = line_of(MANIFEST, f'"{step.name}"')
    for folder in (step.starter, step.solution, ROOT / "checks" / step.name):
        if not folder.is_dir():
            place = folder.relative_to(ROOT).as_posix()
            yield Problem(
                MANIFEST,
                entry,
                f"{step.name} has no folder {place}: create it, or remove the entry.",
            )


def folders_without_a_step() -> Iterator[Problem]:
    known = {step.name for step in manifest.steps()}
    for parent in ("steps", "solutions"):
        for folder in sorted((ROOT / parent).iterdir()):
            if folder.is_dir() and folder.name not in known:
                yield Problem(
                    folder,
                    None,
                    "No step of workshop.toml has this name: add it there, or remove the folder.",
                )


def wrong_number(step: Step) -> Iterator[Problem]:
    expected = manifest.steps().index(step) + 1
    if step.number != expected:
        yield Problem(
            MANIFEST,
            line_of(MANIFEST, f'"{step.name}"'),
            f"{step.name} is listed as number {expected}: give it "
            "that number everywhere, or move its entry.",
        )


def unknown_track(step: Step) -> Iterator[Problem]:
    known = [track.name for track in manifest.tracks()]
    if step.track not in known:
        yield Problem(
            MANIFEST,
            line_of(MANIFEST, f'"{step.track}"'),
            f"{step.short} is in a track {step.track!r} that is not listed: it is one of {known}.",
        )


def no_minutes(step: Step) -> Iterator[Problem]:
    if step.minutes <= 0:
        yield Problem(
            MANIFEST,
            line_of(MANIFEST, f'"{step.name}"'),
            f"{step.short} has no minutes: say how many, debrief included.",
        )


def nothing_to_cut(step: Step) -> Iterator[Problem]:
    """Only the steps of a track that must end in time have something to leave out."""
    limited = [track.name for track in manifest.tracks() if track.minutes]
    if step.track in limited and not step.cut:
        yield Problem(
            MANIFEST,
            line_of(MANIFEST, f'"{step.name}"'),
            f'Say in "cut" what the instructor leaves out of {step.short} when time runs short.',
        )


def files_not_there(step: Step) -> Iterator[Problem]:
    for folder in (step.starter, step.solution):
        for name in step.files:
            if not (folder / name).is_file():
                place = folder.relative_to(ROOT).as_posix()
                yield Problem(
                    MANIFEST,
                    line_of(MANIFEST, f'"{step.name}"'),
                    f'"files" names {name}, which is not in {place}: add it, or fix the name.',
                )


def script_missing(step: Step) -> Iterator[Problem]:
    script = ROOT / "checks" / step.short
    if not script.is_file():
        yield Problem(
            script,
            None,
            f'This script is missing: copy another step\'s, and write "{step.short}" in it.',
        )
    elif f'main("{step.short}")' not in script.read_text(encoding="utf-8"):
        yield Problem(script, None, f'This script must end with sys.exit(main("{step.short}")).')


def script_not_executable(step: Step) -> Iterator[Problem]:
    script = ROOT / "checks" / step.short
    if os.name != "nt" and script.is_file() and not os.access(script, os.X_OK):
        yield Problem(
            script, None, f"Attendees cannot run this script. Type: chmod +x checks/{step.short}"
        )


def words_to_fill_in(step: Step) -> Iterator[Problem]:
    """What `dev new` left for the author to say."""
    of_the_step = [step.starter, step.solution, ROOT / "checks" / step.name]
    files = [file for folder in of_the_step for file in sorted(folder.rglob("*"))]
    files += [ROOT / "notebooks" / f"{step.name}.ipynb", ROOT / "slides" / f"{step.name}.md"]
    for file in files:
        # Python may be writing its caches just now, under a name of the moment.
        if file.is_file() and "__pycache__" not in file.parts:
            if line := line_of(file, FILL_IN):
                yield Problem(file, line, f"Write your own text here in place of {FILL_IN}.")
    for field in (step.title, step.cut):
        if FILL_IN in field:
            yield Problem(
                MANIFEST, line_of(MANIFEST, field), f"Write your own text in place of {FILL_IN}."
            )


FINDERS = (
    wrong_number,
    unknown_track,
    no_minutes,
    nothing_to_cut,
    files_not_there,
    script_missing,
    script_not_executable,
    words_to_fill_in,
)
