"""What happens inside a program under check arrives as facts, whatever the project does with its
log: one test for each place where exceptions end up."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import copy_of, edit, run_coroutine
from workshop import manifest
from workshop.checking.events import Caught, Event, NeverAwaited, Raised, Serving
from workshop.checking.explaining.errors import explaining_first
from workshop.checking.processes.log import Log
from workshop.checking.processes.program import Program
from workshop.checking.processes.server import Server

ARRIVES_WITHIN = 30  # seconds; waiting for an event that does arrive takes no longer than the event

# What a project may do with its log, as lines at the end of settings.py.
LOGGINGS = {
    "none": "",
    # https://docs.djangoproject.com/en/5.2/howto/logging/
    "of the documentation": """
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": "general.log"}},
    "loggers": {"": {"level": "DEBUG", "handlers": ["file"]}},
}
""",
    "that disables the loggers that exist": """
LOGGING = {"version": 1, "handlers": {"null": {"class": "logging.NullHandler"}},
           "root": {"handlers": ["null"]}}
""",
    "in JSON, a line for each": """
import json, logging
class Lines(logging.Formatter):
    def format(self, record):
        return json.dumps({"message": record.getMessage(), "error": str(record.exc_info)})
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": Lines}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
""",
    "into a file, and standard error too": """
import os, sys
os.dup2(os.open("everything.log", os.O_WRONLY | os.O_CREAT), 2)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": "django.log"}},
    "loggers": {"django": {"handlers": ["file"], "propagate": False}},
}
""",
}

CONSUMER = """
import asyncio
import contextlib
import threading

from channels.generic.websocket import AsyncWebsocketConsumer


def fails_in_a_thread():
    raise LookupError("in a thread")


async def fails_in_a_task():
    undefined_name


async def never_runs():
    pass


class ChatConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        match text_data:
            case "consumer":
                print("half a line, and no end", end="")
                {}["missing"]
            case "thread":
                thread = threading.Thread(target=fails_in_a_thread)
                thread.start()
                thread.join()
            case "task":
                asyncio.create_task(fails_in_a_task())
                await asyncio.sleep(0.01)
            case "except":
                try:
                    int("seven")
                except ValueError:
                    pass
            case "suppress":
                with contextlib.suppress(AttributeError):
                    text_data.decode()
            case "raised again":
                try:
                    int("eight")
                except ValueError as error:
                    raise RuntimeError("not a number") from error
            case "coroutine":
                never_runs()
        await self.send(text_data)
"""

VIEW = """
from django.http import HttpResponse

def index(request):
    raise ZeroDivisionError("in a view")

