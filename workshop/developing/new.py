"""The skeleton of the next step: all of its files, or none."""

import re
from pathlib import Path
from string import Template

from workshop import manifest
from workshop.developing.problem import FILL_IN
from workshop.folders import Contents, contents, write
from workshop.manifest import ROOT, Step

TEMPLATES = Path(__file__).with_name("template")
NAME = re.compile(r"step(\d+)_[a-z][a-z0-9_]*")
EXECUTABLE, PLAIN = 0o755, 0o644


class NotMade(Exception):
    """The step was not created, and nothing was written. The message says why."""


def make(name: str, continues: bool = True) -> list[Path]:
    """Write the files of a step called `name`, "step4_history", which starts from the solution of
    the last one, and add its entry to workshop.toml. Returns the files. Raises NotMade."""
    before = manifest.steps()[-1]
    _refuse_name(name, before)
    new = skeleton(name, before, continues)
    there = [path for path in new if (ROOT / path).exists()]
    if there:
        raise NotMade(f"{there[0]} already exists: remove it, or choose another name.")
    listed = ROOT / "workshop.toml"
    text = listed.read_text(encoding="utf-8")
    entry = _filled("entry.toml", name, before, continues)
    try:
        write(ROOT, new)
        listed.write_text(f"{text.rstrip()}\n\n{entry}", encoding="utf-8")
    except OSError as error:
        for path in new:
            (ROOT / path).unlink(missing_ok=True)
        listed.write_text(text, encoding="utf-8")
        raise NotMade(f"The files could not be written: {error}") from error
    return [*(ROOT / path for path in new), listed]


def _refuse_name(name: str, before: Step) -> None:
    found = NAME.fullmatch(name)
    if found is None:
        raise NotMade(
            f"{name!r} is not a valid name for a step. "
            "A name is the number and what the step teaches, in "
            f"lowercase: step{before.number + 1}_history"
        )
    known = [step.name for step in manifest.steps() if step.number == int(found[1])]
    if known:
        raise NotMade(f"Step {found[1]} already exists: {known[0]}.")
    if int(found[1]) != before.number + 1:
        raise NotMade(f"The next step is number {before.number + 1}, but {name} is not.")


def skeleton(name: str, before: Step, continues: bool) -> Contents:
    """What to write, by path in the workshop. The starter has one TODO."""
    solution = contents(before.solution)
    readme = _filled("README.md", name, before, continues)
    solution["README.md"] = readme.encode(), PLAIN
    starter = dict(solution)
    file = before.files[0]
    data, mode = starter[file]
    starter[file] = data + f"\n# TODO 1: {FILL_IN}: what the attendee writes here.\n".encode(), mode
    checks = f"checks/{name}"
    files = {
        f"checks/{name.partition('_')[0]}": ("script", EXECUTABLE),
        f"{checks}/__init__.py": ("init.py", PLAIN),
        f"{checks}/test_behavior.py": ("test_behavior.py", PLAIN),
        f"{checks}/hints.toml": ("hints.toml", PLAIN),
        f"{checks}/tasks.toml": ("tasks.toml", PLAIN),
        f"{checks}/mistakes.toml": ("mistakes.toml", PLAIN),
        f"{checks}/variants.toml": ("variants.toml", PLAIN),
        f"notebooks/{name}.ipynb": ("notebook.ipynb", PLAIN),
        f"slides/{name}.md": ("deck.md", PLAIN),
    }
    return {
        **{f"steps/{name}/{path}": file for path, file in starter.items()},
        **{f"solutions/{name}/{path}": file for path, file in solution.items()},
        **{
            path: (_filled(template, name, before, continues).encode(), mode)
            for path, (template, mode) in files.items()
        },
    }


def _filled(template: str, name: str, before: Step, continues: bool) -> str:
    """The template with the step's own words in it."""
    short, _, subject = name.partition("_")
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return Template(text).substitute(
        name=name,
        short=short,
        number=short.removeprefix("step"),
        subject=subject,
        track=manifest.tracks()[-1].name,
        file=before.files[0],
        servers=before.servers,
        redis=str(before.redis).lower(),
        continues=str(continues).lower(),
        before=before.number,
    )
