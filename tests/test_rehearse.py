"""The instructor's dress rehearsal finds what would go wrong, and nothing else."""

import socket
import subprocess
import sys

import pytest

from workshop import cli, manifest
from workshop.checking import patience, tasks
from workshop.rehearsing import decks, demonstrations, solving

from .conftest import ROOT

STEP = manifest.steps("core")[0]


def test_every_demonstration_is_a_command():
    found = demonstrations.commands()
    assert {words[0] for words in found} == {"run", "look"}
    assert len(found) == len({tuple(words) for words in found})
    for words in found:
        cli.parser().parse_args(words)
        assert manifest.find(words[1])


def test_a_demonstration_that_cannot_run_says_why():
    assert "Its page" not in demonstrations._serves(["run", "step99"])
    assert "step99" in demonstrations._serves(["run", "step99"])


def test_a_port_that_is_taken_is_found():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert demonstrations._port(taken.getsockname()[1]).advice


def test_a_day_without_its_buffer_is_found(monkeypatch):
    assert not decks.plan()[0].advice
    monkeypatch.setattr(decks.timetable, "total", lambda decks: 179)
    assert "buffer" in decks.plan()[0].advice


@pytest.mark.slow
def test_a_step_that_cannot_be_solved_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv(patience.VARIABLE, "20")  # on a busy machine
    count = len(tasks.of_step(STEP))
    assert solving._check(STEP, count, tmp_path) == ""
    whole = solving.with_done
    monkeypatch.setattr(solving, "with_done", lambda step, done, folder: whole(step, [], folder))
    assert solving._check(STEP, count, tmp_path / "again")


@pytest.mark.slow
def test_a_rehearsal_does_everything():
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "rehearse", "--seats", "5"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    said = done.stdout
    assert done.returncode in (0, 1), said + done.stderr
    for step in manifest.steps("core"):
        assert f"✓ {step.short}: {len(tasks.of_step(step))} tasks" in said, said
    for words in demonstrations.commands():
        assert f"✓ {' '.join(words)}" in said, said
    assert "✓ 5 seats: " in said and "Rehearsed in " in said, said
    # A busy machine is late, and another program may have the day's ports: it says so.
    wrong = said.partition("What would have gone wrong today:")[2]
    assert bool(wrong) == (done.returncode == 1)
