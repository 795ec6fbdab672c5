"""`run` and `stop`: servers that outlive half-saved files, and ports that others have."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from workshop import manifest, pidfiles, ports, redis_server
from workshop.commands import run as run_command

from .conftest import edit, first_of, run_coroutine
from .copied import Workshop

posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and terminals are POSIX's")
STEP2 = manifest.find("step2").name
# What CPython prints when Ctrl-C meets it in a callback, as of the lock of an import, out of which
# no exception can go.
SWALLOWED = re.compile(r"Exception ignored in: .*\nTraceback .*\n(  .*\n)+KeyboardInterrupt: *\n")


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    return Workshop(tmp_path / "mein Übungsraum 教室")


@contextlib.contextmanager
def running(workshop: Workshop, *arguments: str, **variables: str):
    """`workshop run …`, from when its server answers, in a session of its own as in a terminal."""
    process = subprocess.Popen(
        workshop.command("run", *arguments),
        cwd=workshop.root,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        address = next(line for line in process.stdout if "http://" in line)
        host, _, port = address.partition("http://")[2].partition("/")[0].rpartition(":")
        deadline = time.monotonic() + 600  # for a test that hangs
        while not answers(host.strip("[]"), int(port)):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline, "no answer"
            time.sleep(0.05)
        yield process, int(port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def answers(host: str, port: int) -> bool:
    """Whether the chat page, or what a step has instead, is served there."""
    try:
        connection = http.client.HTTPConnection(host, port, timeout=600)  # for one that hangs
        connection.request("GET", "/")
        return connection.getresponse().status < 400
    except OSError:
        return False


@posix_only
@pytest.mark.parametrize("step", ["step1", "step2", "step3"])
def test_run_serves_the_step_and_ctrl_c_ends_it(workshop, step):
    port = ports.any_free()
    with running(workshop, step, "--solution", "--port", str(port)) as (process, its_port):
        assert its_port == port
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(600) == 0  # for a test that hangs
        assert "Traceback" not in SWALLOWED.sub("", process.stdout.read())
    assert ports.is_free(port)


@posix_only
def test_run_starts_the_redis_that_the_step_needs_and_stop_ends_both(workshop):
    redis = f"redis://127.0.0.1:{ports.any_free()}"
    try:
        with running(
            workshop, "step3", "--solution", "--port", str(ports.any_free()), REDIS_URL=redis
        ) as (process, port):
            assert redis_server.find(redis)
            done = workshop.type("stop", REDIS_URL=redis)
            assert done.returncode == 0
            assert f"the solution of step3 on 127.0.0.1:{port}" in done.stdout
            assert "Valkey at " + redis.removeprefix("redis://") in done.stdout
            process.wait(600)  # for a test that hangs
            assert ports.is_free(port)
            assert not redis_server.find(redis)
        assert "Nothing to stop" in workshop.type("stop").stdout
    finally:
        workshop.type("stop", REDIS_URL=redis)


def test_stop_leaves_a_process_alone_that_has_only_the_number(workshop):
    folder = workshop.root / ".workshop" / "servers"
    folder.mkdir(parents=True)
    record = folder / f"{os.getpid()}.json"
    record.write_text(json.dumps({"what": "server of long ago", "started": 1.0}), encoding="utf-8")
    assert "Nothing to stop" in workshop.type("stop").stdout
    assert not record.exists()


def test_run_says_who_has_the_port(workshop):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = workshop.type("run", "step2", "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} is taken by" in done.stdout and f"process {os.getpid()}" in done.stdout
    assert "--port" in done.stdout


def test_run_takes_the_next_port_if_none_was_asked_for(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(run_command, "PORT", port)
        chosen = run_command._free_port("127.0.0.1")
    assert chosen > port
    assert f"Port {port} is taken by" in capsys.readouterr().out


def test_run_refuses_what_cannot_be(workshop):
    assert workshop.type("run", "step2", "--port", "0").returncode == 2
    assert workshop.type("run", "step2", "--port", "port").returncode == 2
    done = workshop.type("run", "step2", "--host", "192.0.2.1")  # RFC 5737: nobody's address
    assert done.returncode == 2 and "no address 192.0.2.1" in done.stdout
    (workshop.root / "steps" / STEP2 / "manage.py").unlink()
    done = workshop.type("run", "step2")
    assert done.returncode == 2 and "reset step2" in done.stdout


def status_of(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().status


def socket_to(port: int, site: str):
    """A WebSocket of the chat, opened by a page of that site."""
    return connect(f"ws://127.0.0.1:{port}/ws/chat/my-room/", origin=f"http://{site}", proxy=None)


@posix_only
def test_run_on_other_addresses_says_what_is_so(workshop):
    port = ports.any_free()
    arguments = ("step2", "--solution", "--host", "0.0.0.0", "--port", str(port))
    with running(workshop, *arguments) as (process, _):
        network, refused = process.stdout.readline(), process.stdout.readline()
        assert "anyone on this network" in network
        assert "the page loads, but its WebSocket is refused with status 403" in refused
        site = f"192.0.2.1:{port}"  # as another machine would name it: RFC 5737, nobody's address
        assert status_of(port, "/chat/lobby/", Host=site) == 200
        with pytest.raises(InvalidStatus) as refusal:
            run_coroutine(opened(port, site))
        assert refusal.value.response.status_code == 403
        settings = f"solutions/{STEP2}/mysite/settings.py"
        edit(workshop.root, settings, '"localhost"]', '"localhost", "192.0.2.1"]')
        until(process, "was saved: the server starts again")
        until_it_answers(process, port)
        run_coroutine(opened(port, site))


async def opened(port: int, site: str) -> None:
    async with socket_to(port, site):
        pass


# Files that are saved half done


def until(process, pattern: str) -> str:
    """What it writes, up to the line in which the pattern is found."""
    text = ""
    for line in process.stdout:
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(text)


def until_it_answers(process, port: int) -> None:
    deadline = time.monotonic() + 600  # for a test that hangs
    while not answers("127.0.0.1", port):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


SETTINGS, ASGI = "mysite/settings.py", "mysite/asgi.py"
HALF_SAVED = {  # as they come between two keys of somebody who follows the tasks
    "daphne-before-asgi-application": (
        *(SETTINGS, 'ASGI_APPLICATION = "mysite.asgi.application"', ""),
        "You have not set ASGI_APPLICATION",
    ),
    "bracket-open-in-settings": (SETTINGS, '"page",\n]', '"page",\n', "SyntaxError"),
    "bracket-open-in-asgi": (ASGI, "ProtocolTypeRouter({", "ProtocolTypeRouter(({", "SyntaxError"),
    "name-not-there": (ASGI, "URLRouter(websocket", "URLRouter(web_socket", "NameError"),
}


@pytest.mark.slow
@posix_only
def test_run_outlives_files_that_are_saved_half_done(workshop):
    folder = workshop.root / "solutions" / STEP2
    with running(workshop, "step2", "--solution", "--port", str(ports.any_free())) as (
        process,
        port,
    ):
        for file, replace, by, error in HALF_SAVED.values():
            whole = (folder / file).read_text(encoding="utf-8")
            edit(folder, file, replace, by)
            told = until(process, "It starts again when you save a file in solutions/")
            assert f"{file} was saved: the server starts again" in told
            assert error in told and "The server stopped (exit code 1)" in told
            assert not answers("127.0.0.1", port)
            (folder / file).write_text(whole, encoding="utf-8")
            until_it_answers(process, port)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(600) == 0


@posix_only
def test_run_starts_with_a_file_that_is_half_done(workshop):
    folder = workshop.root / "solutions" / STEP2
    file, replace, by, _ = HALF_SAVED["bracket-open-in-settings"]
    whole = (folder / file).read_text(encoding="utf-8")
    edit(folder, file, replace, by)
    port = ports.any_free()
    process = subprocess.Popen(
        workshop.command("run", "step2", "--solution", "--port", str(port)),
        cwd=workshop.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    with process:
        until(process, "It starts again when you save")
        (folder / file).write_text(whole, encoding="utf-8")
        until_it_answers(process, port)
        os.killpg(process.pid, signal.SIGINT)


# A channel layer in memory


@posix_only
def test_run_with_a_layer_in_memory_needs_no_redis_and_changes_no_file(workshop):
    redis = f"redis://127.0.0.1:{ports.any_free()}"
    solution = workshop.root / "solutions" / manifest.find("step3").name
    before = sources(solution)
    arguments = ("step3", "--solution", "--memory", "--port")
    with (
        running(workshop, *arguments, str(ports.any_free()), REDIS_URL=redis) as (_, port),
        running(workshop, *arguments, str(ports.any_free()), REDIS_URL=redis) as (_, other),
    ):
        run_coroutine(ana_and_ben_hear_each_other_but_not_cleo(port, other))
        assert not redis_server.find(redis)
    assert sources(solution) == before


async def ana_and_ben_hear_each_other_but_not_cleo(port: int, other: int) -> None:
    """As on the slide "Two servers, two memories"."""
    site, cleos_site = f"127.0.0.1:{port}", f"127.0.0.1:{other}"
    async with (
        socket_to(port, site) as ana,
        socket_to(port, site) as ben,
        socket_to(other, cleos_site) as cleo,
    ):
        await ana.send(json.dumps({"message": "hello"}))
        for browser in (ana, ben):
            assert await heard_by(browser) == "hello"
        await cleo.send(json.dumps({"message": "anybody?"}))
        assert await heard_by(cleo) == "anybody?", "and no hello before it"


async def heard_by(browser) -> str:
    return json.loads(await asyncio.wait_for(browser.recv(), 600))["message"]


def sources(folder) -> dict:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if "__pycache__" not in str(path)}


def test_memory_is_refused_for_a_step_without_a_layer(workshop):
    done = workshop.type("run", "step2", "--memory")
    assert done.returncode == 2 and "step2 has none" in done.stdout


# A server of ours that still runs


@posix_only
def test_run_names_its_own_stale_server_and_how_to_stop_it(workshop):
    with running(workshop, "step2", "--solution", "--port", str(ports.any_free())) as (_, port):
        done = workshop.type("run", "step1", "--port", str(port))
        assert done.returncode == 2
        assert f"Port {port} is taken by a server that you started before" in done.stdout
        assert "the solution of step2" in done.stdout and "workshop stop" in done.stdout
        assert answers("127.0.0.1", port)


@posix_only
@pytest.mark.parametrize(("answer", "stopped"), first_of([("y", True), ("", True), ("n", False)]))
def test_run_offers_in_a_terminal_to_stop_its_own_stale_server(workshop, answer, stopped):
    with running(workshop, "step2", "--solution", "--port", str(ports.any_free())) as (old, port):
        ours, theirs = os.openpty()
        new = subprocess.Popen(
            workshop.command("run", "step1", "--solution", "--port", str(port)),
            cwd=workshop.root,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            said = read_until(ours, "Stop that one?")
            assert "the solution of step2" in said
            os.write(ours, f"{answer}\n".encode())
            if stopped:
                read_until(ours, f"The solution of step1: http://127.0.0.1:{port}/")
                assert old.wait(600) != 0
            else:
                assert new.wait(600) == 2
                assert old.poll() is None and answers("127.0.0.1", port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(new.pid, signal.SIGKILL)
            new.wait()
            os.close(ours)


def read_until(terminal: int, words: str) -> str:
    text = ""
    while words not in text:
        ready, _, _ = select.select([terminal], [], [], 600)  # for a test that hangs
        assert ready, text
        text += os.read(terminal, 65536).decode()
    return text


def test_a_record_of_a_port_that_others_have_now_names_nobody(monkeypatch, tmp_path):
    monkeypatch.setattr(manifest, "STATE", tmp_path)
    pidfiles.record("solution of step2", "127.0.0.1:8000")
    assert str(pidfiles.on(8000)) == "solution of step2 on 127.0.0.1:8000"
    assert pidfiles.on(800) is None and pidfiles.on(8001) is None
    (record,) = (tmp_path / "servers").iterdir()
    record.write_text(
        json.dumps({**json.loads(record.read_text(encoding="utf-8")), "started": 1.0}),
        encoding="utf-8",
    )
    assert pidfiles.on(8000) is None and not record.exists()