room = index
"""


@dataclass
class Running:
    server: Server
    folder: Path

    def says(self, *texts: str) -> None:
        run_coroutine(self._says(texts))

    async def _says(self, texts) -> None:
        with contextlib.suppress(ConnectionClosed):
            address = self.server.address
            url, origin = f"ws://{address}/ws/chat/a/", f"http://{address}"
            async with connect(url, origin=origin, proxy=None) as socket:
                for text in texts:
                    await socket.send(text)
                    await socket.recv()

    def event(self, kind: type, *, by: str | None = None, type: str | None = None) -> Event:
        """The first event of the kind; of Raised and Caught with these facts."""

        def matching(events):
            return [
                event
                for event in events
                if isinstance(event, kind)
                and by in (None, getattr(event, "by", None))
                and (type is None or event.chain[0].type == type)
            ]

        seen = self.server.event(lambda events: bool(matching(events)), ARRIVES_WITHIN)
        assert run_coroutine(seen), f"{kind}, {by}, {type}: {self.server.log.events}"
        return matching(self.server.log.events)[0]


@pytest.fixture(scope="module", params=LOGGINGS)
def running(request, tmp_path_factory):
    folder = copy_of(manifest.find("step2").solution, tmp_path_factory.mktemp("facts") / "project")
    (folder / "chat" / "consumers.py").write_text(CONSUMER, encoding="utf-8")
    (folder / "chat" / "views.py").write_text(VIEW, encoding="utf-8")
    settings = folder / "mysite" / "settings.py"
    settings.write_text(
        settings.read_text(encoding="utf-8") + LOGGINGS[request.param], encoding="utf-8"
    )
    server = Server(folder)
    try:
        assert run_coroutine(server.listens(300)), server.log.text
        yield Running(server, folder)
    finally:
        server.stop()


def test_a_server_tells_which_protocol_it_speaks(running):
    assert running.event(Serving) == Serving("asgi")


def test_an_exception_in_a_consumer(running):
    running.says("consumer")
    raised = running.event(Raised, by="consumer")
    assert (raised.path, raised.handling) == ("/ws/chat/a/", "websocket.receive")
    (facts,) = raised.chain
    assert (facts.type, facts.module, facts.message) == ("KeyError", "builtins", "'missing'")
    assert (facts.name, facts.arguments) == ("missing", ("missing",))
    assert "LookupError" in facts.bases and facts.link is None
    last = facts.frames[-1]
    assert last.file == running.folder / "chat" / "consumers.py"
    assert (last.function, last.code) == ("receive", '{}["missing"]')


def test_it_ends_the_application_of_its_websocket(running):
    running.says("consumer")
    of_consumer = running.event(Raised, by="consumer", type="KeyError")
    of_application = running.event(Raised, by="application", type="KeyError")
    assert of_application.path == "/ws/chat/a/"
    assert of_application.chain[0].id == of_consumer.chain[0].id


def test_an_exception_in_a_view(running):
    async def ask():
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            return await client.get(f"http://{running.server.address}/chat/")

    assert run_coroutine(ask()).status_code == 500
    raised = running.event(Raised, by="page")
    assert (raised.path, raised.handling) == (None, "/chat/")
    assert raised.chain[0].type == "ZeroDivisionError"
    assert raised.chain[0].frames[-1].function == "index"


def test_an_exception_in_a_thread(running):
    running.says("thread")
    raised = running.event(Raised, by="thread")
    assert raised.chain[0].arguments == ("in a thread",)
    assert raised.chain[0].frames[-1].function == "fails_in_a_thread"


def test_an_exception_in_a_task_that_nobody_awaits(running):
    running.says("task", "and collect the task")
    raised = running.event(Raised, by="loop")
    assert raised.handling == "fails_in_a_task"
    assert (raised.chain[0].type, raised.chain[0].name) == ("NameError", "undefined_name")


def test_an_exception_that_an_except_swallows(running):
    running.says("except")
    caught = running.event(Caught, type="ValueError")
    assert caught.path == "/ws/chat/a/"
    assert caught.frames[-1].code == "except ValueError:"
    assert caught.chain[0].frames[-1].code == 'int("seven")'


def test_an_exception_that_suppress_swallows(running):
    running.says("suppress")
    facts = running.event(Caught, type="AttributeError").chain[0]
    assert (facts.name, facts.object) == ("decode", "str")


def test_an_exception_that_is_raised_from_another(running):
    running.says("raised again")
    caught = running.event(Caught, type="ValueError")
    raised = running.event(Raised, by="consumer", type="RuntimeError")
    assert [facts.link for facts in raised.chain] == [None, "cause"]
    ids = {e.chain[0].id for e in running.server.log.events if isinstance(e, Caught)}
    assert caught.chain[0].id in ids and raised.chain[1].id in ids


def test_a_coroutine_that_is_never_awaited(running):
    running.says("coroutine")
    event = running.event(NeverAwaited)
    assert event.coroutine == "never_runs"
    assert event.frames[-1].code == "never_runs()"


def test_the_log_shows_no_frame_of_ours(running):
    running.says("consumer", "raised again")
    running.event(Raised, by="application", type="KeyError")
    run_coroutine(running.server.report_busy())
    assert "workshop/checking/instrumented" not in running.server.log.text
    assert "workshop: " not in running.server.log.text


# What ends a program, or keeps it from starting


def ended(folder: Path, *command: str) -> Program:
    program = Program(folder, *command)
    try:
        assert run_coroutine(program.ended(ARRIVES_WITHIN))
    finally:
        program.stop()
    return program


def raised_by(program: Program) -> list[Raised]:
    return [event for event in program.log.events if isinstance(event, Raised)]


@pytest.mark.parametrize("logging", LOGGINGS)
def test_an_import_that_fails_as_the_server_starts(logging, tmp_path):
    folder = copy_of(manifest.find("step2").solution, tmp_path / "project")
    edit(folder, "chat/consumers.py", "import json", "import jsn")
    settings = folder / "mysite" / "settings.py"
    settings.write_text(settings.read_text(encoding="utf-8") + LOGGINGS[logging], encoding="utf-8")
    program = ended(folder, "manage.py", "runserver", "--noreload", "127.0.0.1:0")
    (raised,) = raised_by(program)
    assert raised.by == "program"
    order = explaining_first(raised.chain, lambda file: file.is_relative_to(folder))
    assert (order[0].type, order[0].name) == ("ModuleNotFoundError", "jsn")
    assert order[0].frames[-1].file == folder / "chat" / "consumers.py"


def test_a_program_that_python_cannot_read(tmp_path):
    (tmp_path / "program.py").write_text("print('here')\nif True\n    pass\n", encoding="utf-8")
    (raised,) = raised_by(ended(tmp_path, "program.py"))
    details = raised.chain[0].details
    assert (raised.chain[0].type, details["lineno"]) == ("SyntaxError", 2)
    assert Path(details["filename"]).name == "program.py"


def test_a_program_that_exits(tmp_path):
    (tmp_path / "program.py").write_text("import sys\n\n\nsys.exit(3)\n", encoding="utf-8")
    program = ended(tmp_path, "program.py")
    (raised,) = raised_by(program)
    assert (raised.chain[0].type, raised.chain[0].arguments) == ("SystemExit", (3,))
    assert raised.chain[0].frames[-1].line == 4
    assert program.exit_code == 3


def test_the_members_of_a_group_explain_it(tmp_path):
    (tmp_path / "program.py").write_text(
        "raise ExceptionGroup('all of them', [KeyError('a'), ValueError('b')])\n", encoding="utf-8"
    )
    (raised,) = raised_by(ended(tmp_path, "program.py"))
    assert [facts.link for facts in raised.chain] == [None, "member", "member"]
    order = explaining_first(raised.chain, lambda file: True)
    assert order[-1].type == "ExceptionGroup"


def test_a_program_that_python_runs_unseen(tmp_path):
    """What `python program.py` sees, it sees under check."""
    (tmp_path / "program.py").write_text(
        "import __main__, sys\n"
        "print(__name__, __file__, __main__.x if hasattr(__main__, 'x') else None, sys.argv)\n"
        "print(sorted(name for name in globals() if name.startswith('__')))\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
        "    print(error.__traceback__.tb_lineno, sys.exc_info()[0].__name__)\n",
        encoding="utf-8",
    )
    text = ended(tmp_path, "program.py", "one").log.text
    assert "__main__ program.py None ['program.py', 'one']" in text
    assert "5 ZeroDivisionError" in text
    for name in ("__builtins__", "__doc__", "__file__", "__loader__", "__package__", "__spec__"):
        assert repr(name) in text


# Chains


def test_what_a_library_caught_on_its_way_explains_nothing(tmp_path):
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "pool.py").write_text(
        "def connection(**options):\n"
        "    try:\n        return [].pop()\n"
        "    except IndexError:\n        return made(**options)\n\n\n"
        "def made(host):\n    return host\n",
        encoding="utf-8",
    )
    (tmp_path / "program.py").write_text(
        "import sys\nsys.path.append('site-packages')\nimport pool\n\npool.connection(hots=1)\n",
        encoding="utf-8",
    )
    (raised,) = raised_by(ended(tmp_path, "program.py"))
    assert [facts.type for facts in raised.chain] == ["TypeError", "IndexError"]
    order = explaining_first(raised.chain, lambda file: file.parent == tmp_path)
    assert [facts.type for facts in order] == ["TypeError", "IndexError"]


def test_the_end_of_a_wait_does_not_explain_it(tmp_path):
    (tmp_path / "program.py").write_text(
        "import asyncio\n\n\nasync def main():\n"
        "    await asyncio.wait_for(asyncio.sleep(60), 0.001)\n\n\nasyncio.run(main())\n",
        encoding="utf-8",
    )
    (raised,) = raised_by(ended(tmp_path, "program.py"))
    order = explaining_first(raised.chain, lambda file: file.parent == tmp_path)
    assert order[0].type == "TimeoutError"
    assert order[0].frames[-1].function != "<module>"


# How events travel


def test_a_long_event_comes_in_pieces_between_other_lines(tmp_path):
    (tmp_path / "program.py").write_text(
        "raise ValueError(*(['x' * 400] * 40))\n", encoding="utf-8"
    )
    (raised,) = raised_by(ended(tmp_path, "program.py"))
    assert raised.chain[0].arguments == ("x" * 400,) * 40


def test_pieces_of_two_events_may_be_mixed(tmp_path):
    log = Log(tmp_path)
    pieces = [
        b'\x1e workshop: 0 + {"event": "serving",\n',
        b'a print without an end\x1e workshop: 1 . {"event": "reported"}\r\n',
        b'\x1e workshop: 0 . "protocol": "wsgi"}\n',
    ]
    for piece in pieces:
        log.add(piece)
    assert [type(event).__name__ for event in log.events] == ["Reported", "Serving"]
    assert log.text == "a print without an end"


def test_an_event_that_is_cut_off_costs_no_other(tmp_path):
    log = Log(tmp_path)
    for line in (
        b"x" * 1000 + b'\x1e workshop: 0 . {"event": "serv',  # as far as one line is read …
        b'ing", "protocol": "asgi"}\n',  # … and its rest
        b"\x1e workshop: 1",
        b'\x1e workshop: 2 . {"event": "reported"}\n',
    ):
        log.add(line)
    assert [type(event).__name__ for event in log.events] == ["Reported"]
