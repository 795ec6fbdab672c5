"""Diagnoses for which no entry of a catalogue can be made."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import copy_of, edit, run_coroutine
from workshop import manifest
from workshop.checking import session
from workshop.checking.command import rules_for
from workshop.checking.explaining.rules import diagnose
from workshop.checking.failures import Failure, Flooded
from workshop.checking.prepare import Prepared
from workshop.checking.processes import server as server_module
from workshop.checking.processes.server import Server

STEP2 = manifest.find("step2")
CONSUMERS = "chat/consumers.py"


def played(run: session.CheckRun, check) -> None:
    """Play it in a thread: another test's browser may keep an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: run.play(check)).result()


def test_a_run_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    """Its limit is over while a message is on its way, however long the server took to start."""
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    edit(copy, CONSUMERS, "import json\n", "import asyncio\nimport json\n")
    slowly = "        await asyncio.sleep(600)\n        await self.send("
    edit(copy, CONSUMERS, "        await self.send(", slowly)
    server = Server(copy)
    prepared = Prepared({}, time.monotonic(), servers=[server])
    run = session.CheckRun(session.Session(STEP2, copy, prepared), "test_a_message_comes_back")

    async def check_that_waits_for_longer_than_its_limit():
        ana = await run.room().open("Ana")
        await ana.say("hello")
        await ana.hears("hello")

    monkeypatch.setattr(server_module, "STARTS_WITHIN", 300)  # a busy machine takes its time
    try:
        run_coroutine(server.starts())
        monkeypatch.setattr(session, "RUN_LIMIT", 0)  # so a second is left for what is played
        with pytest.raises(Failure):
            played(run, check_that_waits_for_longer_than_its_limit())
    finally:
        server.stop()
    diagnosis, _ = diagnose(rules_for(STEP2), run.evidence)
    assert diagnosis.id == "given_up", run.evidence


def test_a_consumer_that_sends_without_end_is_named(tmp_path, monkeypatch):
    """The check listens only after more frames came than it reads, so that luck plays no part."""
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    accept = "        await self.accept()\n"
    flood = '        for _ in range(5000):\n            await self.send("{}")\n'
    edit(copy, CONSUMERS, accept, accept + flood)
    monkeypatch.setattr(session, "RUN_LIMIT", 120)  # a busy machine takes its time
    server = Server(copy)
    prepared = Prepared({}, time.monotonic(), servers=[server])
    run = session.CheckRun(session.Session(STEP2, copy, prepared), "test_a_message_comes_back")

    async def check_that_listens_late():
        await server.starts()
        ana = await run.room().open("Ana")
        await ana._reader  # until more came than it takes
        await ana.hears()

    try:
        played(run, check_that_listens_late())
    except Flooded:
        pass
    finally:
        server.stop()
    assert run.evidence.saw(Flooded), run.evidence
    diagnosis, _ = diagnose(rules_for(STEP2), run.evidence)
    assert diagnosis.id == "flooding"
    where = diagnosis.where
    assert where.file == copy / CONSUMERS
    assert "self.send" in where.file.read_text(encoding="utf-8").splitlines()[where.line - 1]
