"""`checks/stepN --watch`, as it is used: saving files and pressing keys."""

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import copy_of, first_of
from tests.copied import Workshop
from workshop import manifest
from workshop.checking.watching import saves
from workshop.checking.watching.saves import Polling, Saved, Saves

try:
    import pty
    import termios
except ImportError:  # Windows
    pty = termios = None

PATIENCE = 600  # seconds, for a test that hangs; not a measurement
POSIX = pytest.mark.skipif(pty is None, reason="needs a POSIX terminal and its signals")
PASSED, FAILED = r"7 of 7 ✓", r"✗ "
WAITING = "Waiting for a save"


class Watching:
    """A running --watch. `until` waits for what it writes, and returns what came before."""

    def __init__(self, *arguments, root: Path = manifest.ROOT, terminal=False, **environment):
        command = [sys.executable, str(root / "checks" / "step2"), "--watch", *map(str, arguments)]
        environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm", **environment}
        self.text = ""
        if terminal:
            self.reading, self.terminal = pty.openpty()
            streams = dict.fromkeys(("stdin", "stdout", "stderr"), self.terminal)
        else:
            self.reading, writing = os.pipe()
            streams = {"stdin": subprocess.DEVNULL, "stdout": writing, "stderr": writing}
        self.process = subprocess.Popen(command, env=environment, start_new_session=True, **streams)
        if not terminal:
            os.close(writing)

    def until(self, pattern: str) -> str:
        """Wait until the text matches the regular expression, and remove the text up to there."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.text)):
            left = end - time.monotonic()
            more = b""
            if select.select([self.reading], [], [], max(left, 0))[0]:
                with contextlib.suppress(OSError):  # how a terminal says that it is closed
                    more = os.read(self.reading, 65536)
            assert more, f"{pattern!r} does not come; what came:\n{self.text}"
            self.text += more.decode(errors="replace")
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def press(self, key: str) -> None:
        os.write(self.reading, key.encode())

    def ends(self, signal: int | None = None) -> int:
        """Its exit code, when it and everything it started have ended; after the signal, if there
        is one."""
        family = self.family()  # now: the children of one that has ended have no parent
        if signal:
            self.process.send_signal(signal)
        code = self.process.wait(PATIENCE)
        assert not psutil.wait_procs(family, PATIENCE)[1]
        return code

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.reading)
        if hasattr(self, "terminal"):
            os.close(self.terminal)


@pytest.fixture
def project(tmp_path):
    """A copy of step 2's solution."""
    return copy_of(manifest.find("step2").solution, tmp_path / "step2 ü")


def in_place(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def beside_and_renamed(file: Path, text: str) -> None:
    """VS Code's atomic saving, Emacs, sed -i."""
    new = file.with_name(f"{file.name}.tmp")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def vim(file: Path, text: str) -> None:
    """With 'backup' and 'backupcopy=no'."""
    (file.parent / "4913").touch()
    (file.parent / "4913").unlink()
    backup = file.with_name(f"{file.name}~")
    os.replace(file, backup)
    file.write_text(text, encoding="utf-8")
    backup.unlink()


def jetbrains(file: Path, text: str) -> None:
    """With "safe write"."""
    new, old = (file.with_name(f"{file.name}___jb_{what}___") for what in ("tmp", "old"))
    new.write_text(text, encoding="utf-8")
    os.replace(file, old)
    os.replace(new, file)
    old.unlink()


WAYS = (in_place, beside_and_renamed, vim, jetbrains)


def test_each_save_is_checked_however_the_editor_saves(project):
    consumers = project / "chat" / "consumers.py"
    right = consumers.read_text(encoding="utf-8")
    with Watching("--project", project) as watching:
        text = watching.until(WAITING)
        assert re.search(PASSED, text) and "\x1b" not in text
        for number, save in enumerate(WAYS):
            save(consumers, f"{right}# {number}\n")
            text = watching.until(WAITING)
            assert "Saved: chat/consumers.py." in text.replace("\\", "/")
            assert re.search(PASSED, text), text


def test_a_mistake_is_named_and_its_correction_passes(project):
    consumers = project / "chat" / "consumers.py"
    right = consumers.read_text(encoding="utf-8")
    with Watching("--project", project) as watching:
        watching.until(WAITING)
        for wrong in (right.replace("self.accept()", "self.acept()"), right + "def (:\n"):
            in_place(consumers, wrong)
            text = watching.until(WAITING)
            assert re.search(FAILED, text) and "consumers.py:" in text, text
        in_place(consumers, right)
        assert re.search(PASSED, watching.until(WAITING))


def test_what_changes_nothing_is_said_and_not_checked(project):
    with Watching("--project", project) as watching:
        watching.until(WAITING)
        for name in ("chat/consumers.py", "README.md"):
            file = project / name
            beside_and_renamed(file, file.read_text(encoding="utf-8"))
            text = watching.until("Nothing that is checked has changed")
            assert Path(name).name in text and "Checking" not in text
        for name in ("__pycache__/x.pyc", ".git/HEAD", "db.sqlite3", "chat/.consumers.py.swp"):
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).touch()
        in_place(project / "chat" / "more.py", "")
        text = watching.until(WAITING)
        assert re.findall("Saved: (.*)", text) == [os.path.join("chat", "more.py.")]


