"""No step lacks anything, and `dev check` finds it when one does."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.copied import Workshop
from workshop import manifest
from workshop.developing import check, new, problem

STEP2, STEP3 = (manifest.find(short) for short in ("step2", "step3"))
LAST = manifest.steps()[-1].number
NEW = f"step{LAST + 1}_another"  # a step that is not there yet
SOLUTION, STARTER = f"solutions/{STEP2.name}", f"steps/{STEP2.name}"
CHECKS = f"checks/{STEP2.name}"
CONSUMERS, SETTINGS = "chat/consumers.py", "mysite/settings.py"


@pytest.mark.parametrize("step", manifest.steps(), ids=lambda step: step.short)
@pytest.mark.parametrize("find", check.OF_A_STEP, ids=lambda find: find.__name__)
def test_nothing_is_missing_of_a_step(step, find):
    assert [str(problem) for problem in find(step)] == []


@pytest.mark.parametrize("find", check.OF_ALL, ids=lambda find: find.__name__)
def test_nothing_is_missing_of_all_steps(find):
    assert [str(problem) for problem in find()] == []


def test_links_in_readmes_lead_somewhere():
    for readme in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("steps/*/README.md")]:
        text = readme.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            if not target.startswith("http"):
                assert (readme.parent / target).exists(), f"{readme}: {target}"


# Planted in a copy of the workshop: the file, the text to replace (None: all of it), what goes
# there (None: the file is removed), the file that the problem is in where it is another, a part of
# its message.
MANY_LINES = "".join(f"        print({number})\n" for number in range(16))
PLANTED = {
    "other_files": (f"{SOLUTION}/chat/models.py", None, "x = 1\n", None, "does not have this file"),
    "differs_outside_of_todos": (
        *(f"{STARTER}/chat/views.py", "def index", "def home"),
        None,
        "differs from the solution here",
    ),
    "todo_in_a_file_not_named": (
        *(f"{STARTER}/chat/urls.py", "urlpatterns", "# TODO 7: more\nurlpatterns"),
        None,
        "name chat/urls.py in",
    ),
    "todos_not_numbered": (
        *(f"{STARTER}/{CONSUMERS}", "# TODO 6: ", "# TODO 8: "),
        None,
        "TODO 8 comes where TODO 6 is expected",
    ),
    "solution_with_a_todo": (
        *(f"{SOLUTION}/{CONSUMERS}", "import json", "# TODO 1: x\nimport json"),
        None,
        "A solution must not have a TODO",
    ),
    "too_many_lines": (
        f"{SOLUTION}/{CONSUMERS}",
        '        message = json.loads(text_data)["message"]\n',
        MANY_LINES + '        message = json.loads(text_data)["message"]\n',
        SOLUTION,
        "lines, but 15 is the maximum",
    ),
    "breaks_with_the_step_before": (
        *(f"{SOLUTION}/chat/views.py", "def index", "# the first page\ndef index"),
        f"steps/{STEP3.name}/chat/views.py",
        "not how step2 ended",
    ),
    "files_not_there": (
        *("workshop.toml", '"chat/routing.py", ', '"chat/routes.py", '),
        None,
        "names chat/routes.py",
    ),
    "script_missing": ("checks/step2", None, None, None, "This script is missing"),
    "script_that_checks_another": ("checks/step2", '"step2"', '"step3"', None, "must end with"),
    "words_to_fill_in": (
        f"{CHECKS}/hints.toml",
        "Which server",
        "FILL IN",
        None,
        "Write your own text here",
    ),
    "no_minutes": ("workshop.toml", "minutes = 30\n", "minutes = 0\n", None, "has no minutes"),
    "nothing_to_cut": (
        *("workshop.toml", '"Part (b), the view: show it in the solution instead."', '""'),
        None,
        'Say in "cut"',
    ),
    "folders_without_a_step": ("steps/step9_x/README.md", None, "x\n", "steps/step9_x", "No step"),
    "readme_lacks_a_file": (
        *(f"{STARTER}/README.md", "mysite/asgi.py", "that file"),
        None,
        "mysite/asgi.py is to be edited",
    ),
    "readme_without_an_ending": (
        *(f"{STARTER}/README.md", "## What is missing", "## The end"),
        None,
        "The last section",
    ),
    "notebook_missing": (f"notebooks/{STEP2.name}.ipynb", None, None, None, "has no notebook"),
    "deck_missing": (f"slides/{STEP2.name}.md", None, None, None, "has no deck"),
    "deck_not_shown": ("workshop.toml", ' "step2_echo",', "", None, "No track shows the deck"),
    "no_checks": (f"{CHECKS}/test_behavior.py", None, "", None, "step2 has no check"),
    "check_that_is_not_a_coroutine": (
        *(f"{CHECKS}/test_behavior.py", "async def test_the_page_loads", "def test_the_page_loads"),
        None,
        "A check is a coroutine: async def test_the_page_loads",
    ),
    "check_without_a_title": (
        *(f"{CHECKS}/test_behavior.py", '"""The chat page loads."""', "pass"),
        None,
        "test_the_page_loads has no title",
    ),
    "check_without_hints": (
        *(f"{CHECKS}/hints.toml", "[test_the_page_loads]", "[test_a_page]"),
        None,
        "The check test_the_page_loads lacks code, nudge, pointer, slide",
    ),
    "hint_without_a_check": (
        *(f"{CHECKS}/hints.toml", "[test_the_page_loads]", "[test_a_page]"),
        None,
        "There is no longer a check test_a_page",
    ),
    "nudge_that_asks_nothing": (
        *(f"{CHECKS}/hints.toml", "when you open it in a browser?", "in a browser."),
        None,
        "is not a question",
    ),
    "pointer_to_nowhere": (
        f"{CHECKS}/hints.toml",
        "https://channels.readthedocs.io/en/stable/topics/routing.html#protocoltyperouter",
        "the book",
        None,
        "does not name a page",
    ),
    "slide_not_in_the_deck": (
        *(f"{CHECKS}/hints.toml", '"One browser, one consumer"', '"One of each"'),
        None,
        "has no slide 'One of each'",
    ),
    "code_not_in_the_solution": (
        *(f"{CHECKS}/hints.toml", '"mysite/asgi.py:application"\n', '"mysite/asgi.py:gone"\n'),
        None,
        "mysite/asgi.py:gone is not in",
    ),
    "level_that_shows_the_code": (
        f"{CHECKS}/hints.toml",
        "What do two consumers of one class share?",
        'What does re_path(r\\"^ws/chat/(?P<room_name>[-a-zA-Z0-9_]+)/$\\", '
        "consumers.ChatConsumer.as_asgi()), do?",
        None,
        "gives a line of the code away",
    ),
    "task_that_lacks_a_part": (
        *(f"{CHECKS}/tasks.toml", 'try = "Start the server: ', 'tries = "Start the server: '),
        None,
        "TODO 1 lacks try",
    ),
    "todo_without_a_task": (
        *(f"{CHECKS}/tasks.toml", "number = 3\n", "number = 33\n"),
        f"{STARTER}/chat/routing.py",
        "TODO 3 is not a task",
    ),
    "task_without_a_todo": (
        *(f"{CHECKS}/tasks.toml", "number = 3\n", "number = 33\n"),
        None,
        "The starter has no TODO 33",
    ),
    "task_that_serves_no_check": (
        *(f"{CHECKS}/tasks.toml", 'checks = ["test_the_server_starts"]', "checks = []"),
        None,
        "TODO 1 serves no check",
    ),
    "task_that_names_no_rule": (
        *(f"{CHECKS}/tasks.toml", '"receive_missing"', '"receive_gone"'),
        None,
        "No rule is called 'receive_gone'",
    ),
    "task_that_is_not_told": (
        *(f"{CHECKS}/tasks.toml", 'given = "websocket_urlpatterns = []"\n', ""),
        None,
        "In the starter, TODO 3 looks as if it was begun",
    ),
    "no_mistake": (f"{CHECKS}/mistakes.toml", None, "", None, "step2 has no mistake"),
    "same_name_twice": (
        *(f"{CHECKS}/mistakes.toml", '"channels-instead-of-daphne"', '"daphne-after-staticfiles"'),
        None,
        "another entry has this name",
    ),
    "edit_that_cannot_be_made": (
        *(f"{CHECKS}/mistakes.toml", "'\"daphne\"'", "'\"daphnis\"'"),
        None,
        "is there 0 times",
    ),
    "mistake_without_a_diagnosis": (
        f"{CHECKS}/mistakes.toml",
        'edits = [{ file = "manage.py", remove = true }]\nrepair = []\ndiagnosis =',
        'edits = [{ file = "manage.py", remove = true }]\nrepair = []\nfile =',
        None,
        "name the id of its diagnosis",
    ),
    "id_that_no_rule_has": (
        *(f"{CHECKS}/mistakes.toml", '"stopped_by_the_consumer"', '"stopped"'),
        None,
        "no rule for step2 is called 'stopped'",
    ),
    "place_that_is_not_there": (
        *(f"{CHECKS}/mistakes.toml", 'line = "json.loads(str("', 'line = "json.loads(int("'),
        None,
        "its project has no line with",
    ),
    "id_of_two_rules": (
        *("checks/diagnoses/database.py", "def table_missing(", "def port_taken("),
        None,
        "another rule has this name",
    ),
    "unknown_capability": (
        "checks/diagnoses/startup.py",
        '@rule(needs="chat")\ndef daphne_not',
        '@rule(needs="chats")\ndef daphne_not',
        None,
        "no step teaches 'chats'",
    ),
    "id_without_an_entry": (
        *("checks/diagnoses/routers.py", "def protocol_router_empty", "def protocol_router"),
        None,
        "protocol_router: no mistake has this diagnosis",
    ),
}
PLANTED["wrong_number"] = (
    "workshop.toml",
    None,
    lambda text: _swapped(text),
    None,
    "is listed as number",
)
PLANTED["unknown_track"] = (
    "workshop.toml",
    'title = "A consumer that echoes to one browser"\ntrack = "core"',
    'title = "A consumer that echoes to one browser"\ntrack = "evening"',
    None,
    "in a track 'evening' that is not listed",
)


def _swapped(text: str) -> str:
    """workshop.toml with the entries of step 1 and step 2 in the other order."""
    head, one, two, rest = re.split(r"(?m)^(?=\[\[steps\]\])", text, maxsplit=3)
    return head + two + one + rest


# Each of these would hide others, so it is planted alone.
ALONE = {
    "wrong_number",
    "script_missing",
    "deck_missing",
    "no_checks",
    "check_without_hints",
    "task_that_lacks_a_part",
    "todo_without_a_task",
    "task_without_a_todo",
    "no_mistake",
    "id_of_two_rules",
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("planted") / "workshop")


@pytest.fixture(scope="module")
def found_together(workshop) -> str:
    """What `dev check` prints with all of the others planted."""
    return with_planted(workshop, set(PLANTED) - ALONE)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_what_is_missing_is_found(name, workshop, request):
    file, _, _, place, words = PLANTED[name]
    if name in ALONE:
        out = with_planted(workshop, {name})
    else:
        out = request.getfixturevalue("found_together")
    found = [line for line in out.splitlines() if words in line]
    assert any(line.startswith(place or file) for line in found), out


def with_planted(workshop: Workshop, names: set[str]) -> str:
    """What `dev check` prints with these planted; afterwards the workshop is as before."""
    before = everything(workshop.root)
    modes = {file: (workshop.root / file).stat().st_mode for file in before}
    try:
        for name in PLANTED:
            if name in names:
                file, replace, by, *_ = PLANTED[name]
                plant(workshop.root / file, replace, by)
        done = workshop.type("dev", "check")
    finally:
        for file in everything(workshop.root).keys() - before:
            (workshop.root / file).unlink()
        for folder in (workshop.root / "steps").iterdir():
            if not any(folder.iterdir()):
                folder.rmdir()
        for file, data in before.items():
            (workshop.root / file).write_bytes(data)
            (workshop.root / file).chmod(modes[file])
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def plant(path: Path, replace: str | None, by) -> None:
    if by is None:
        path.unlink()
        return
    if replace is not None:
        text = path.read_text(encoding="utf-8")
        assert replace in text
        by = text.replace(replace, by)
    elif callable(by):
        by = by(path.read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(by, encoding="utf-8")


def test_a_script_that_cannot_be_run_is_found(workshop):
    script = workshop.root / "checks/step2"
    mode = script.stat().st_mode
    try:
        script.chmod(0o644)
        done = workshop.type("dev", "check", "step2")
    finally:
        script.chmod(mode)
    assert done.returncode == 1
    assert "checks/step2: Attendees cannot run this script. Type: chmod +x" in done.stdout


def test_every_finder_has_something_planted():
    finders = {find.__name__ for find in (*check.OF_A_STEP, *check.OF_ALL)}
    assert finders - set(PLANTED) == {"script_not_executable"}  # tested above


def test_a_folder_that_is_not_there_hides_nothing_else(workshop):
    folder = workshop.root / "solutions" / STEP2.name
    folder.rename(folder.with_name("away"))
    try:
        done = workshop.type("dev", "check", "step2")
    finally:
        folder.with_name("away").rename(folder)
    assert done.returncode == 1 and "has no folder solutions/step2_echo" in done.stdout
    assert "1 to do" in done.stdout


# A new step


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("another", "is not a valid name for a step"),
        ("step9_My-Step", "is not a valid name for a step"),
        (f"step{LAST + 2}_another", f"The next step is number {LAST + 1}"),
        ("step3_another", "Step 3 already exists: step3_broadcast"),
    ],
)
def test_a_step_of_a_wrong_name_is_refused_and_nothing_written(name, words, workshop):
    before = everything(workshop.root)
    done = workshop.type("dev", "new", name)
    assert done.returncode == 2 and words in done.stdout
    assert everything(workshop.root) == before


def test_a_step_of_which_a_file_is_there_is_refused_and_nothing_written(workshop):
    there = workshop.root / f"slides/{NEW}.md"
    there.write_text("mine", encoding="utf-8")
    before = everything(workshop.root)
    done = workshop.type("dev", "new", NEW)
    assert done.returncode == 2 and f"slides/{NEW}.md already exists" in done.stdout
    assert everything(workshop.root) == before
    there.unlink()


def test_a_half_written_step_is_taken_back(tmp_path, monkeypatch):
    """As when the disk is full."""
    listed = (ROOT / "workshop.toml").read_text(encoding="utf-8")
    (tmp_path / "workshop.toml").write_text(listed, encoding="utf-8")
    monkeypatch.setattr(new, "ROOT", tmp_path)

    def write_some(folder, content):
        (folder / "notebooks").mkdir()
        (folder / f"notebooks/{NEW}.ipynb").write_text("{}", encoding="utf-8")
        raise OSError("No space left on device")

    monkeypatch.setattr(new, "write", write_some)
    with pytest.raises(new.NotMade, match="No space left"):
        new.make(NEW)
    assert not (tmp_path / f"notebooks/{NEW}.ipynb").exists()
    assert (tmp_path / "workshop.toml").read_text(encoding="utf-8") == listed


def test_a_new_step_says_what_its_author_has_to_do(tmp_path):
    workshop = Workshop(tmp_path / "workshop")
    made = workshop.type("dev", "new", NEW)
    assert made.returncode == 0, made.stdout + made.stderr
    done = workshop.type("dev", "check", f"step{LAST + 1}")
    assert done.returncode == 1
    *problems, _, count = done.stdout.splitlines()
    to_do = ("FILL IN", "no mistake", "has nothing where", "No track shows the deck")
    assert all(any(words in line for words in to_do) for line in problems), done.stdout
    for words in to_do:
        assert any(words in line for line in problems), f"{words}\n{done.stdout}"
    assert count == f"{len(problems)} to do."
    others = workshop.type("dev", "check", "step3")
    assert others.returncode == 0, others.stdout


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".workshop" not in path.parts
    }


def test_a_file_that_is_no_text_is_looked_through_too(tmp_path):
    """An author has run the step: its database lies in its folder."""
    (tmp_path / "db.sqlite3").write_bytes(b"\xfb\x00\nhere it is")
    assert problem.line_of(tmp_path / "db.sqlite3", "it is") == 2
    assert problem.line_of(tmp_path / "db.sqlite3", "it is not") is None
