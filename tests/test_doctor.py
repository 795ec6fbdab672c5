"""The doctor: what it finds on a machine where everything works, and what it says where it
doesn't."""

import shutil
import socket
from importlib import metadata

import pytest

from workshop import doctor, environment, manifest, ports

from .conftest import edit, run_coroutine
from .copied import Workshop

CHAT = manifest.finished_chat()


def test_all_is_well_and_a_quiet_websocket_stays_open(tmp_path):
    """The whole `doctor`, with 8 quiet seconds: redis-py 8 would close the socket after 6."""
    done = Workshop(tmp_path / "a workshop").type("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "came back" in done.stdout
    assert "quiet for 8 s stayed open" in done.stdout
    assert "✗" not in done.stdout


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the finished chat that the doctor tries, and stays quiet with for only a moment."""
    copy = tmp_path / "solutions" / CHAT.name
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHAT.solution, copy, ignore=ignored)
    shutil.copytree(manifest.ROOT / "page", tmp_path / "page", ignore=ignored)
    monkeypatch.setattr(manifest, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "QUIET", 0.3)
    return copy


def chat() -> list[doctor.Finding]:
    return run_coroutine(doctor.chat())


def test_a_chat_is_tried(project):
    findings = chat()
    assert [finding.advice for finding in findings] == ["", ""]


def test_a_websocket_that_does_not_stay_open(project):
    accept = "await self.accept()"
    hang_up = "asyncio.get_running_loop().call_later(0.2, asyncio.ensure_future, self.close(4242))"
    edit(project, "chat/consumers.py", accept, f"{accept}\n        {hang_up}")
    edit(project, "chat/consumers.py", "import json", "import asyncio\nimport json")
    first, second = chat()
    assert not first.advice
    assert "quiet" in second.seen and "4242" in second.seen and second.advice
    assert doctor.exit_code([first, second]) == 1


def test_a_server_that_does_not_start(project):
    edit(project, "chat/consumers.py", "import json", "import jsom")
    (finding,) = chat()
    assert "failed" in finding.seen
    assert "mysite.asgi" in finding.advice


def test_the_packages_are_as_required():
    (finding,) = doctor.packages()
    assert not finding.advice


@pytest.mark.parametrize("installed", ["7.3.0", "8.0.0", "8.1.0", "9.0"])
def test_a_redis_py_that_closes_quiet_websockets_is_found(monkeypatch, installed):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: installed if n == "redis" else real(n))
    (finding,) = doctor.packages()
    assert f"redis {installed} is installed" in finding.seen
    assert "quiet" in finding.advice and environment.COMMAND in finding.advice
    assert doctor.exit_code([finding]) == 1


def test_a_package_that_is_missing_is_named(monkeypatch):
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert "daphne is not installed" in [finding.seen for finding in doctor.packages()]


def test_without_a_redis_it_says_why_and_tries_no_chat(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")
        findings = doctor.full()
    assert doctor.exit_code(findings) == 1
    assert any("Something other than a Redis listens at" in finding.advice for finding in findings)
    assert "not tried" in findings[-1].seen


def test_a_password_is_not_shown(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.2:1")
    finding = doctor.redis()
    assert "127.0.0.2:1" in finding.advice and "secret" not in finding.seen + finding.advice


@pytest.mark.parametrize("free", [True, False])
def test_a_taken_port_8000_is_worth_a_note_alone(monkeypatch, free):
    monkeypatch.setattr(ports, "is_free", lambda port: free)
    monkeypatch.setattr(ports, "listener", lambda port: "nginx (process 42)")
    finding = doctor.port()
    assert doctor.exit_code([finding]) == 0
    assert ("nginx (process 42)" in finding.seen) == (not free)