def test_a_save_during_a_check_is_not_lost(project):
    wait, settings = project / "wait", project / "mysite" / "settings.py"
    waits = "\nimport time\nwhile (BASE_DIR / 'wait').exists():\n    time.sleep(0.01)\n"
    with Watching("--project", project) as watching:
        watching.until(WAITING)
        wait.touch()
        watching.until("Nothing that is checked")
        with settings.open("a", encoding="utf-8") as file:
            file.write(waits)
        watching.until("Saved: .*settings.py.")
        with (project / "chat" / "consumers.py").open("a", encoding="utf-8") as file:
            file.write("# later\n")
        watching.until("consumers.py. It will be checked again as soon as this check has ended")
        wait.unlink()
        watching.until("Saved: .*consumers.py.")
        assert re.search(PASSED, watching.until(WAITING))


@pytest.mark.slow
def test_a_folder_that_goes_may_come_back(project):
    kept = copy_of(project, project.parent / "kept")
    with Watching("--project", project) as watching:
        watching.until(WAITING)
        shutil.rmtree(project)
        assert "There is no folder" in watching.until("There is no folder")
        watching.until(WAITING)
        os.replace(kept, project)
        watching.until(PASSED)
        watching.until(WAITING)
        # And events arrive from the new one.
        in_place(project / "chat" / "more.py", "")
        watching.until("more.py")
        watching.until(PASSED)


@pytest.mark.slow
def test_where_polling_is_asked_for_it_is_said_and_finds_saves(project):
    with Watching("--project", project, WATCHFILES_FORCE_POLLING="true") as watching:
        watching.until(r"Looking for saves every [\d.]+ s: WATCHFILES_FORCE_POLLING")
        watching.until(WAITING)
        in_place(project / "chat" / "more.py", "")
        watching.until("more.py")
        watching.until(PASSED)


def test_where_events_do_not_arrive_saves_are_found_and_it_is_said(project, monkeypatch):
    def watch_that_hears_nothing(*_, stop_event, rust_timeout, **__):
        while not stop_event.wait(rust_timeout / 1000):
            yield set()

    monkeypatch.setattr(saves, "watch", watch_that_hears_nothing)
    told, came = [], threading.Semaphore(0)

    def tell(event):
        told.append(event)
        came.release()

    looked = threading.Event()
    settled = Saves._settled

    def settled_once(self):
        files = settled(self)
        looked.set()
        return files

    monkeypatch.setattr(Saves, "_settled", settled_once)
    with Saves(project, tell):
        looked.wait(PATIENCE)  # what is there before the watch begins needs no event
        for name in ("one.py", "two.py"):
            in_place(project / name, "")
            assert came.acquire(timeout=PATIENCE)
        assert came.acquire(timeout=PATIENCE)
    polling, *saved = told
    assert isinstance(polling, Polling)
    assert saved == [Saved(("one.py",), ()), Saved(("two.py",), ())]


@POSIX
def test_ctrl_c_ends_it_and_all_it_started(project):
    with Watching("--project", project) as watching:
        watching.until(WAITING)
        in_place(project / "chat" / "more.py", "")
        watching.until("more.py")
        watching.process.send_signal(signal.SIGINT)
        watching.until("Stopped")
        assert watching.process.wait(PATIENCE) == 130


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_ended_in_the_middle_of_a_check(project, end):
    (project / "wait").touch()
    with (project / "mysite" / "settings.py").open("a", encoding="utf-8") as file:
        file.write("\nimport time\nwhile (BASE_DIR / 'wait').exists():\n    time.sleep(0.01)\n")
    with Watching("--project", project) as watching:
        watching.until("Checking")
        servers = []
        deadline = time.monotonic() + PATIENCE
        while not servers:
            assert time.monotonic() < deadline
            servers = [process for process in watching.family() if works_in(process, project)]
        sockets = [
            Path(connection.laddr)
            for process in watching.family()
            for connection in process.net_connections("unix")
            if "workshop-" in connection.laddr
        ]
        assert sockets
        watching.ends(end)
        assert not [path for path in sockets if path.parent.exists()]


def works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except (psutil.Error, OSError):  # it has just ended
        return False


@POSIX
@pytest.mark.slow
def test_keys_in_a_terminal(tmp_path):
    """In a copy of the workshop, because hints and passed checks are remembered."""
    workshop = Workshop(tmp_path / "workshop")
    with Watching(root=workshop.root, terminal=True) as watching:
        before = termios.tcgetattr(watching.terminal)
        text = watching.until("q  quit")
        assert "\x1b[2J" in text and re.search(FAILED, text), text  # cleared
        watching.press("h")
        watching.until("Hint 1 of 3")
        watching.until("q  quit")
        watching.press("r")
        assert "failed three times" not in watching.until("q  quit")  # nothing was saved
        watching.press("h")
        watching.until("Hint 2 of 3")
        watching.until("q  quit")
        watching.press("\x1b[A")  # an arrow: none of the keys
        step2 = manifest.find("step2")
        for name in step2.files:
            solved = workshop.root / "solutions" / step2.name / name
            shutil.copyfile(solved, workshop.root / "steps" / step2.name / name)
        watching.until(PASSED)
        assert "step 3" in watching.until("q  quit")
        watching.press("n")
        assert "steps/step3_broadcast" in watching.until("q  quit")
        assert termios.tcgetattr(watching.terminal) != before
        watching.press("q")
        assert watching.ends() == 0
        assert termios.tcgetattr(watching.terminal) == before


@POSIX
@pytest.mark.parametrize("number, code", first_of([(signal.SIGINT, 130), (signal.SIGTERM, 143)]))
def test_the_terminal_is_left_as_it_was(project, number, code):
    with Watching("--project", project, terminal=True) as watching:
        before = termios.tcgetattr(watching.terminal)
        watching.until("q  quit")
        assert watching.ends(number) == code
        assert termios.tcgetattr(watching.terminal) == before
