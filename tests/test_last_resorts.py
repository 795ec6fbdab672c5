"""Diagnoses for which no entry of a catalogue can be made."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.conftest import check, copy_of, edit
from workshop import manifest
from workshop.checking import session
from workshop.checking.command import rules_for
from workshop.checking.explaining.rules import diagnose
from workshop.checking.failures import Flooded
from workshop.checking.prepare import Prepared
from workshop.checking.processes.server import Server

STEP2 = manifest.find("step2")
CONSUMERS = "chat/consumers.py"


def test_a_run_that_takes_too_long_is_given_up(tmp_path):
    copy = copy_of(STEP2.solution, tmp_path / "copy")
    edit(copy, CONSUMERS, "import json\n", "import asyncio\nimport json\n")
    slowly = "        await asyncio.sleep(0.4)\n        await self.send("
    edit(copy, CONSUMERS, "        await self.send(", slowly)
    done = check("step2", "--project", copy, "--json", WORKSHOP_PATIENCE="0.5")
    assert done.code == 1, done.out + done.err
    assert done.failed["diagnosis"] == "given_up", done.failed


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
        with ThreadPoolExecutor(1) as thread:  # another test's browser may keep a loop in this one
            thread.submit(lambda: run.play(check_that_listens_late())).result()
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
