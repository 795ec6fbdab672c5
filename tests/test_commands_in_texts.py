"""Every command that a README or a slide tells to type is typed, in a copy of the workshop.

A command is a code span, or a line of an indented or fenced block, that begins with
`python3 -m workshop` or `checks/stepN`. In a block, two spaces end it, for what follows explains
it; the lines below a command, up to the next one or an empty line, are what it prints: each has to
be in its output, whatever the numbers in it are.
"""

import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from workshop import cli, manifest, ports

from .conftest import ROOT
from .copied import Workshop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="these are the forms for POSIX"),
]
COMMAND = re.compile(r"(python3 -m workshop|checks/step)\b|checks/step\d")
WINDOWS = re.compile(r"py (?:-m workshop\b[^`\n]*|checks\\step\d[^`\n]*)")
AT_ONCE = 3
HANGS = 600  # seconds, for a test that hangs; no measure of anything


@dataclass(frozen=True)
class Told:
    """A command, where it is told, and what the text says that it prints."""

    file: str
    command: str
    prints: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """Without `python3 -m workshop`, and with a step for the stepN of "for any step"."""
        words = shlex.split(self.command.replace("stepN", "step2"))
        return words[3:] if words[0] == "python3" else words


def texts() -> list[Path]:
    places = ("*.md", "docs/*.md", "steps/*/README.md", "solutions/*/README.md", "slides/*.md")
    return [path for place in places for path in sorted(ROOT.glob(place))]


def told_in(name: str, text: str) -> list[Told]:
    """The commands of one text, in order."""
    found = []
    fenced = printing = False
    for line in text.splitlines():
        if re.match(r"\s*(```|~~~|:::)", line):
            fenced, printing = not fenced and ":::" not in line, False
        elif fenced or line.startswith("    "):
            code = line.strip().removeprefix("$ ")
            if COMMAND.match(code):
                found.append(Told(name, re.split(r"\s{2,}", code)[0]))
                printing = True
            elif printing and code and not code.startswith(("(Windows", "py ", "…")):
                last = found.pop()
                found.append(Told(name, last.command, (*last.prints, code)))
            else:
                printing = False
        else:
            printing = False
            spans = re.findall(r"`([^`]+)`", line)
            found += [Told(name, span) for span in spans if COMMAND.match(span)]
    return found


