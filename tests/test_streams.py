"""What is printed, on consoles and in pipes of any encoding."""

import os
import subprocess
import sys

import pytest

from workshop import manifest

from .conftest import ROOT, check, copy_of, edit, first_of

# As where the code page is one of Windows, or the locale is C and Python may not make up for it.
WINDOWS = [{"PYTHONIOENCODING": page, "PYTHONUTF8": "0"} for page in ("cp1252", "cp437")]
POSIX = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("variables", first_of([*WINDOWS, POSIX]))
def test_a_check_writes_utf8_into_a_pipe_and_so_do_the_commands(variables):
    environment = {**os.environ, **variables}
    for command in (
        ["checks/step2", "--solution"],
        ["-m", "workshop", "check", "step2", "--solution"],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True
        )
        assert "✓ The server starts" in done.stdout.decode("utf-8"), done
        assert done.stderr == b""


@pytest.mark.parametrize("variables", [*WINDOWS, POSIX])
def test_a_consumer_may_print_any_character(tmp_path, variables):
    """The check sends more than a code page has: a right consumer must not end by its print()."""
    project = copy_of(manifest.find("step2").solution, tmp_path / "project")
    edit(
        project,
        "chat/consumers.py",
        "async def receive(self, text_data=None, bytes_data=None):\n",
        "async def receive(self, text_data=None, bytes_data=None):\n"
        '        print(text_data, "✓ 教室")\n',
    )
    done = check("step2", "--project", project, "--log", **variables)
    assert done.code == 0, done.out + done.err
    assert "✓ 教室" in done.out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals for Python")
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "v good - x bad ... ?"),
        ("cp437", "v good · x bad ... ?"),
        ("utf-8", "✓ good · ✗ bad … 教"),
    ],
)
def test_in_a_terminal_without_them_marks_still_differ(encoding, shown):
    import pty

    leader, follower = pty.openpty()
    code = "from workshop import streams; streams.prepare(); print('✓ good · ✗ bad … 教')"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        stdout=follower,
        check=True,
    )
    os.close(follower)
    with open(leader, "rb", buffering=0) as terminal:
        assert terminal.read(1000).decode(encoding).strip() == shown
