"""Step 1 gives its check something to count, and its attendees something to see."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import copy_of, edit
from workshop import manifest

STEP = manifest.find("step1")
BOTH = ("synchronous", "asynchronous")
FAST = ("--boards", "4", "--pairs", "2", "--speed", "20000")


def run(folder: Path, *arguments, **environment) -> subprocess.CompletedProcess:
    """`python exhibition.py` in a folder of the step, its output in a pipe."""
    return subprocess.run(
        [sys.executable, folder / "exhibition.py", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=600,  # for a test that hangs; not a measurement
    )


def recorded(folder: Path, file: Path, *arguments) -> dict:
    run(folder, "--record", file, *(arguments or FAST))
    return json.loads(file.read_text(encoding="utf-8"))


def most_at_once(events: list[dict], who: str) -> int:
    now = most = 0
    for event in events:
        if event["who"] == who:
            now += 1 if event["what"] == "starts" else -1
            most = max(most, now)
    return most


@pytest.fixture
def edited(tmp_path):
    """A function that gives a copy of the solution with one change in exhibition.py."""

    def change(old: str, new: str) -> Path:
        copy = copy_of(STEP.solution, tmp_path / "copy")
        edit(copy, "exhibition.py", old, new)
        return copy

    return change


@pytest.fixture(scope="module", params=["solution", "starter"])
def record(request, tmp_path_factory):
    folder = getattr(STEP, request.param)
    return request.param, recorded(folder, tmp_path_factory.mktemp("record") / "record.json")


def test_the_record_has_every_move_of_every_board_in_order(record):
    _, record = record
    assert (record["boards"], record["pairs"]) == (4, 2)
    assert "error" not in record
    for way in BOTH:
        for board in range(4):
            events = [event for event in record[way] if event["board"] == board]
            whose = ("Alice", "Alice", "opponent", "opponent") * 2
            assert tuple(event["who"] for event in events) == whose
            assert [event["what"] for event in events] == ["starts", "ends"] * 4
            assert [event["move"] for event in events[::2]] == record["games"][board]
        times = [event["at"] for event in record[way]]
        assert times == sorted(times)


def test_the_counts_tell_waiting_together_from_waiting_in_turn(record):
    which, record = record
    together = {"solution": 4, "starter": 1}[which]
    assert most_at_once(record["synchronous"], "opponent") == 1
    assert most_at_once(record["asynchronous"], "opponent") == together
    for way in BOTH:
        assert most_at_once(record[way], "Alice") == 1


def test_a_record_that_breaks_off_says_where(edited, tmp_path):
    folder = edited("        await board.", "        board.")
    record = recorded(folder, tmp_path / "record.json")
    error = record["error"]["asynchronous"]
    assert list(record["error"]) == ["asynchronous"]
    assert error["type"] == "OutOfTurn"
    assert "await board.opponent_thinks_async()" in error["message"]
    assert 'exhibition.py", line' in error["traceback"]
    assert "/club/" not in error["traceback"].replace(os.sep, "/")
    assert Counter(event["who"] for event in record["asynchronous"])["Alice"] > 0

    shown = run(folder, "--speed", "20000")
    assert shown.returncode == 1
    assert error["message"] in shown.stderr


def test_games_that_nobody_awaits_are_noticed(edited):
    folder = edited(
        "await asyncio.gather(*(play_game_walking(board) for board in boards))",
        "tasks = [asyncio.create_task(play_game_walking(board)) for board in boards]",
    )
    shown = run(folder, "--speed", "20000")
    assert shown.returncode == 1
    assert "Is every game awaited?" in shown.stderr


def test_threads_lose_no_event(edited, tmp_path):
    folder = edited(
        "await asyncio.gather(*(play_game_walking(board) for board in boards))",
        "await asyncio.gather(*(asyncio.to_thread(play_game, board) for board in boards))",
    )
    record = recorded(folder, tmp_path / "record.json")
    assert "error" not in record
    assert len(record["asynchronous"]) == len(record["synchronous"]) == 4 * 2 * 4


@pytest.mark.parametrize(
    "body",
    [
        "async with asyncio.TaskGroup() as group:\n"
        "        for board in boards:\n"
        "            group.create_task(play_game_walking(board))",
        "games = [asyncio.create_task(play_game_walking(board)) for board in boards]\n"
        "    for game in games:\n"
        "        await game",
        "await asyncio.wait([asyncio.ensure_future(play_game_walking(b)) for b in boards])",
    ],
    ids=["TaskGroup", "create_task", "wait"],
)
def test_other_right_answers_count_the_same(edited, tmp_path, body):
    folder = edited("await asyncio.gather(*(play_game_walking(board) for board in boards))", body)
    record = recorded(folder, tmp_path / "record.json")
    assert most_at_once(record["asynchronous"], "opponent") == 4


def test_an_ordinary_function_may_call_asyncio_run_itself(edited, tmp_path):
    folder = edited(
        'if __name__ == "__main__":',
        "walk = exhibition_walking\n\n\ndef exhibition_walking(boards):\n"
        '    asyncio.run(walk(boards))\n\n\nif __name__ == "__main__":',
    )
    record = recorded(folder, tmp_path / "record.json")
    assert most_at_once(record["asynchronous"], "opponent") == 4


@pytest.mark.parametrize("columns", ["60", "100"])
def test_the_picture_fits_a_pipe_of_any_width(columns):
    shown = run(STEP.solution, "--speed", "3000", COLUMNS=columns)
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines()) <= int(columns)
    table = re.findall(r"^ +(\d+) +(\d+) s", shown.stdout, re.MULTILINE)
    assert table[-1] == ("24", "120")


DRAWS = """
from club import drawing

moves = ("Alice", 0, 5), ("opponent", 5, 55)
events = [
    {"board": 0, "who": who, "what": what, "move": "e5", "at": at}
    for who, start, end in moves
    for what, at in (("starts", start), ("ends", end))
]
for row in drawing.timeline(events, 1, 60, 80):
    print(row)
"""


def test_a_terminal_without_block_characters_gets_plain_ones():
    shown = run(STEP.solution, "--speed", "3000", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert shown.stdout.isascii()
    assert re.search(r"^board 1 +#", shown.stdout, re.MULTILINE)
    assert re.search(r"^ +# Alice makes a move.* -- an opponent thinks", shown.stdout, re.MULTILINE)
    # How long a move takes on a busy machine is not what is drawn here.
    drawn = subprocess.run(
        [sys.executable, "-c", DRAWS],
        cwd=STEP.solution,
        capture_output=True,
        encoding="ascii",
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert re.search(r"^board 1 +#.*--", drawn.stdout, re.MULTILINE), drawn.stderr


def test_the_starter_shows_no_gain_and_says_what_changes_that():
    shown = run(STEP.starter, "--speed", "3000")
    assert shown.returncode == 0
    assert "1 of 2 opponents" in shown.stdout
    assert "TODO" in shown.stdout
    assert "stops helping" not in shown.stdout


def test_the_page_asks_no_other_host_and_writes_text_only():
    for file in (STEP.solution / "hall").rglob("*.*"):
        if file.suffix in (".html", ".css", ".js"):
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"(src|href)=\"(https?:)?//|@import|url\(", text), file
            assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval", text)


def own_tests(folder: Path, *arguments) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=600,  # for a test that hangs; not a measurement
    )
    return ran.stdout


def test_the_projects_own_tests_pass_in_the_solution():
    assert "6 passed" in own_tests(STEP.solution)


def test_the_projects_own_tests_see_that_the_starter_does_not_walk():
    assert "1 failed, 1 passed" in own_tests(STEP.starter, "-k", "walking")