def every_one() -> list[Told]:
    return [
        told
        for path in texts()
        for told in told_in(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]


def distinct() -> list[Told]:
    """The same command is typed once, however often it is told."""
    return list({(told.command, told.prints): told for told in every_one()}.values())


# How each is typed. A function of the copy and the words returns what the command printed.


def ends(workshop: Workshop, words: list[str], codes=(0,), program=None, **variables) -> str:
    """It ends by itself, with one of these exit codes."""
    done = subprocess.run(
        program or workshop.command(*words),
        cwd=workshop.root,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=HANGS,
    )
    assert done.returncode in codes, f"exit code {done.returncode}:\n{done.stdout}"
    assert "Traceback" not in done.stdout, done.stdout
    return done.stdout


@contextlib.contextmanager
def started(workshop: Workshop, command: list[str]):
    """It runs until Ctrl-C."""
    process = subprocess.Popen(
        command,
        cwd=workshop.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
        os.killpg(process.pid, signal.SIGINT)
        process.wait(HANGS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def on_a_free_port(words: list[str]) -> tuple[list[str], int]:
    """The words with a port of ours, in place of the one that they name."""
    free = ports.any_free()
    words = list(words)
    if "--port" in words:
        at = words.index("--port")
        del words[at : at + 2]
    return [*words, "--port", str(free)], free


def answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
        connection.request("GET", path)
        return connection.getresponse().status < 400
    except OSError:
        return False


def serves(workshop: Workshop, words: list[str]) -> str:
    """It serves one page, on a free port."""
    words, port = on_a_free_port(words)
    path = "/" if words[0] == "run" else "/login"
    with started(workshop, workshop.command(*words)) as process:
        first = process.stdout.readline()
        deadline = time.monotonic() + HANGS
        while not answers(port, path):
            assert process.poll() is None, first + process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return first


def notebooks(workshop: Workshop, words: list[str]) -> str:
    return serves(workshop, [*words, "--no-browser"])


def looks(workshop: Workshop, words: list[str]) -> str:
    """As somebody does who has moved the groups to Redis."""
    step = manifest.find(words[1])
    place = workshop.root / "steps" / step.name
    shutil.copytree(workshop.root / "solutions" / step.name, place, dirs_exist_ok=True)
    return ends(workshop, [*(word for word in words if word != "--once"), "--once"])


def slides(workshop: Workshop, words: list[str]) -> str:
    """The deck that it opens is there; `true` takes the browser's place."""
    out = ends(workshop, words, BROWSER="true")
    if "--plan" not in words:
        address = re.search(r"file://(\S+)", out)
        assert address and Path(address[1].partition("#")[0].partition("?")[0]).is_file(), out
    return out


def builds(workshop: Workshop, words: list[str]) -> str:
    """It takes a minute, and both its halves have tests: test_slides.py and test_notebooks.py."""
    assert words == ["build"]
    return ""


def parses(workshop: Workshop, words: list[str]) -> str:
    """A set-up from a kit has tests with kits of their own: test_from_kit.py."""
    cli.parser().parse_args(words)
    return ""


def has_tests_of_its_own(workshop: Workshop, words: list[str]) -> str:
    """The classroom and its seats: tests/classroom/. A rehearsal: test_rehearse.py."""
    return parses(workshop, words)


def develops(workshop: Workshop, words: list[str]) -> str:
    """A check finds what a new step lacks, and says so: exit code 1. What makes the pins asks a
    package index; test_pins.py reads what it made."""
    if words[1] == "pins":
        return parses(workshop, words)
    return ends(workshop, words, (0, 1) if words[1] == "check" else (0,))


def collects(workshop: Workshop, words: list[str]) -> str:
    """What it would run is collected, and there is some."""
    out = ends(workshop, [*words, "-n", "0", "--collect-only", "-q"])
    assert re.search(r"\d+(/\d+)? tests collected", out), out
    return out


def only_read(workshop: Workshop, words: list[str]) -> str:
    """It asks a package index for minutes, and has tests with an index of their own."""
    cli.parser().parse_args(words)
    return ""


def check(workshop: Workshop, words: list[str]) -> str:
    script, *options = words
    program = [sys.executable, str(workshop.root / script), *options]
    if "--watch" in options:
        with started(workshop, program) as process:
            return next(line for line in process.stdout if "Waiting for a save" in line)
    return ends(workshop, words, (0, 1), program)  # 2: it could not be checked


HOW = {
    "--from": parses,
    "doctor": ends,
    "build": builds,
    "kit": only_read,
    "test": collects,
    "dev": develops,
    "run": serves,
    "notebooks": notebooks,
    "slides": slides,
    "diff": ends,
    "look": looks,
    "reset": ends,
    "catchup": ends,
    "classroom": has_tests_of_its_own,
    "join": has_tests_of_its_own,
    "leave": ends,
    "rehearse": has_tests_of_its_own,
    "stop": ends,
}
CHANGE_FILES = (
    "look",
    "reset",
    "catchup",
    "dev",
    "stop",
)  # typed last, in order, one after the other


def typed(workshop: Workshop, told: Told) -> str | None:
    """Type the command. Returns what went wrong."""
    words = told.words
    try:
        if not words:
            output = ends(workshop, words)
        elif words[0].startswith("checks/"):
            output = check(workshop, words)
        elif words[0] == "check":
            output = ends(workshop, words, (0, 1))
        else:
            output = HOW[words[0]](workshop, words)
        missing = [line for line in told.prints if not is_in(line, output)]
        assert not missing, f"it does not print {missing}, but:\n{output}"
    except KeyError:
        return f"{told.file}: `{told.command}`: say in HOW how this command is typed"
    except (AssertionError, SystemExit, subprocess.TimeoutExpired) as error:
        return f"{told.file}: `{told.command}`: {error}"
    return None


def is_in(line: str, output: str) -> bool:
    """Whether the line is in the output, whatever the numbers and spaces are."""

    def plain(text: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"\d+", "0", text)).strip()

    return all(plain(part) in plain(output) for part in line.split("…"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("typed") / "workshop")
    made.type()  # as everybody does first: it keeps the untouched starters
    return made


def test_every_command_that_is_told_can_be_typed(workshop):
    def late(told: Told) -> bool:
        return bool(told.words) and told.words[0] in CHANGE_FILES

    wanted = distinct()
    assert len(wanted) >= 20
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The slides are built by the first that shows them.
        decks = [told for told in wanted if told.words[:1] == ["slides"]]
        others = [told for told in wanted if not late(told) and told not in decks]
        shown = pool.submit(lambda: [typed(workshop, told) for told in decks])
        wrong = list(pool.map(lambda told: typed(workshop, told), others)) + shown.result()
    wrong += [typed(workshop, told) for told in wanted if late(told)]
    assert not any(wrong), "\n\n".join(filter(None, wrong))


def windows_forms() -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), form.strip())
        for path in texts()
        for form in WINDOWS.findall(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("file", "form"), sorted(set(windows_forms())))
def test_a_form_for_windows_is_that_of_a_command(file, form):
    words = re.split(r"\s{2,}|[…)]| for ", form)[0].split()[1:]
    if words[0] == "-m":
        words = [word.replace("stepN", "step2") for word in words[2:]]
        cli.parser().parse_args(words[:1] if words[:1] and words[0] in cli.PASSED_ON else words)
    else:
        assert (ROOT / words[0].replace("\\", "/")).is_file()


# The test itself

TEXT = """
Type `python3 -m workshop diff step2`, or on Windows `py -m workshop diff step2`, and not `chat.py`.

    python3 -m workshop look step3    groups, live
    checks/step2            (Windows: py checks\\step2)
    step 2 · A consumer … 0 of 7
    ✗ The server starts

    an indented block of something else
"""


def test_commands_are_found_with_what_they_print():
    assert told_in("a text", TEXT) == [
        Told("a text", "python3 -m workshop diff step2"),
        Told("a text", "python3 -m workshop look step3"),
        Told("a text", "checks/step2", ("step 2 · A consumer … 0 of 7", "✗ The server starts")),
    ]
    assert WINDOWS.findall(TEXT) == ["py -m workshop diff step2", "py checks\\step2)"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told("a text", "python3 -m workshop dance"), "say in HOW how this command is typed"),
        (Told("a text", "python3 -m workshop diff step9"), "no step called 'step9'"),
        (Told("a text", "python3 -m workshop run step2 --fast"), "unrecognized arguments: --fast"),
        (Told("a text", "checks/step2 --dance"), "exit code 2"),
        (Told("a text", "python3 -m workshop diff step2", ("not this",)), "does not print"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_typed_is_found(workshop, told, words):
    assert words in typed(workshop, told)
