"""A program that is paused does nothing, and then goes on as if nothing had happened."""

import sqlite3
import time
from contextlib import closing

import pytest

from checks.step5_people.observers.accounts import Accounts
from workshop.checking.processes.program import Program

# Says all the time what comes next, and holds the database's lock half of it.
SCRIPT = """
import itertools, sqlite3, time
database = sqlite3.connect("db.sqlite3", timeout=600, isolation_level=None)
database.execute("create table numbers (number)")
for number in itertools.count():
    database.execute("BEGIN IMMEDIATE")
    database.execute("insert into numbers values (?)", [number])
    time.sleep(0.005)
    database.execute("COMMIT")
    print(number, flush=True)
    time.sleep(0.01)
"""
HANGS = 600  # seconds, for a test that hangs; not a measurement


@pytest.fixture
def program(tmp_path):
    (tmp_path / "counts.py").write_text(SCRIPT, encoding="utf-8")
    program = Program(tmp_path, "counts.py")
    try:
        until(lambda: (tmp_path / "db.sqlite3").exists() and counted(tmp_path) > 0)
        yield program
    finally:
        program.kill()
        program.reap()


def until(true) -> None:
    end = time.monotonic() + HANGS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def counted(folder) -> int:
    with closing(sqlite3.connect(folder / "db.sqlite3", timeout=HANGS)) as database:
        try:
            return database.execute("select count(*) from numbers").fetchone()[0]
        except sqlite3.OperationalError:  # there is no table yet
            return 0


def test_it_stops_and_goes_on(program, tmp_path):
    accounts = Accounts(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    for _ in range(10):
        with accounts.without(program):
            before = counted(tmp_path)
            with closing(sqlite3.connect(tmp_path / "db.sqlite3", timeout=0)) as database:
                database.execute("BEGIN IMMEDIATE")  # raises where it was paused with the lock
            assert counted(tmp_path) == before
        until(lambda before=before: counted(tmp_path) > before)


def test_what_has_ended_is_not_paused(program):
    program.kill()
    program.pause()
    program.resume()
